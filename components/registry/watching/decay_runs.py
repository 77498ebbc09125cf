"""What a look found of a champion's benefit, kept with the look's run."""

from typing import TYPE_CHECKING

from mlflow import MlflowClient
from mlflow.entities import Metric, RunTag

if TYPE_CHECKING:
    from components.evaluation.live.decay import Decay

REPORT = "decay.json"


def record_decay(client: MlflowClient, run_id: str, decay: "Decay") -> None:
    """Write the figures with their intervals, and the whole as JSON, to the look's run."""
    values: dict[str, float] = {}
    for change in decay.changes:
        name = f"decay.{change.name.replace(' ', '_')}"
        values |= {
            name: change.now,
            f"{name}.before": change.before,
            f"{name}.change": change.value,
            f"{name}.change.low": change.low,
            f"{name}.change.high": change.high,
        }
    status = "decayed" if decay.has_decayed else "holds"
    client.log_batch(
        run_id,
        metrics=[Metric(name, value, 0, 0) for name, value in values.items()],
        tags=[RunTag("mintmark.benefit", status)],
    )
    client.log_text(run_id, decay.model_dump_json(indent=1), REPORT)
