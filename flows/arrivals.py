"""New rows of a model as they arrive: kept as windows, and joined to what it was trained on."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
from filelock import FileLock

from components.config import NORMAL, ColumnKind
from components.data.schema import Column
from components.data.sources import absolute, read_source
from components.data.union import Union, join_windows
from components.data.windows import (
    HELD_OUT,
    Window,
    keep_window,
    labelled_rows,
    list_windows,
    marked,
    new_among,
)
from components.errors import UserError
from components.storage.home import Home
from flows.service_settings import LoopSettings
from flows.version_rows import VersionRows


@dataclass(frozen=True)
class Arrival:
    """The labelled rows that are new, and where they were found; if there are none, why."""

    rows: pd.DataFrame
    place: str
    why_none: str = ""


def arrive(champion: VersionRows, data: str, settings: LoopSettings, home: Home) -> Arrival:
    """Keep what is new at `data`, or at the place that is watched, as a window of the model.

    Of the watched place, rows that the champion knows or that are in a window are not new; rows
    delivered elsewhere are, unless the very same content was met before. Raises UserError where
    nothing can be read there.
    """
    config = champion.params.prepare
    watched = config.watch or config.data
    place = absolute(data) if data else watched
    source = read_source(place)
    folder = home.windows / champion.content.model
    with _lock(champion, home):
        windows = list_windows(folder)
        if source.sha256 in {*champion.content.origins, *(each.sha256 for each in windows)}:
            return Arrival(source.frame.head(0), place, "the same content was met before")
        try:
            rows = labelled_rows(source.frame, champion.train.schema)
        except UserError as error:
            return Arrival(source.frame.head(0), place, str(error))
        earlier = _earlier(champion, windows)
        if place == watched:
            rows = new_among(rows, earlier, champion.train.schema)
        if rows.empty:
            return Arrival(rows, place, "no row with a known target is new")
        original = config.model_copy(update={"split": champion.reference.split})
        is_discrete = champion.train.schema.is_classification
        held_out = marked(rows, original, source.sha256, stratify=is_discrete, earlier=earlier)
        keep_window(folder, held_out, source.sha256, most=settings.keep_windows)
    return Arrival(rows, place)


def news_of(champion: VersionRows, home: Home) -> list[Window]:
    """The windows that arrived since the champion's rows were gathered, the oldest first."""
    windows = list_windows(home.windows / champion.content.model)
    return [window for window in windows if window.arrived > champion.known_until]


def join_news(champion: VersionRows, settings: LoopSettings, home: Home) -> Union:
    """The champion's rows and all news as one source of rows; held-out rows stay held out."""
    return join_windows(
        champion.reference,
        news_of(champion, home),
        home.unions / champion.content.model,
        max_rows=settings.retrain_rows,
    )


def overrides_for(union: Union, champion: VersionRows) -> tuple[str, ...]:
    """The settings, as section.key=value, that make the champion's run one on the union.

    Rows of a champion that finds anomalies say `NORMAL` already, those of windows do not.
    """
    config = champion.params.prepare
    rows = read_source(str(union.folder)).frame
    kinds = {
        column.name: column.kind
        for column in champion.train.schema.columns
        if _is_still(column, rows)
    }
    texts = ", ".join(f"{_quoted(name)}: {kind}" for name, kind in kinds.items())
    normal = () if config.normal is None else (NORMAL, *config.normal.values)
    told = ", ".join(map(_quoted, dict.fromkeys(normal)))
    return (
        *([f"prepare.normal.values=[{told}]"] if normal else []),
        f"prepare.watch={_quoted(config.watch or config.data)}",
        f"prepare.split={{method: marked, column: {HELD_OUT}}}",
        f"prepare.kinds={{{texts}}}",
        "prepare.drop=[]",
        "prepare.train_rows=null",
    )


def _is_still(column: Column, rows: pd.DataFrame) -> bool:
    """Whether the column can be what it was: a constant one may vary by now."""
    return column.kind is not ColumnKind.CONSTANT or rows[column.name].nunique(dropna=False) == 1


def _quoted(text: str) -> str:
    """The text as YAML takes for itself, whatever is in it."""
    return "'" + text.replace("'", "''") + "'"


def _earlier(champion: VersionRows, windows: Sequence[Window]) -> pd.DataFrame:
    """The champion's rows and those of all windows, with their sides."""
    reference = champion.reference
    parts = [reference.newest(len(reference))]
    return pd.concat([*parts, *(pd.read_parquet(w.path) for w in windows)], ignore_index=True)


def _lock(champion: VersionRows, home: Home) -> FileLock:
    home.locks.mkdir(parents=True, exist_ok=True)
    return FileLock(home.locks / f"windows-{champion.content.model}.lock")
