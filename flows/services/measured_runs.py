"""What Prefect says in numbers: runs by state, how long they wait, slots and workers."""

import math
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterExpectedStartTime,
    FlowRunFilterStartTime,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.client.schemas.responses import GlobalConcurrencyLimitResponse

from components.registry.measured import Measured
from flows.services.workers import live_workers

QUANTILES = (0.5, 0.95, 1.0)
_WINDOW = timedelta(days=1)
_PAGE = 200
_WAITING = (StateType.SCHEDULED, StateType.PENDING)


def measure_runs() -> Iterator[Measured]:
    """Every number, asked of the Prefect server now; of runs, those of the last day."""
    now = datetime.now(UTC)
    with get_client(sync_client=True) as client:
        yield Measured(
            "mintmark_flow_runs",
            "Flow runs by state: those that are under way or waiting, and the last day's.",
            ("state",),
            _by_state(client, now),
        )
        began = list(_pages(client, FlowRunFilter(start_time=_since(now))))
        yield Measured(
            "mintmark_queue_wait_seconds",
            "How long runs of the last day waited between the time they were due and their start.",
            ("quantile",),
            _quantiles(sorted(map(_waited, began))),
        )
        yield Measured(
            "mintmark_queue_oldest_seconds",
            "How long the run has waited that has waited longest, 0 where none waits.",
            (),
            {(): _oldest(client, now)},
        )
        yield from _slots(client)
    yield Measured(
        "mintmark_workers",
        "Workers that were heard of lately.",
        (),
        {(): float(len(live_workers()))},
    )


def _since(now: datetime) -> FlowRunFilterStartTime:
    return FlowRunFilterStartTime(after_=now - _WINDOW)


def _by_state(client: SyncPrefectClient, now: datetime) -> Counter[tuple[str, ...]]:
    """Runs that the clock will start later are not counted: they wait for nothing but it."""
    ended = [state for state in StateType if state not in _WAITING and state.name in _ENDS]
    counts: Counter[tuple[str, ...]] = Counter()
    for state in StateType:
        wanted = FlowRunFilter(state=_in((state,)))
        if state in ended:
            wanted = FlowRunFilter(state=_in((state,)), start_time=_since(now))
        elif state is StateType.SCHEDULED:
            wanted = FlowRunFilter(state=_in((state,)), expected_start_time=_due(now))
        counts[(state.value.lower(),)] = client.count_flow_runs(flow_run_filter=wanted)
    return counts


_ENDS = frozenset({"COMPLETED", "FAILED", "CANCELLED", "CRASHED"})


def _in(states: tuple[StateType, ...]) -> FlowRunFilterState:
    return FlowRunFilterState(type=FlowRunFilterStateType(any_=list(states)))


def _due(now: datetime) -> FlowRunFilterExpectedStartTime:
    return FlowRunFilterExpectedStartTime(before_=now)


def _oldest(client: SyncPrefectClient, now: datetime) -> float:
    late = _pages(client, FlowRunFilter(state=_in(_WAITING), expected_start_time=_due(now)))
    due = [run.expected_start_time for run in late if run.expected_start_time is not None]
    return max(((now - each).total_seconds() for each in due), default=0.0)


def _waited(run: FlowRun) -> float:
    if run.start_time is None or run.expected_start_time is None:
        return 0.0
    return max(0.0, (run.start_time - run.expected_start_time).total_seconds())


def _quantiles(waits: list[float]) -> dict[tuple[str, ...], float]:
    """The smallest wait that so large a share do not exceed; none where no run began.

    >>> _quantiles([1.0, 2.0, 3.0, 40.0])
    {('0.5',): 2.0, ('0.95',): 40.0, ('1',): 40.0}
    """
    if not waits:
        return {}
    return {(f"{q:g}",): waits[math.ceil(q * len(waits)) - 1] for q in QUANTILES}


def _slots(client: SyncPrefectClient) -> Iterator[Measured]:
    found: list[GlobalConcurrencyLimitResponse] = []
    while page := client.read_global_concurrency_limits(limit=_PAGE, offset=len(found)):
        found += page
    yield Measured(
        "mintmark_slots",
        "Slots there are for heavy stages, and for turns that are taken.",
        ("slot",),
        {(each.name,): float(each.limit) for each in found},
    )
    yield Measured(
        "mintmark_slots_taken",
        "Slots that are held now.",
        ("slot",),
        {(each.name,): float(each.active_slots) for each in found},
    )


def _pages(client: SyncPrefectClient, wanted: FlowRunFilter) -> Iterator[FlowRun]:
    offset = 0
    while page := client.read_flow_runs(flow_run_filter=wanted, limit=_PAGE, offset=offset):
        yield from page
        offset += len(page)
