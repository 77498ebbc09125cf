"""The bake window of a champion: when it began, what its looks said, and how it ended."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlflow import MlflowClient
from mlflow.entities import Metric, RunTag

from components.evaluation.difference import Difference
from components.registry.audit import Act, record, recorded
from components.registry.promotion import champion
from components.registry.tracking import find_experiment, monitor_experiment
from components.storage.home import Home

if TYPE_CHECKING:
    from components.evaluation.live.bake import Bake

_PROMOTION = "mintmark.bake.promotion"
_REPORT = "bake.json"
_ACTS = ("promote", "rollback", "confirm")


@dataclass(frozen=True)
class Baking:
    """A champion that is watched beside the one before, since the act that promoted it.

    `looks` are the differences found so far, the oldest first.
    """

    model: str
    version: str
    before: str
    promotion: str
    looks: tuple[Difference, ...]


def find_baking(client: MlflowClient, model: str, home: Home) -> Baking | None:
    """The bake window of the model's champion; None where it is confirmed or had none before."""
    acts = recorded(client, home, model=model, actions=_ACTS)
    if not acts or acts[0].act.action != "promote" or acts[0].act.previous is None:
        return None
    version, before, run_id = acts[0].act.version, acts[0].act.previous, acts[0].run_id
    if champion(client, model) != version:
        return None
    looks = _looks(client, model, run_id, home)
    return Baking(model, version, before, run_id, looks)


def record_bake_look(
    client: MlflowClient, run_id: str, baking: Baking, found: Difference, bake: "Bake"
) -> None:
    """Write what a look said to the look's run, where `find_baking` finds it again."""
    values = {
        "bake.before": found.first,
        "bake.champion": found.second,
        "bake.error": found.error,
        "bake.rows": float(found.num_rows),
        "bake.loss": bake.loss,
        "bake.loss.low": bake.low,
    }
    tags = {_PROMOTION: baking.promotion, "mintmark.bake": bake.outcome.value}
    client.log_batch(
        run_id,
        metrics=[Metric(name, value, 0, 0) for name, value in values.items()],
        tags=[RunTag(name, value) for name, value in tags.items()],
    )
    client.log_text(run_id, bake.model_dump_json(indent=1), _REPORT)


def confirm(client: MlflowClient, baking: Baking, reason: str, home: Home) -> None:
    """Record that the champion came through its bake window."""
    record(client, Act(baking.model, "confirm", baking.version, baking.before, reason), home)


def _looks(client: MlflowClient, model: str, promotion: str, home: Home) -> tuple[Difference, ...]:
    runs = client.search_runs(
        [find_experiment(client, monitor_experiment(model), home)],
        f"tags.`{_PROMOTION}` = '{promotion}'",
        order_by=["attributes.start_time ASC"],
    )
    return tuple(_difference(run.data.metrics) for run in runs)


def _difference(metrics: Mapping[str, float]) -> Difference:
    return Difference(
        first=metrics["bake.before"],
        second=metrics["bake.champion"],
        error=metrics["bake.error"],
        num_rows=int(metrics["bake.rows"]),
    )
