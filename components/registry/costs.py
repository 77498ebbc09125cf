"""What a run's stages cost, kept with its MLflow run, and with the version that came of it."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from mlflow import MlflowClient
from mlflow.entities import Metric

from components.registry.runs import open_run
from components.storage.home import Home

PREFIX = "cost."
_STEP = 1
"""Of step 0 MLflow takes all for a model that is logged, and fails where one is there twice."""

_TAG = "mintmark.cost."


@dataclass(frozen=True)
class Cost:
    """What work took, all in seconds.

    `seconds` by the clock, `waited` of that for a slot; `processor` of processors, over all
    processes, also where they were killed; `gpu` of GPUs held, whether they were busy or not.
    """

    seconds: float = 0.0
    waited: float = 0.0
    processor: float = 0.0
    gpu: float = 0.0

    def __add__(self, other: "Cost") -> "Cost":
        """Both together."""
        return Cost(
            self.seconds + other.seconds,
            self.waited + other.waited,
            self.processor + other.processor,
            self.gpu + other.gpu,
        )

    @classmethod
    def of(cls, values: Mapping[str, float], prefix: str) -> Self:
        """The cost in values that are named by `prefix` and its parts; 0 where one is missing."""
        return cls(**{name: values.get(f"{prefix}{name}", 0.0) for name in _PARTS})


_PARTS = tuple(Cost.__dataclass_fields__)


def add_cost(
    client: MlflowClient, name: str, request_key: str, stage: str, cost: Cost, home: Home
) -> None:
    """Add what a stage took to the request's run; an attempt that was killed counts too."""
    run_id = open_run(client, name, request_key, home)
    known = stage_costs(client.get_run(run_id).data.metrics).get(stage, Cost())
    total = vars(known + cost)
    now = int(time.time() * 1000)
    metrics = [
        Metric(f"{PREFIX}{stage}.{part}", round(total[part], 3), now, _STEP) for part in _PARTS
    ]
    client.log_batch(run_id, metrics=metrics)


def stage_costs(metrics: Mapping[str, float]) -> dict[str, Cost]:
    """The cost of each stage in a run's metrics; none of one that was found done before."""
    names = (name.removeprefix(PREFIX) for name in metrics if name.startswith(PREFIX))
    stages = sorted({name.rpartition(".")[0] for name in names})
    return {stage: Cost.of(metrics, f"{PREFIX}{stage}.") for stage in stages}


def tag_cost(client: MlflowClient, model: str, version: str, run_id: str) -> None:
    """Put what all stages of its run took on a version."""
    total = sum(stage_costs(client.get_run(run_id).data.metrics).values(), Cost())
    for part, value in vars(total).items():
        client.set_model_version_tag(model, version, f"{_TAG}{part}", f"{value:.2f}")


def version_cost(tags: Mapping[str, str]) -> Cost | None:
    """What a version's run took, by its tags; None for one from before costs were kept."""
    values = {key: float(value) for key, value in tags.items() if key.startswith(_TAG)}
    return Cost.of(values, _TAG) if values else None
