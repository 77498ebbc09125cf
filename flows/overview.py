"""What `mintmark status` says: services, runs, schedules, champions, open questions."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.client.schemas.sorting import FlowRunSort

from components.registry.listing import list_models
from components.registry.tracking import connect
from components.registry.watching.baking import Baking, find_baking
from components.registry.watching.retrains import list_retrainings
from components.storage.home import Home
from components.training.pace import span
from flows.services.running import flow_run_page, running_services
from flows.services.server import connected
from flows.services.settings import read_service_settings
from flows.services.workers import live_workers

_AT_MOST = 20
_COMES_BACK = "AwaitingRetry"
_RETRAININGS = 5
_UNDER_WAY = (StateType.RUNNING, StateType.PENDING, StateType.CANCELLING)


@dataclass(frozen=True)
class Section:
    """A table with a name, and what is said where it has no rows."""

    name: str
    titles: Sequence[str]
    rows: Sequence[Sequence[str]]
    nothing: str


def overview(home: Home) -> Iterator[Section]:
    """The sections, those on runs only where a Prefect server is kept running here."""
    services = running_services(home)
    rows = [(service.name, service.url) for service in services.values()]
    prefect = services.get("prefect")
    if prefect is None:
        yield Section("Services", ("service", "address"), rows, "none runs; `mintmark up`")
        yield from _of_the_registry(home)
        return
    with connected(f"{prefect.url}/api"):
        workers = [("worker", f"{worker.name}, takes runs") for worker in live_workers()]
        workers = workers or [("worker", "none takes runs; it is being started, or see its log")]
        yield Section("Services", ("service", "address"), rows + workers, "")
        yield _runs(
            "Under way", _UNDER_WAY, lambda run: (run.state_name or "", _ago(run.start_time))
        )
        yield _runs(
            "Waiting for approval",
            (StateType.PAUSED,),
            lambda run: (_until(run), flow_run_page(home, str(run.id))),
        )
        yield _runs(
            "Next",
            (StateType.SCHEDULED,),
            lambda run: (_state(run), _when(run.next_scheduled_start_time)),
        )
    yield from _of_the_registry(home)


def _of_the_registry(home: Home) -> Iterator[Section]:
    yield _champions(home)
    yield bake_windows(home)
    yield last_retrainings(home)


def bake_windows(home: Home) -> Section:
    """The champions that are watched beside the one before, and for how long yet."""
    looks, client = read_service_settings().loop.bake_looks, connect(home)
    names = [model.name for model in list_models(client) if model.champion and looks]
    found = [baking for name in names if (baking := find_baking(client, name, home))]
    rows = [
        (each.model, f"version {each.version}", f"version {each.before}", _looks(each, looks))
        for each in found
    ]
    return Section("In the bake window", ("model", "champion", "before", "looks"), rows, "nothing")


def last_retrainings(home: Home) -> Section:
    """The last trainings that alarms started, with their reasons."""
    found = list_retrainings(connect(home), home)[:_RETRAININGS]
    rows = [(each.model, _when(each.when), each.reason) for each in found]
    return Section("Retrained by itself", ("model", "when", "why"), rows, "nothing")


def _looks(baking: Baking, looks: int) -> str:
    lost = ", ".join(f"{each.value:+.3f}" for each in baking.looks)
    return f"{len(baking.looks)} of {looks}" + (f"; lost {lost}" if lost else "")


def _runs(
    name: str,
    states: Sequence[StateType],
    describe: Callable[[FlowRun], tuple[str, str]],
) -> Section:
    """The flow runs in these states, the next ones first; of a schedule's the first alone."""
    wanted = FlowRunFilterStateType(any_=list(states))
    with get_client(sync_client=True) as client:
        found = client.read_flow_runs(
            flow_run_filter=FlowRunFilter(state=FlowRunFilterState(type=wanted)),
            sort=FlowRunSort.EXPECTED_START_TIME_ASC,
            limit=200,
        )
        deployments = {item.id: item.name for item in client.read_deployments()}
    if states == (StateType.SCHEDULED,):
        found = _next_of_each(found)
    rows = [
        (deployments.get(run.deployment_id or run.id, "by hand"), run.name, *describe(run))
        for run in found[:_AT_MOST]
    ]
    return Section(name, ("flow", "run", "state", "when"), rows, "nothing")


def _champions(home: Home) -> Section:
    rows = [
        (
            model.name,
            model.standing,
            f"version {model.newest}: {model.verdict or 'not judged'}",
        )
        for model in list_models(connect(home))
    ]
    return Section("Champions", ("model", "champion", "newest"), rows, "no model is registered yet")


def _next_of_each(runs: Sequence[FlowRun]) -> list[FlowRun]:
    """Of runs in the order in which they begin, the first of each series, in this order."""
    first: dict[tuple[object, str | None], FlowRun] = {}
    for run in runs:
        first.setdefault(_series(run), run)
    return list(first.values())


def _series(run: FlowRun) -> tuple[object, str | None]:
    """What a run that is to begin is one of: its schedule, or those that had begun, by itself."""
    comes_back = run.state_name == _COMES_BACK
    return (run.id if comes_back else run.deployment_id, run.state_name)


def _state(run: FlowRun) -> str:
    """Its state, with the reason where it had begun and waits to begin again."""
    said = run.state.message if run.state and run.state_name == _COMES_BACK else None
    return f"{run.state_name}: {said}" if said else run.state_name or ""


def _until(run: FlowRun) -> str:
    expires = run.state.state_details.pause_timeout if run.state else None
    return f"{run.state_name}, expires {_when(expires)}"


def _when(time: datetime | None) -> str:
    return time.astimezone().strftime("%Y-%m-%d %H:%M") if time else ""


def _ago(time: datetime | None) -> str:
    if time is None:
        return ""
    return f"began {span((datetime.now(UTC) - time).total_seconds())} ago"
