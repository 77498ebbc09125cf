"""New rows or images of a model as they arrive: kept as windows, joined to what it was taught.

Where machines share a store, they share windows and unions: what arrived at one is known to all.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from filelock import FileLock

from components.data.sources import absolute
from components.data.union import Union, join_windows
from components.data.windows import Window, keep_window, list_windows
from components.errors import UserError
from components.storage.home import Home
from components.storage.places import shared_url
from components.storage.shared import bring_files, share_files
from flows.services.settings import LoopSettings
from flows.services.turns import turn
from flows.watching.taught import Taught, find_version
from flows.watching.version_images import VersionImages, images_of_version
from flows.watching.version_rows import VersionRows, rows_of_version


@dataclass(frozen=True)
class Arrival:
    """The labelled rows that are new, and where they were found; if there are none, why."""

    rows: pd.DataFrame
    place: str
    why_none: str = ""


def read_taught(model: str, which: str, home: Home) -> VersionRows | VersionImages:
    """What the version with this number or alias was taught; raises UserError as its readers do."""
    content, params = find_version(model, which, home)
    of_version = rows_of_version if params.prepare.images is None else images_of_version
    return of_version(content, params, home)


def arrive(champion: Taught, data: str, settings: LoopSettings, home: Home) -> Arrival:
    """Keep what is new at `data`, or at the place that is watched, as a window of the model.

    Of the watched place, rows that the champion knows or that are in a window are not new; rows
    delivered elsewhere are, unless the very same content was met before; images that are known are
    new nowhere. Raises UserError where nothing can be read there.
    """
    place = absolute(data) if data else champion.watched
    rows, sha256 = champion.read(place)
    with _windows(champion, home) as folder:
        windows = list_windows(folder)
        if sha256 in {*champion.content.origins, *(each.sha256 for each in windows)}:
            return Arrival(rows.head(0), place, "the same content was met before")
        earlier = _earlier(champion, windows)
        try:
            rows = champion.new_among(champion.telling(rows, earlier), earlier, place)
            if rows.empty:
                return Arrival(rows, place, "no row with a known target is new")
            held_out = champion.marked(rows, sha256, earlier)
        except UserError as error:
            return Arrival(rows.head(0), place, str(error))
        keep_window(folder, held_out, sha256, most=settings.keep_windows)
        share_files(_part(folder, home), folder, "*.parquet")
    return Arrival(rows, place)


def news_of(champion: Taught, home: Home) -> list[Window]:
    """The windows that arrived since the champion's rows were gathered, the oldest first."""
    with _windows(champion, home) as folder:
        return [each for each in list_windows(folder) if each.arrived > champion.known_until]


def join_news(champion: Taught, settings: LoopSettings, home: Home) -> Union:
    """The champion's rows and all news as one source of rows; held-out rows stay held out."""
    return join_windows(
        champion.reference,
        news_of(champion, home),
        home.unions / champion.content.model,
        max_rows=settings.retrain_rows,
    )


def share_union(union: Union, home: Home) -> str:
    """Where a run finds the union, on whichever machine it goes on."""
    url, part = shared_url(), _part(union.folder, home)
    if url is None:
        return str(union.folder)
    share_files(part, union.folder, "*")
    return f"{url}/{part}"


def _earlier(champion: Taught, windows: Sequence[Window]) -> pd.DataFrame:
    """The champion's rows and those of all windows, with their sides."""
    reference = champion.reference
    parts = [reference.newest(len(reference))]
    return pd.concat([*parts, *(pd.read_parquet(w.path) for w in windows)], ignore_index=True)


@contextmanager
def _windows(champion: Taught, home: Home) -> Iterator[Path]:
    """The folder of the model's windows, which nobody else changes during the block."""
    model = champion.content.model
    folder = home.windows / model
    home.locks.mkdir(parents=True, exist_ok=True)
    with turn("windows", model), FileLock(home.locks / f"windows-{model}.lock"):
        bring_files(_part(folder, home), folder)
        yield folder


def _part(folder: Path, home: Home) -> str:
    """The part of the shared store that a folder of the home is kept in."""
    return folder.relative_to(home.root).as_posix()
