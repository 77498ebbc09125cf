"""What the registry says in numbers: versions, promotions, costs, lift and drift of each model."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mlflow import MlflowClient
from mlflow.entities import Run
from mlflow.entities.model_registry import ModelVersion

from components.monitoring.report import Status
from components.registry.audit import recorded
from components.registry.costs import Cost, stage_costs, version_cost
from components.registry.promotion import champion
from components.registry.tags import GATE, KIND, VERDICT
from components.registry.tracking import monitor_experiment
from components.registry.versions import list_versions
from components.storage.home import Home

GAIN = "augmentation_gain"
_PAGE = 1_000


@dataclass(frozen=True)
class Measured:
    """A number that is watched: its name, what it means, and its values by their labels.

    `only_grows` where it counts up for ever. A `model` without a value has no sample.
    """

    name: str
    meaning: str
    labels: tuple[str, ...]
    values: Mapping[tuple[str, ...], float]
    only_grows: bool = False


def measure_registry(client: MlflowClient, home: Home) -> Iterator[Measured]:
    """Every number, read from the registry now."""
    versions = [v for v in list_versions(client) if v.tags.get(KIND) is None]
    names = sorted({version.name for version in versions})
    promoted = _promoted(client, home)
    costs = {name: list(_costs(client, name)) for name in names}
    lift = _accepted_lift(versions, promoted)
    yield _verdicts(versions)
    yield Measured(
        "mintmark_champion",
        "The version that is champion; none where there is none.",
        ("model",),
        {(name,): float(v) for name in names if (v := champion(client, name)) is not None},
    )
    yield _acts(client, home)
    yield from _of_versions(versions)
    yield from _of_stages(costs)
    yield Measured(
        "mintmark_accepted_lift",
        "The augmentation gains of all versions that were promoted, added up.",
        ("model",),
        {(name,): value for name, value in lift.items()},
    )
    yield Measured(
        "mintmark_processor_seconds_per_accepted_lift",
        "Processor seconds of all of a model's runs for each unit of accepted lift.",
        ("model",),
        {
            (name,): _total(costs[name]).processor / value
            for name, value in lift.items()
            if value > 0 and costs[name]
        },
    )
    yield from _of_looks(client, names)


def _verdicts(versions: Sequence[ModelVersion]) -> Measured:
    counts: Counter[tuple[str, ...]] = Counter()
    for version in versions:
        for tag, outcome in version.tags.items():
            if tag.startswith(VERDICT):
                counts[(version.name, tag.removeprefix(VERDICT), outcome)] += 1
    return Measured(
        "mintmark_versions",
        "Registered versions by what they were judged for and the verdict.",
        ("model", "purpose", "verdict"),
        counts,
    )


def _acts(client: MlflowClient, home: Home) -> Measured:
    counts: Counter[tuple[str, ...]] = Counter(
        (each.act.model, each.act.action) for each in recorded(client, home)
    )
    return Measured(
        "mintmark_acts",
        "What was done to a model by the audit record: promote, rollback, retrain, ...",
        ("model", "action"),
        counts,
        only_grows=True,
    )


def _promoted(client: MlflowClient, home: Home) -> set[tuple[str, str]]:
    acts = recorded(client, home, actions=("promote",))
    return {(each.act.model, each.act.version) for each in acts}


def _accepted_lift(
    versions: Sequence[ModelVersion], promoted: set[tuple[str, str]]
) -> dict[str, float]:
    """The gains of promoted versions by model; none of a model that is not for augmentation."""
    lift: dict[str, float] = {}
    for version in versions:
        gate = version.tags.get(f"{GATE}{GAIN}")
        if gate is not None and (version.name, str(version.version)) in promoted:
            lift[version.name] = lift.get(version.name, 0.0) + float(json.loads(gate)["value"])
    return lift


def _of_versions(versions: Sequence[ModelVersion]) -> Iterator[Measured]:
    known = {
        (version.name, str(version.version)): cost
        for version in versions
        if (cost := version_cost(version.tags)) is not None
    }
    for part, meaning in _COSTS.items():
        yield Measured(
            f"mintmark_version_{part}_seconds",
            f"{meaning} of the run that a version came of.",
            ("model", "version"),
            {key: getattr(cost, part) for key, cost in known.items()},
        )


_COSTS = {"processor": "Processor seconds", "gpu": "Seconds that GPUs were held"}


def _of_stages(costs: Mapping[str, Sequence[Mapping[str, Cost]]]) -> Iterator[Measured]:
    """Totals over all runs, also those that never came to a version."""
    totals: dict[tuple[str, ...], Cost] = {}
    counts: Counter[tuple[str, ...]] = Counter()
    for name, runs in costs.items():
        for run in runs:
            for stage, cost in run.items():
                totals[name, stage] = totals.get((name, stage), Cost()) + cost
                counts[name, stage] += 1
    meanings = {"seconds": "Seconds by the clock", "waited": "Seconds of waiting for a slot"}
    for part, meaning in (meanings | _COSTS).items():
        yield Measured(
            "mintmark_stage_seconds" if part == "seconds" else f"mintmark_stage_{part}_seconds",
            f"{meaning}, by stage, over all runs of a model.",
            ("model", "stage"),
            {key: getattr(cost, part) for key, cost in totals.items()},
            only_grows=True,
        )
    yield Measured(
        "mintmark_stage_runs",
        "Runs that did a stage's work, rather than find it done before.",
        ("model", "stage"),
        counts,
        only_grows=True,
    )


def _total(runs: Sequence[Mapping[str, Cost]]) -> Cost:
    return sum((cost for run in runs for cost in run.values()), Cost())


def _costs(client: MlflowClient, name: str) -> Iterator[Mapping[str, Cost]]:
    for run in _runs(client, name):
        found = stage_costs(run.data.metrics)
        if found:
            yield found


def _of_looks(client: MlflowClient, names: Sequence[str]) -> Iterator[Measured]:
    """How often a champion's data was looked at, and what the last look found."""
    counts: Counter[tuple[str, ...]] = Counter()
    last: dict[str, Run] = {}
    for name in names:
        for run in _runs(client, monitor_experiment(name)):
            status = run.data.tags.get("mintmark.status")
            if status is not None:
                counts[name, status] += 1
                last.setdefault(name, run)  # the newest comes first
    yield Measured(
        "mintmark_looks",
        "Looks of the monitor by what they found.",
        ("model", "status"),
        counts,
        only_grows=True,
    )
    shown: dict[str, tuple[str, Any]] = {
        "mintmark_drifted_share": (
            "The share of columns that drifted, at the last look.",
            lambda run: run.data.metrics.get("drifted_share"),
        ),
        "mintmark_drift_alarm": (
            "1 where the last look raised an alarm of drift, else 0.",
            lambda run: float(run.data.tags["mintmark.status"] == Status.DRIFT.value),
        ),
        "mintmark_looked_timestamp_seconds": (
            "When the last look was, in seconds since 1970.",
            lambda run: run.info.start_time / 1000,
        ),
    }
    for metric, (meaning, read) in shown.items():
        values: dict[tuple[str, ...], float] = {
            (name,): found for name, run in last.items() if (found := read(run)) is not None
        }
        yield Measured(metric, meaning, ("model",), values)


def _runs(client: MlflowClient, experiment: str) -> Iterator[Run]:
    """The runs of an experiment, the newest first; none where there is no such experiment."""
    found = client.get_experiment_by_name(experiment)
    token: str | None = ""
    while found is not None and token is not None:
        page = client.search_runs(
            [found.experiment_id],
            order_by=["attributes.start_time DESC"],
            max_results=_PAGE,
            page_token=token or None,
        )
        yield from page
        token = page.token or None
