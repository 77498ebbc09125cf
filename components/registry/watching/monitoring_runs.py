"""What is watched, a champion and its data, and what was seen: a run for each look."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from mlflow import MlflowClient
from mlflow.entities import Metric

from components.config import ImagesConfig, Purpose
from components.config.evaluate import FALSE_ALARMS
from components.monitoring.anomaly_report import SeriesReport
from components.monitoring.report import DriftReport
from components.registry.audit import recorded
from components.registry.promotion import CHAMPION
from components.registry.settings import settings_of
from components.registry.tags import CONTENT_KEYS
from components.registry.tracking import find_experiment, monitor_experiment
from components.registry.versions import check_standing, find_version
from components.reporting.looked import Done, Looked
from components.reporting.monitor_page import render_monitor
from components.storage.home import Home

REPORT = "drift.json"
PAGE = "drift.html"
MONITOR_PAGE = "monitor.html"
_MOST_SHOWN = 60
_BREACHED = "mintmark.breached"
_CONTENT = "mintmark.data_sha256"
_NOT_IN_METRICS = re.compile(r"[^\w\-. ]", re.ASCII)
_NAME_LENGTH = 200
_TAG_LENGTH = 4_000
_BATCH = 1_000


@dataclass(frozen=True)
class Watched:
    """A model's champion: what it was trained on, by content, and where that came from.

    `dropped` are the columns of the source that it was not trained on. `false_alarms` is the share
    of normal rows that it may flag, None for one that is not to find anomalies; `target` is then no
    matter to it. `images` says how those of one that makes images are read.
    """

    model: str
    version: str
    data: str
    dropped: tuple[str, ...]
    content_keys: Mapping[str, str]
    target: str = ""
    false_alarms: float | None = None
    images: ImagesConfig | None = None


@dataclass(frozen=True)
class EarlierLook:
    """What a look before this one found: whether it breached, at rows of what content, and when."""

    breached: bool
    content: str
    when: datetime


def find_watched(client: MlflowClient, model: str) -> Watched:
    """The champion of `model`; raises UserError where there is none, or it was revoked."""
    registered = find_version(client, model, CHAMPION)
    check_standing(registered)
    settings = settings_of(client, registered)
    prepare = settings["prepare"]
    images = prepare.get("images")
    return Watched(
        model=model,
        version=str(registered.version),
        data=prepare.get("watch") or prepare["data"],
        dropped=(*prepare["drop"], *_marks(prepare)),
        content_keys=json.loads(registered.tags[CONTENT_KEYS]),
        target=prepare.get("target", ""),
        false_alarms=_false_alarms(settings.get("evaluate", {})),
        images=None if images is None else ImagesConfig.model_validate(images),
    )


def _false_alarms(evaluate: Mapping[str, Any]) -> float | None:
    """The rate that a finder of anomalies was judged by."""
    if evaluate.get("purpose") != Purpose.ANOMALY:
        return None
    return float(evaluate.get("false_alarms", FALSE_ALARMS))


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
    content: str = "",
) -> str:
    """The id of a new run in the experiment `MODEL-monitor`: the report, its figures, the page.

    `content` is the hash of the rows that were looked at, empty where they could not be read.
    """
    tags = {
        "mintmark.model": watched.model,
        "mintmark.version": watched.version,
        "mintmark.data": data,
        "mintmark.status": report.status.value,
        "mintmark.reason": report.reason[:_TAG_LENGTH],
        _BREACHED: str(report.breached),
        _CONTENT: content,
    }
    experiment = find_experiment(client, monitor_experiment(watched.model), home)
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


def earlier_looks(client: MlflowClient, watched: Watched, most: int) -> list[EarlierLook]:
    """The last `most` looks at this version whose rows could be read, the last one first.

    One that a killed run was keeping is none: it is told anew.
    """
    experiment = client.get_experiment_by_name(monitor_experiment(watched.model))
    if experiment is None:
        return []
    runs = client.search_runs(
        [experiment.experiment_id],
        f"tags.`mintmark.version` = '{watched.version}' and tags.`{_CONTENT}` != '' "
        "and attributes.status = 'FINISHED'",
        order_by=["attributes.start_time DESC"],
        max_results=most,
    )
    return [
        EarlierLook(
            run.data.tags[_BREACHED] == str(True),
            run.data.tags[_CONTENT],
            datetime.fromtimestamp(run.info.start_time / 1000, UTC),
        )
        for run in runs
    ]


def write_monitor_page(client: MlflowClient, model: str, run_id: str, home: Home) -> Path:
    """Draw the model's page from the looks that are kept; its path, and it is in the run too."""
    page = render_monitor(model, _kept_looks(client, model), _done(client, model, home))
    path = home.reports / model / MONITOR_PAGE
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page)
    client.log_text(run_id, page, MONITOR_PAGE)
    return path


def _kept_looks(client: MlflowClient, model: str) -> list[Looked]:
    """The last looks at a model, the earliest first."""
    experiment = client.get_experiment_by_name(monitor_experiment(model))
    assert experiment is not None, "a look was recorded"
    runs = client.search_runs(
        [experiment.experiment_id],
        order_by=["attributes.start_time DESC"],
        max_results=_MOST_SHOWN,
    )
    found = []
    with TemporaryDirectory() as folder:
        for run in reversed(runs):
            if "mintmark.status" not in run.data.tags or run.info.status != "FINISHED":
                continue
            path = client.download_artifacts(run.info.run_id, REPORT, folder)
            found.append(
                Looked(
                    datetime.fromtimestamp(run.info.start_time / 1000, UTC),
                    run.data.tags["mintmark.version"],
                    run.data.tags["mintmark.data"],
                    DriftReport.model_validate_json(Path(path).read_text()),
                )
            )
    return found


def _done(client: MlflowClient, model: str, home: Home) -> list[Done]:
    acts = recorded(client, home, model=model)
    return [Done(each.when, each.act.action, each.act.version, each.act.reason) for each in acts]


def _metrics(report: DriftReport) -> list[Metric]:
    values = {
        "drifted_share": report.share,
        "schema_changes": float(len(report.changes)),
        "rows": float(report.num_current),
    }
    if report.joint is not None:
        values["joint_auc"] = report.joint.auc
    if report.synthetic is not None and report.synthetic.to_current.auc is not None:
        values["synthetic_auc"] = report.synthetic.to_current.auc
    values |= _flagged(report)
    for column in report.columns:
        name = _in_metrics(column.name)
        values[f"missing.{name}"] = column.missing
        if column.value is not None:
            values[f"distance.{name}"] = column.value
    return [Metric(name, value, 0, 0) for name, value in values.items()]


def _in_metrics(name: str) -> str:
    """A column's name as MLflow takes it in one of a metric; two columns never share one.

    >>> _in_metrics("spent"), _in_metrics("age/sex"), _in_metrics("年") == _in_metrics("月")
    ('spent', 'age_sex.0fc5d499', False)
    """
    taken = _NOT_IN_METRICS.sub("_", name)[:_NAME_LENGTH]
    return taken if taken == name else f"{taken}.{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def _flagged(report: DriftReport) -> dict[str, float]:
    """How many rows or blocks are odd, and how many are to be expected, as shares."""
    found = report.flagged
    if found is None:
        return {}
    values = {
        "flagged_share": found.share,
        "flagged_low": found.low,
        "flagged_high": found.high,
        "flagged_expected": found.most,
    }
    if isinstance(report.anomalies, SeriesReport):
        values["events"] = float(len(report.anomalies.events))
    return values
