"""What a command with options of its own logs and refuses, in their words instead of settings'."""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from shlex import quote

from rich.console import Console
from rich.markup import escape

from components.errors import UserError

_HEARD = ("components.training", "components.racing", "components.stages.discovery")
"""Who says how far it is, or what it found, and is heard though it warns of nothing."""


class _Lines(logging.Handler):
    """Prints records to standard error, above a bar or spinner that may be there."""

    def emit(self, record: logging.LogRecord) -> None:
        text = escape(as_options(record.getMessage()))
        Console(stderr=True).print(text, highlight=False, soft_wrap=True)


@contextmanager
def told_as_options() -> Iterator[None]:
    """Print what is told inside, and raise a UserError of it, in these words."""
    lines, ours = _Lines(), logging.getLogger("components")
    heard = [logging.getLogger(name) for name in _HEARD]
    levels = [logger.level for logger in heard]
    ours.addHandler(lines)
    for logger in heard:
        logger.setLevel(logging.INFO)
    try:
        yield
    except UserError as error:
        raise UserError(as_options(str(error))) from error
    finally:
        ours.removeHandler(lines)
        for logger, level in zip(heard, levels, strict=True):
            logger.setLevel(level)


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
