"""The replay itself: a window is predicted, then it arrives, then what the loop did is read."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from benchmarks.kept import Kept
from benchmarks.replay import COOL_DOWN, MODEL, reference_request
from benchmarks.replay_policies import accuracies
from benchmarks.replay_services import ByEvents, services
from components.registry.audit import recorded
from components.registry.promotion import champion
from components.registry.tracking import connect
from components.storage.home import Home, find_home

Entry = dict[str, Any]


class Loop(Protocol):
    """How a run is started, and a window told of; both return once all that follows is done."""

    def begin(self, request: dict[str, Any]) -> None:
        """Train, judge and promote the first version."""

    def arrive(self, window: Path, *, is_cool: bool) -> Sequence[str]:
        """Tell of a window; the alarms that were raised by it, answered where it `is_cool`."""


class InProcess:
    """The flows in this process, an alarm being answered as the automation would."""

    def begin(self, request: dict[str, Any]) -> None:
        """See `Loop`."""
        from flows.request import RunRequest
        from flows.retrain import retrain

        retrain(RunRequest(**request))

    def arrive(self, window: Path, *, is_cool: bool) -> Sequence[str]:
        """See `Loop`."""
        from flows.monitor import monitor
        from flows.retrain_on_drift import DriftRequest, retrain_on_drift
        from flows.watching.drift_check import MonitorRequest

        (found,) = monitor(MonitorRequest(model=MODEL, data=str(window)))
        raised = alarms_of(found.run_id, find_home())
        if raised and is_cool:
            reason = f"{', '.join(raised)} in {window.stem}"
            retrain_on_drift(DriftRequest(model=MODEL, data=str(window), reason=reason))
        return raised


def alarms_of(run_id: str, home: Home) -> list[str]:
    """The alarms that a look raised, as its run in MLflow has them."""
    tags = connect(home).get_run(run_id).data.tags
    found = [("drift", tags.get("mintmark.status") == "drift")]
    found.append(("decay", tags.get("mintmark.benefit") == "decayed"))
    return [name for name, is_raised in found if is_raised]


def replay(
    kept: Kept, windows: Sequence[Path], *, by_services: bool, minutes: float
) -> list[Entry]:
    """What happened in each window, in order; those that were replayed before are not again."""
    home, deadline = find_home(), time.monotonic() + 60 * minutes
    entries: list[Entry] = []
    with _services(home) if by_services else _process(home) as loop:
        kept.entry("reference", lambda: _timed(lambda: _begin(loop, windows[0], home)))
        for number in range(1, len(windows)):
            if time.monotonic() > deadline and f"window {number}" not in kept:
                break
            retrained = [each["number"] for each in entries if _retrained(each)]
            is_cool = all(number - each >= COOL_DOWN for each in retrained)
            before = partial(_kept_before, kept, windows, number, home)
            window = partial(_window, loop, windows[number], before, home, is_cool=is_cool)
            entries.append(kept.entry(f"window {number}", partial(_timed, window)))
    return entries


def _begin(loop: Loop, reference: Path, home: Home) -> Entry:
    loop.begin(reference_request(reference))
    assert champion(connect(home), MODEL) == "1", "the first version was not promoted"
    return {}


def _retrained(entry: Entry) -> bool:
    return any(action == "retrain" for action, _, _ in entry["acts"])


def _kept_before(kept: Kept, windows: Sequence[Path], number: int, home: Home) -> Entry:
    """What was so before the window arrived, also where one was killed while it was answered."""
    return kept.entry(f"before {number}", partial(_before, windows, number, home))


def _before(windows: Sequence[Path], number: int, home: Home) -> Entry:
    client = connect(home)
    before = champion(client, MODEL)
    assert before is not None
    return {
        "number": number,
        "champion": before,
        "accuracy": accuracies(before, windows, number, home),
        "num_acts": len(recorded(client, home, model=MODEL)),
    }


def _window(
    loop: Loop, window: Path, told: Callable[[], Entry], home: Home, *, is_cool: bool
) -> Entry:
    """What was so before the window arrived, the alarms it raised, the acts that followed."""
    before = told()
    alarms = loop.arrive(window, is_cool=is_cool)
    found = recorded(connect(home), home, model=MODEL)
    return {
        "number": before["number"],
        "champion": before["champion"],
        "accuracy": before["accuracy"],
        "alarms": list(alarms),
        "acts": [
            [each.act.action, each.act.version, each.act.reason]
            for each in reversed(found[: len(found) - before["num_acts"]])
        ],
    }


def _timed(act: Callable[[], Entry]) -> Entry:
    """What `act` tells, with the seconds it took."""
    started = time.monotonic()
    return act() | {"seconds": round(time.monotonic() - started, 1)}


@contextmanager
def _process(home: Home) -> Iterator[Loop]:
    from flows.services.server import prefect_server

    with prefect_server(home):
        yield InProcess()


@contextmanager
def _services(home: Home) -> Iterator[Loop]:
    with services() as url:
        yield ByEvents(url, lambda run_id: alarms_of(run_id, home))
