"""How far a training is and how long the rest takes, said now and then."""

import logging
import time
from collections.abc import Callable

logger = logging.getLogger(__name__)

EVERY = 30.0
"""Seconds between two lines."""


class Pace:
    """Logs how many of `num_steps` are done, and how long the others take at most.

    Of a training that begins behind step `first`, and may take `seconds` of a processor.
    """

    def __init__(
        self,
        num_steps: int,
        *,
        first: int = 0,
        seconds: float | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._num_steps, self._first, self._seconds, self._clock = num_steps, first, seconds, clock
        self._began = self._told = clock()

    def tell(self, step: int, spent: float) -> None:
        """Log a line where the last one is long ago; `spent` are seconds of a processor."""
        now = self._clock()
        if now - self._told < EVERY or step >= self._num_steps:
            return
        self._told = now
        left = (now - self._began) / (step - self._first) * (self._num_steps - step)
        if self._seconds is not None:
            left = min(left, max(self._seconds - spent, 0.0))
        logger.info("training: step %d of %d, at most %s left", step, self._num_steps, span(left))


def span(seconds: float) -> str:
    """A time in words.

    >>> span(41.7), span(200), span(9000)
    ('42 s', '3 min', '2.5 h')
    """
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
