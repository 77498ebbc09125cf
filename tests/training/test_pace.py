"""A long training says how far it is."""

import logging
from itertools import count

import pytest

from components.training.pace import EVERY, Pace


def test_a_line_comes_now_and_then_with_what_is_left(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "components.training")
    ticks = count(step=EVERY / 2)
    pace = Pace(110, first=10, seconds=50.0, clock=lambda: float(next(ticks)))
    for step in (20, 30, 40):
        pace.tell(step, spent=1.0)
    assert caplog.messages == ["training: step 30 of 110, at most 49 s left"]
    free = Pace(110, first=10, clock=lambda: float(next(ticks)))
    for step in (11, 12, 110, 110):
        free.tell(step, spent=1.0)
    assert caplog.messages[1:] == ["training: step 12 of 110, at most 24 min left"]
