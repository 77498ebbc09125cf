"""Text of the data, such as a column's name, within Markdown."""

_SPECIAL = "\\`*_{}[]<>#|~$!&"


def escaped(text: str) -> str:
    """The text on one line, with every character that Markdown or HTML would read escaped."""
    flat = " ".join(text.split())
    return "".join(f"\\{character}" if character in _SPECIAL else character for character in flat)
