"""A number with its noun."""


def counted(value: int, noun: str) -> str:
    """A number with its noun, in the plural unless it is 1.

    >>> counted(1, "picture"), counted(1200, "picture")
    ('1 picture', '1,200 pictures')
    """
    return f"{value:,} {noun}" + ("" if value == 1 else "s")
