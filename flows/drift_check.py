"""One look at new rows: the champion's training rows, the new ones, and what differs."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from pydantic import Field

from components.data.schema import Schema
from components.data.sources import absolute, read_source
from components.data.table import Table
from components.errors import UserError
from components.monitoring.drift import Detection, detect_drift
from components.registry.listing import list_models
from components.registry.monitoring_runs import Watched, find_watched
from components.registry.tracking import connect
from components.stages.paths import StagePaths
from components.storage.home import Home
from components.storage.shared import find_content
from flows.forms import Form

ALARM_SHARE = 0.3


class MonitorRequest(Form):
    """Compare new rows with those that a champion was trained on: have they drifted?"""

    model: str = Field(
        "", title="Model", description="A registered model; without one, every champion"
    )
    data: str = Field(
        "",
        title="New rows",
        description="A path, folder, glob or s3:// URI of CSV or Parquet; without it, the model's "
        "own source as it is now",
    )
    alarm_share: float = Field(
        ALARM_SHARE,
        title="Alarm",
        description="The share of columns that must drift to raise the alarm",
        gt=0,
        le=1,
    )


@dataclass(frozen=True)
class Look:
    """What was looked at and what was found."""

    watched: Watched
    data: str
    detection: Detection


def look(request: MonitorRequest, home: Home) -> Look:
    """The new rows that `request` names against the champion's training rows.

    Nothing is written. Raises UserError where there is no champion, its training rows are not kept
    here, or the new rows cannot be read or are too few; a changed schema is a finding.
    """
    watched = find_watched(connect(home), request.model)
    reference = _training_rows(watched, home)
    data = absolute(request.data or watched.data)
    rows = read_source(data).frame
    detection = detect_drift(
        reference, rows, alarm_share=request.alarm_share, ignored=watched.dropped
    )
    return Look(watched, data, detection)


def requests_for_each(request: MonitorRequest, home: Home) -> list[MonitorRequest]:
    """The same request for every model of rows with a champion, where it names none."""
    if request.model:
        return [request]
    if request.data:
        raise UserError(f"data {request.data!r} without a model: say whose rows these are")
    listed = list_models(connect(home))
    found = [each.name for each in listed if each.champion and not each.makes_images]
    return [request.model_copy(update={"model": name}) for name in found]


def _training_rows(watched: Watched, home: Home) -> Table:
    paths = StagePaths(Path())
    rows = pd.read_parquet(_kept(watched, paths.train, home))
    return Table(rows, Schema.load(_kept(watched, paths.schema, home)))


def _kept(watched: Watched, path: Path, home: Home) -> Path:
    """The file of the cache that holds this output of the champion's run."""
    try:
        return find_content(home, watched.content_keys[str(path)])
    except UserError as error:
        raise UserError(
            f"{path} of {watched.model} version {watched.version}: {error}; monitor where it was "
            "trained, or bring it back with `dvc pull`"
        ) from error
