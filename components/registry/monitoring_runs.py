"""What is watched, a champion and its data, and what was seen: a run for each look."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml
from mlflow import MlflowClient
from mlflow.entities import Metric

from components.errors import UserError
from components.monitoring.report import DriftReport
from components.registry.promotion import CHAMPION
from components.registry.tracking import find_experiment
from components.registry.versions import check_standing, find_version
from components.storage.home import Home

REPORT = "drift.json"
PAGE = "drift.html"
_NOT_IN_METRICS = re.compile(r"[^\w\-. /]", re.ASCII)
_TAG_LENGTH = 4_000
_BATCH = 1_000


@dataclass(frozen=True)
class Watched:
    """A model's champion: what it was trained on, by content, and where that came from.

    `dropped` are the columns of the source that it was not trained on.
    """

    model: str
    version: str
    data: str
    dropped: tuple[str, ...]
    content_keys: Mapping[str, str]


def find_watched(client: MlflowClient, model: str) -> Watched:
    """The champion of `model`; raises UserError where there is none, or it was revoked.

    So it does for one that makes images: these are not watched yet.
    """
    registered = find_version(client, model, CHAMPION)
    check_standing(registered)
    with TemporaryDirectory() as folder:
        path = client.download_artifacts(str(registered.run_id), "params.yaml", folder)
        prepare = yaml.safe_load(Path(path).read_text())["prepare"]
    if prepare.get("images") is not None:
        raise UserError(f"{model!r} makes images; only rows of tables are monitored so far")
    return Watched(
        model=model,
        version=str(registered.version),
        data=prepare.get("watch") or prepare["data"],
        dropped=(*prepare["drop"], *_marks(prepare)),
        content_keys=json.loads(registered.tags["mintmark.content_keys"]),
    )


def _marks(prepare: Mapping[str, Any]) -> tuple[str, ...]:
    """The column that says which rows are held out, where the source has one."""
    split = prepare.get("split", {})
    return (split["column"],) if split.get("method") == "marked" else ()


def record_look(
    client: MlflowClient,
    watched: Watched,
    data: str,
    report: DriftReport,
    page: str | None,
    home: Home,
) -> str:
    """The id of a new run in the experiment `MODEL-monitor`: the report, its figures, the page."""
    tags = {
        "mintmark.model": watched.model,
        "mintmark.version": watched.version,
        "mintmark.data": data,
        "mintmark.status": report.status.value,
        "mintmark.reason": report.reason[:_TAG_LENGTH],
    }
    experiment = find_experiment(client, f"{watched.model}-monitor", home)
    run = client.create_run(experiment, tags=tags, run_name=f"{report.status} {watched.model}")
    run_id = str(run.info.run_id)
    metrics = _metrics(report)
    for start in range(0, len(metrics), _BATCH):
        client.log_batch(run_id, metrics=metrics[start : start + _BATCH])
    client.log_text(run_id, report.model_dump_json(indent=1), REPORT)
    if page is not None:
        client.log_text(run_id, page, PAGE)
    client.set_terminated(run_id)
    return run_id


def _metrics(report: DriftReport) -> list[Metric]:
    values = {
        "drifted_share": report.share,
        "schema_changes": float(len(report.changes)),
        "rows": float(report.num_current),
    }
    for column in report.columns:
        name = _NOT_IN_METRICS.sub("_", column.name)
        values[f"missing.{name}"] = column.missing
        if column.value is not None:
            values[f"distance.{name}"] = column.value
    return [Metric(name, value, 0, 0) for name, value in values.items()]
