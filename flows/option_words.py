"""Advice on settings of params.yaml in the words of a command that has options in their place."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from shlex import quote

from components.errors import UserError


@contextmanager
def told_as_options() -> Iterator[None]:
    """Raise a UserError of what is inside in these words."""
    try:
        yield
    except UserError as error:
        raise UserError(as_options(str(error))) from error


def as_options(text: str) -> str:
    """The text with settings of params.yaml written as the options that do the same.

    >>> as_options("drop it (prepare.drop: [my notes]) or take (prepare.kinds: {a: integer})")
    "drop it (--drop 'my notes') or take (--kind a=integer)"
    """
    drop = r"prepare\.drop: \[(.*?)\](?=\))"
    text = re.sub(drop, lambda found: f"--drop {quote(found[1])}", text)
    return re.sub(
        r"prepare\.kinds: \{(.*?): (\w+)\}",
        lambda found: f"--kind {quote(f'{found[1]}={found[2]}')}",
        text,
    )
