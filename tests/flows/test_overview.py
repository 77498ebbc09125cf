"""What `mintmark status` says of runs that wait."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from prefect.client.schemas.objects import FlowRun
from prefect.states import AwaitingRetry, Scheduled

from flows.overview import _ago, _next_of_each, _series, _state


def test_how_long_a_run_takes_is_told_as_people_say_it() -> None:
    assert _ago(datetime.now(UTC) - timedelta(minutes=7)) == "began 7 min ago"
    assert _ago(None) == ""


def test_a_run_that_comes_back_is_shown_by_itself_with_its_reason() -> None:
    deployment = uuid4()
    states = [AwaitingRetry(message="cannot list s3://x: SlowDown"), AwaitingRetry(), Scheduled()]
    waiting, silent, planned = (
        FlowRun(flow_id=uuid4(), deployment_id=deployment, state=state, state_name=state.name)
        for state in states
    )
    later = planned.model_copy(update={"id": uuid4()})
    assert _state(waiting) == "AwaitingRetry: cannot list s3://x: SlowDown"
    assert (_state(silent), _state(planned)) == ("AwaitingRetry", "Scheduled")
    assert len({_series(run) for run in (waiting, silent, planned, later)}) == 3


def test_what_begins_next_comes_first_and_once_a_schedule() -> None:
    weekly, often = uuid4(), uuid4()

    def planned(name: str, deployment: UUID) -> FlowRun:
        state = Scheduled()
        return FlowRun(
            flow_id=uuid4(),
            name=name,
            deployment_id=deployment,
            state=state,
            state_name=state.name,
        )

    runs = [planned(f"often-{n}", often) for n in range(2)]
    runs += [planned(f"weekly-{n}", weekly) for n in range(2)]
    runs.append(planned("often-2", often))
    assert [run.name for run in _next_of_each(runs)] == ["often-0", "weekly-0"]
