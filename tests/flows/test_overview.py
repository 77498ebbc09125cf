"""What `mintmark status` says of runs that wait."""

from uuid import uuid4

from prefect.client.schemas.objects import FlowRun
from prefect.states import AwaitingRetry, Scheduled

from flows.overview import _series, _state


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
