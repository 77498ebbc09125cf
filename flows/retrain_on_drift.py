"""Retraining that an alarm starts: on the champion's rows and the new ones, within guards."""

from collections.abc import Sequence
from dataclasses import dataclass

from prefect import flow
from prefect.artifacts import create_markdown_artifact
from prefect.logging import get_run_logger
from prefect.runtime import flow_run
from pydantic import Field

from components.data.sources import hash_source
from components.registry.promotion import CHAMPION
from components.registry.tracking import connect
from components.registry.watching.retrains import (
    Retraining,
    list_retrainings,
    record_retraining,
    retraining_lock,
)
from components.reporting.markdown import escaped
from components.storage.dvc import is_workspace
from components.storage.home import Home, find_home
from flows.announcements import Event, announce
from flows.attempts import attempt
from flows.forms import Form
from flows.request import RunRequest
from flows.retrain import run_loop
from flows.services.settings import ServiceSettings, read_service_settings
from flows.services.turns import turn
from flows.steps.outcome import Outcome
from flows.watching.arrivals import arrive, join_news, read_taught, share_union
from flows.watching.guards import why_not_now, why_not_on

NAME = "retrain-on-drift"


class DriftRequest(Form):
    """Train a model again on its champion's rows and the new ones, unless a guard holds it back."""

    model: str = Field(title="Model", description="A registered model", min_length=1)
    data: str = Field(
        "",
        title="Data",
        description="Where the new rows are; without it, the place that is watched, as it is now. "
        "Those that monitoring met since the champion was trained are taken too",
    )
    reason: str = Field("", title="Reason", description="What the alarm said")


@flow(name=NAME, flow_run_name="retrain-on-drift {request.model}", persist_result=False)
@attempt()
def retrain_on_drift(request: DriftRequest) -> Outcome | None:
    """What came of training the model again; None where a guard held it back, which is told.

    The automation that starts this run has the same cool-down, but loses count when it is changed.
    """
    home = find_home()
    workspace = home.workspaces / str(flow_run.id)
    if is_workspace(workspace):
        return run_loop(RunRequest(again=request.model), workspace)  # it came back and goes on
    asked = _ask(request, home)
    if isinstance(asked, str):
        _tell_left_alone(request, asked)
        return None
    get_run_logger().info("alarm: %s", request.reason or "no reason given")
    return run_loop(asked, workspace)


@dataclass(frozen=True)
class Wanted:
    """A training that may begin: over which champion, what is asked for, on which content."""

    champion: str
    request: RunRequest
    data_sha256: str


def _ask(request: DriftRequest, home: Home) -> RunRequest | str:
    """The run that is asked for, on record now; or why there is none, in words."""
    settings, client, mine = read_service_settings(), connect(home), str(flow_run.id)
    with turn("retrain", request.model), retraining_lock(request.model, home):
        begun = list_retrainings(client, home, request.model)
        others = [each for each in begun if each.flow_run != mine]
        if reason := why_not_now(others, settings):
            return reason
        wanted = _want(request, others, settings, home)
        if isinstance(wanted, str):
            return wanted
        if len(others) == len(begun):
            record_retraining(
                client,
                request.model,
                wanted.champion,
                data_sha256=wanted.data_sha256,
                flow_run=mine,
                reason=request.reason or "no reason given",
                home=home,
            )
    return wanted.request


def _want(
    request: DriftRequest,
    earlier: Sequence[Retraining],
    settings: ServiceSettings,
    home: Home,
) -> Wanted | str:
    """A training on what the champion was taught and what is new."""
    champion = read_taught(request.model, CHAMPION, home)
    arrival = arrive(champion, request.data, settings.loop, home)
    union = join_news(champion, settings.loop, home)
    sha256 = hash_source(str(union.folder))
    if reason := why_not_on(union, sha256, earlier, settings, champion.unit):
        return "; ".join(filter(None, (reason, arrival.why_none)))
    asked = RunRequest(
        again=f"{request.model}@{champion.version}",
        data=share_union(union, home),
        overrides=champion.overrides(union.folder),
    )
    return Wanted(champion.version, asked, sha256)


def _tell_left_alone(request: DriftRequest, reason: str) -> None:
    get_run_logger().info("left alone: %s", reason)
    announce(Event.LEFT_ALONE, request.model, reason=reason, alarm=request.reason)
    create_markdown_artifact(
        f"# {escaped(request.model)} was left alone\n\n{escaped(reason)}.\n\n"
        f"The alarm: {escaped(request.reason)}\n",
        key="left-alone",
        description=f"{request.model}: {reason}",
    )
