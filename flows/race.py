"""A race: several generators on the same data, and only the best that passes may be promoted."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from prefect import flow
from prefect.artifacts import create_table_artifact
from prefect.logging import get_run_logger
from prefect.runtime import flow_run
from pydantic import Field

from components.config import Params, Purpose
from components.errors import Unavailable, UserError
from components.evaluation.evidence import Evidence
from components.evaluation.evidence import Outcome as Judged
from components.models.catalog import MODELS
from components.recipes.recipe import Preset
from components.registry.tracking import registry_shown
from components.storage.dvc import StageFailed
from components.storage.home import find_home
from flows.announcements import Event, announce
from flows.attempts import attempt
from flows.forms import DEFAULT, Form, choice
from flows.request import (
    ApprovalField,
    DataField,
    NameField,
    PurposeField,
    RecipeField,
    RunRequest,
    SizeField,
    TargetField,
    what_about,
)
from flows.retrain import begin, make_candidate
from flows.services.running import version_page
from flows.steps.decision import decide_and_settle
from flows.steps.outcome import Outcome, Registered, StageDone
from flows.steps.report import write_report

HEADLINE = {
    Purpose.AUGMENTATION: ("augmentation_gain", -1),
    Purpose.SHARING: ("tstr_loss", 1),
    Purpose.ANOMALY: ("anomaly_auroc", -1),
    Purpose.CLASSIFICATION: ("few_label_accuracy", -1),
}
"""What decides among those that pass, by purpose, and whether less (1) or more (-1) is better."""


class RaceRequest(Form):
    """Train several generators on the same rows; the best that passes its gates is promoted.

    Fill in a recipe, or your own data and its target; with neither, params.yaml of the checkout is
    run.
    """

    recipe: RecipeField = DEFAULT
    preset: SizeField = Preset.CPU
    data: DataField = ""
    target: TargetField = ""
    purpose: PurposeField = DEFAULT
    models: list[Annotated[str, *choice(MODELS)]] = Field(
        list(MODELS),
        title="Generators",
        description="Those that compete; each is trained and judged, so that fewer are sooner done",
        min_length=2,
    )
    name: NameField = ""
    approval: ApprovalField = DEFAULT
    overrides: tuple[str, ...] = Field(
        (), title="Settings", description="Any setting as section.key=value, for every generator"
    )

    @property
    def about(self) -> str:
        """What it is about, as its run is called."""
        return what_about(self.name, self.recipe, self.data)

    def requests(self) -> dict[str, RunRequest]:
        """What each generator is asked for, by its name; each once."""
        shared = self.model_dump(exclude={"models"})
        return {model: RunRequest(**shared, model=model) for model in dict.fromkeys(self.models)}


@flow(name="race", flow_run_name="race {request.about}", persist_result=False)
@attempt()
def race(request: RaceRequest) -> Outcome:
    """What came of the winner; the others are registered, with what they were judged.

    A generator that cannot be trained on these rows is left out.
    """
    home = find_home()
    folder = home.workspaces / str(flow_run.id)
    folder.mkdir(parents=True, exist_ok=True)
    entrants, left_out = _compete(request, folder)
    standing = sorted(entrants, key=lambda model: rank(entrants[model].registered.evidence))
    winner, *others = standing
    won = entrants[winner]
    registered, workspace = won.registered, won.workspace
    decision = decide_and_settle(registered, won.params, workspace)
    report = write_report(registered, decision, workspace)
    for model in others:
        lost, reason = entrants[model].registered, _lost(winner, entrants[model].params)
        announce(Event.REFUSED, lost.model, version=lost.version, reason=reason)
    rows: list[dict[str, object]] = [
        {"place": place, "generator": model, **_line(entrants[model].registered.evidence)}
        for place, model in enumerate(standing, start=1)
    ]
    rows += [
        {"place": "", "generator": model, "verdict": "left out", "why": why}
        for model, why in left_out.items()
    ]
    create_table_artifact(
        rows, key="race", description=f"{registered.model}: {winner} won; {decision.reason}"
    )
    pages = version_page(home, registered.model, registered.version)
    return Outcome(registered, decision, report, workspace, registry_shown(home), pages, won.stages)


@dataclass(frozen=True)
class _Entrant:
    """A generator that was trained and judged."""

    params: Params
    registered: Registered
    stages: dict[str, StageDone]
    workspace: Path


def _compete(request: RaceRequest, folder: Path) -> tuple[dict[str, _Entrant], dict[str, str]]:
    """Who was judged, and why each of the others was left out; all settings before any training.

    Raises UserError with all the reasons where nobody is left.
    """
    requests, left_out = request.requests(), dict[str, str]()
    for model, one in requests.items():
        with _leaving_out(model, left_out):
            begin(one, folder / model)
    entrants = {}
    for model in [model for model in requests if model not in left_out]:
        with _leaving_out(model, left_out):
            made = make_candidate(requests[model], folder / model)
            entrants[model] = _Entrant(*made, folder / model)
    if not entrants:
        raise UserError(_nobody(left_out))
    return entrants, left_out


def _nobody(left_out: dict[str, str]) -> str:
    """Why nobody is left: a reason that all share, such as data that is not there, told once."""
    if len(reasons := set(left_out.values())) == 1:
        return reasons.pop()
    each = "; ".join(f"{model}: {why}" for model, why in left_out.items())
    return f"no generator is left in the race: {each}"


@contextmanager
def _leaving_out(model: str, left_out: dict[str, str]) -> Iterator[None]:
    """Put down why the generator cannot take part; a server that is missed for now is no reason."""
    try:
        yield
    except Unavailable:
        raise
    except (UserError, StageFailed) as error:
        stage, _, lines = str(error).strip().partition("\n")
        left_out[model] = " ".join((stage, *lines.splitlines()[-1:]))
        get_run_logger().warning("%s is left out: %s", model, left_out[model])


_ORDER = (Judged.PASSED, Judged.UNDECIDED, Judged.REFUSED)


def rank(evidence: Evidence) -> tuple[int, float]:
    """Sorts the best first: passed, undecided, refused; then by the headline."""
    metric, sign = HEADLINE[Purpose(evidence.verdict.purpose)]
    return _ORDER.index(evidence.verdict.outcome), sign * _value(evidence, metric)


def _value(evidence: Evidence, metric: str) -> float:
    return next(item.value for item in evidence.measurements if item.name == metric)


def _line(evidence: Evidence) -> dict[str, object]:
    metric, _ = HEADLINE[Purpose(evidence.verdict.purpose)]
    gates = "; ".join(gate.reason for gate in evidence.verdict.gates if not gate.passed)
    return {
        "verdict": str(evidence.verdict.outcome),
        metric: round(_value(evidence, metric), 4),
        "why": gates,
    }


def _lost(winner: str, params: Params) -> str:
    return f"{params.train.model.name} lost the race to {winner}"
