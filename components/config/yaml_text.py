"""YAML as plain values, whatever the bytes are; and values in short, for a message."""

import reprlib
from typing import Any

import yaml

from components.errors import UserError

_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = 80
_SHORT.maxlong, _SHORT.maxlevel = 40, 2
_LONGEST = 200


def parse_yaml(text: str | bytes, origin: str) -> Any:
    """The value that `text` holds; raises UserError, naming the `origin`, where it is no YAML."""
    try:
        return yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, OverflowError, RecursionError) as error:
        reason = " ".join(str(error).split())[:200]
        raise UserError(f"{origin} is not YAML: {reason}") from error


def shown(value: Any) -> str:
    """The value as Python writes it, cut short: a few of its items, a few levels deep.

    >>> shown("x" * 500)
    "'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'"
    """
    text = _SHORT.repr(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
