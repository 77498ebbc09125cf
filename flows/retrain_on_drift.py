"""Retraining that an alarm starts: once a model and cool-down, however many alarms there are."""

from datetime import UTC, datetime, timedelta

from prefect import flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import (
    FlowFilter,
    FlowFilterName,
    FlowRunFilter,
    FlowRunFilterName,
    FlowRunFilterStartTime,
)
from prefect.logging import get_run_logger
from prefect.runtime import flow_run
from pydantic import Field

from components.storage.home import find_home
from flows.attempts import check_attempts
from flows.forms import Form
from flows.outcome import Outcome
from flows.request import RunRequest
from flows.retrain import run_loop
from flows.service_settings import read_service_settings

NAME = "retrain-on-drift"


class DriftRequest(Form):
    """Train a model again whose data drifted, unless that was done within the cool-down."""

    model: str = Field(title="Model", description="A registered model", min_length=1)
    data: str = Field(
        "",
        title="Data",
        description="Where the new rows are; without it, the model's own source as it is now",
    )
    reason: str = Field("", title="Reason", description="What the alarm said")


@flow(name=NAME, flow_run_name="retrain-on-drift {request.model}", persist_result=False)
def retrain_on_drift(request: DriftRequest) -> Outcome | None:
    """What came of training the model again; None where it was left alone.

    The automation that starts this run has the same cool-down, but loses count when it is changed.
    """
    check_attempts()
    minutes = read_service_settings().cool_down_minutes
    if earlier := _started_within(request.model, timedelta(minutes=minutes)):
        get_run_logger().info("left alone: %s began within the cool-down", earlier)
        return None
    get_run_logger().info("drift: %s", request.reason or "no reason given")
    again = RunRequest(again=request.model, data=request.data)
    return run_loop(again, find_home().workspaces / str(flow_run.id))


def _started_within(model: str, cool_down: timedelta) -> str:
    """The name of another run for this model that began within the cool-down, else empty."""
    mine = f"{NAME} {model}"
    with get_client(sync_client=True) as client:
        found = client.read_flow_runs(
            flow_filter=FlowFilter(name=FlowFilterName(any_=[NAME])),
            flow_run_filter=FlowRunFilter(
                name=FlowRunFilterName(any_=[mine]),
                start_time=FlowRunFilterStartTime(after_=datetime.now(UTC) - cool_down),
            ),
        )
    own = next((run.start_time for run in found if str(run.id) == flow_run.id), None)
    earlier = [
        run
        for run in found
        if str(run.id) != flow_run.id and own and run.start_time and run.start_time < own
    ]
    return str(earlier[0].id) if earlier else ""
