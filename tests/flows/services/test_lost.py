"""What is done about events that a server lost, and about runs that it lost sight of."""

import asyncio
import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from prefect.client.schemas.objects import State, StateType
from prefect.settings import PREFECT_API_URL, temporary_settings

from flows.services.lost_events import tell_again
from flows.services.lost_runs import LOST, SILENT, _end_before_silence

NOW = datetime.now(UTC)
TYPES = {"AwaitingRetry": StateType.SCHEDULED, "Submitting": StateType.PENDING}


def states(*names: str, message: str = SILENT) -> list[State]:
    """States of a run, one a second in this order; those of coming back say `message`."""
    return [
        State(
            type=TYPES.get(name) or StateType(name.upper()),
            name=name,
            timestamp=NOW + timedelta(seconds=number),
            message=message if name == "AwaitingRetry" else None,
        )
        for number, name in enumerate(names)
    ]


@pytest.mark.parametrize("end", ["Completed", "Failed", "Cancelled"])
def test_what_silence_brings_back_had_ended(end: str) -> None:
    found = _end_before_silence(states("Running", end, "AwaitingRetry")[::-1])
    assert found is not None and found.name == end


@pytest.mark.parametrize("before", ["Running", "Submitting", "Crashed"])
def test_what_never_ended_comes_back(before: str) -> None:
    assert _end_before_silence(states("Completed", before, "AwaitingRetry")) is None


def test_what_others_bring_back_is_theirs() -> None:
    assert _end_before_silence(states("Completed", "AwaitingRetry", message=LOST)) is None
    assert _end_before_silence(states("AwaitingRetry")) is None


class _Events(BaseHTTPRequestHandler):
    """A server that takes events, or is away."""

    told: list[Any] = []  # noqa: RUF012 - cleared by the fixture
    status = 204

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.status == 204:
            self.told.extend(json.loads(body))
        self.send_response(self.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_GET(self) -> None:
        body = b'{"detail": "CSRF protection is disabled."}'
        self.send_response(422)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        return


@pytest.fixture
def server() -> Iterator[type[_Events]]:
    _Events.told, _Events.status = [], 204
    served = ThreadingHTTPServer(("127.0.0.1", 0), _Events)
    threading.Thread(target=served.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{served.server_address[1]}/api"
    with temporary_settings({PREFECT_API_URL: url}):
        yield _Events
    served.shutdown()


def lose(folder: Path, name: str, *, hours: float = 0) -> dict[str, Any]:
    """An event as the server gives it up."""
    occurred = (datetime.now(UTC) - timedelta(hours=hours)).isoformat()
    event = {"id": str(uuid4()), "occurred": occurred, "event": name}
    message = {"data": json.dumps(event), "attributes": {}, "retry_count": 4}
    (folder / name).write_text(json.dumps(message))
    return event


def test_recent_events_are_told_again_and_nothing_else(
    server: type[_Events], tmp_path: Path
) -> None:
    events = [lose(tmp_path, name) for name in ("drifted", "ended")]
    lose(tmp_path, "old", hours=1)
    (tmp_path / "half").write_text('{"data": ')
    (tmp_path / "action").write_text(json.dumps({"data": json.dumps({"id": "1"})}))
    assert asyncio.run(tell_again(tmp_path)) == 2
    assert sorted(server.told, key=lambda told: str(told["event"])) == events
    assert sorted(path.name for path in tmp_path.iterdir()) == ["action", "half", "old"]
    assert asyncio.run(tell_again(tmp_path / "nowhere")) == 0


def test_what_the_server_does_not_take_is_kept(server: type[_Events], tmp_path: Path) -> None:
    server.status = 422
    lose(tmp_path, "ended")
    assert asyncio.run(tell_again(tmp_path)) == 0
    assert (tmp_path / "ended").exists()
