"""What MLflow shows of a version: text that its database takes."""

WHOLE_CARD, EVIDENCE = "card.md", "evidence.json"
"""The files of a version's run that hold all that its description is taken from."""

MOST_CHARACTERS = 5_000
"""MLflow's column; SQLite takes more all the same, PostgreSQL refuses it."""


def description(text: str, whole: str) -> str:
    """The text, cut after its last line that fits where it is too long; `whole` has all of it."""
    if len(text) <= MOST_CHARACTERS:
        return text
    end = f"\n\n... see {whole}"
    cut = text[: MOST_CHARACTERS - len(end)]
    lines, _, _ = cut.rpartition("\n")
    return f"{(lines or cut).rstrip()}{end}"
