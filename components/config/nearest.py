"""The name that somebody may have meant who wrote another."""

import difflib
from collections.abc import Iterable
from typing import Any


def did_you_mean(written: Any, known: Iterable[Any], before: str = "") -> str:
    """A question with the known name that is most like the written one, empty where none is.

    >>> did_you_mean("stepz", ["steps", "rate"], before="train.model.")
    'did you mean train.model.steps? '
    >>> did_you_mean("Income", ["age", "income"]), did_you_mean("x", ["age"])
    ('did you mean income? ', '')
    """
    by_lower = {str(name).lower(): str(name) for name in known}
    found = difflib.get_close_matches(str(written).lower()[:200], by_lower, n=1)
    return f"did you mean {before}{by_lower[found[0]]}? " if found else ""
