"""A race: several generators on the same data, and only the best that passes may be promoted."""

from typing import Annotated

from prefect import flow
from prefect.artifacts import create_table_artifact
from prefect.runtime import flow_run
from pydantic import Field

from components.config import Params, Purpose
from components.evaluation.evidence import Evidence
from components.evaluation.evidence import Outcome as Judged
from components.models.catalog import MODELS
from components.recipes.recipe import Preset
from components.registry.tracking import tracking_uri
from components.storage.home import find_home
from flows.announcements import Event, announce
from flows.attempts import attempt
from flows.decision_task import decide_and_settle
from flows.forms import DEFAULT, Form, choice
from flows.outcome import Outcome
from flows.report_task import write_report
from flows.request import (
    ApprovalField,
    DataField,
    NameField,
    PurposeField,
    RecipeField,
    RunRequest,
    SizeField,
    TargetField,
)
from flows.retrain import make_candidate
from flows.services import version_page

HEADLINE = {
    Purpose.AUGMENTATION: ("augmentation_gain", -1),
    Purpose.SHARING: ("tstr_loss", 1),
    Purpose.ANOMALY: ("anomaly_auroc", -1),
    Purpose.CLASSIFICATION: ("few_label_accuracy", -1),
}
"""What decides among those that pass, by purpose, and whether less (1) or more (-1) is better."""


class RaceRequest(Form):
    """Train several generators on the same rows; the best that passes its gates is promoted."""

    recipe: RecipeField = DEFAULT
    preset: SizeField = Preset.CPU
    data: DataField = ""
    target: TargetField = ""
    purpose: PurposeField = DEFAULT
    models: list[Annotated[str, *choice(MODELS)]] = Field(
        list(MODELS), title="Generators", description="Those that compete", min_length=2
    )
    name: NameField = ""
    approval: ApprovalField = DEFAULT
    overrides: tuple[str, ...] = Field(
        (), title="Settings", description="Any setting as section.key=value, for every generator"
    )

    def requests(self) -> dict[str, RunRequest]:
        """What each generator is asked for, by its name; each once."""
        shared = self.model_dump(exclude={"models"})
        return {model: RunRequest(**shared, model=model) for model in dict.fromkeys(self.models)}


@flow(name="race", persist_result=False)
@attempt()
def race(request: RaceRequest) -> Outcome:
    """What came of the winner; the others are registered, with what they were judged."""
    home = find_home()
    folder = home.workspaces / str(flow_run.id)
    folder.mkdir(parents=True, exist_ok=True)
    candidates = {
        model: (*make_candidate(one, folder / model), folder / model)
        for model, one in request.requests().items()
    }
    standing = sorted(candidates, key=lambda model: rank(candidates[model][1].evidence))
    winner, *others = standing
    params, registered, done, workspace = candidates[winner]
    decision = decide_and_settle(registered, params, workspace)
    report = write_report(registered, decision, workspace)
    for model in others:
        lost_params, lost, _, _ = candidates[model]
        announce(Event.REFUSED, lost.model, version=lost.version, reason=_lost(winner, lost_params))
    rows = [
        {"place": place, "generator": model, **_line(candidates[model][1].evidence)}
        for place, model in enumerate(standing, start=1)
    ]
    create_table_artifact(
        rows, key="race", description=f"{registered.model}: {winner} won; {decision.reason}"
    )
    pages = version_page(home, registered.model, registered.version)
    return Outcome(registered, decision, report, workspace, tracking_uri(home), pages, done)


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
