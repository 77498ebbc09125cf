"""What was started is waited for as long as a busy machine needs, and whoever waits is told."""

import socket
import time
from pathlib import Path

import pytest

from components.errors import UserError
from components.storage.home import Home
from flows.services import starting
from flows.services.running import start_services
from flows.services.starting import START_SECONDS, wait_until

LOG = Path("server.log")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time in seconds, which passes while it is waited."""
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    monkeypatch.setattr(time, "sleep", lambda seconds: now.__setitem__(0, now[0] + seconds))
    return now


def test_what_takes_minutes_is_waited_for_and_told_once(
    clock: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    assert wait_until(lambda: clock[0] > 300, "the server", LOG)
    (told,) = caplog.messages
    assert told.startswith("the server has not answered for 60 s") and "server.log" in told


def test_what_never_begins_is_given_up(clock: list[float]) -> None:
    assert not wait_until(lambda: False, "the server", LOG)
    assert START_SECONDS < clock[0] < START_SECONDS + 1


def test_what_begins_soon_is_not_told_of(
    clock: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    assert wait_until(lambda: clock[0] > starting._QUIET_SECONDS - 1, "the server", LOG)
    assert not caplog.messages


def test_a_port_for_numbers_that_another_program_has_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(UserError, match=f"metrics_port {port} is taken by another program"):
            start_services(Home(tmp_path), "sqlite://", port)
