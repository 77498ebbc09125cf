"""A union: the rows a model was trained on and the windows since, as one source of rows."""

import hashlib
import json
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
from pydantic import BaseModel, ConfigDict

from components.config import Split
from components.data.records import read_record
from components.data.schema import Column
from components.data.windows import HELD_OUT, Window, write_marked
from components.storage.objects import open_objects
from components.storage.s3 import is_s3

MANIFEST = "union.json"
_KEY_LENGTH = 32
"""That of a content hash, so that a version's tags and a `dvc.lock` are seen to refer to it."""
_IS_SHARED = re.compile(rf"/unions/[^/]+/[0-9a-f]{{{_KEY_LENGTH}}}$")
"""How the prefix of a union ends in the store that machines share."""


@dataclass(frozen=True)
class Reference:
    """The rows of a version, each in the order they came, and the hashes of what they came from.

    `split` is how its rows were told apart when they were met first. `columns` are those of the
    schema that they have, if any.
    """

    model: str
    version: str
    train: pd.DataFrame
    test: pd.DataFrame
    origins: tuple[str, ...]
    content_key: str
    split: Split
    columns: tuple[Column, ...] = ()

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.train) + len(self.test)

    def newest(self, most: int) -> pd.DataFrame:
        """At most so many rows, the newest of either side in equal shares, held-out ones marked."""
        share = min(1.0, most / len(self))
        sides = [
            frame.tail(round(share * len(frame))).assign(**{HELD_OUT: is_held_out})
            for frame, is_held_out in ((self.train, False), (self.test, True))
        ]
        return pd.concat(sides, ignore_index=True)


@dataclass(frozen=True)
class Union:
    """Where the rows lie, how many they are, and how many of them are new."""

    folder: Path
    num_rows: int
    num_new: int


def join_windows(
    reference: Reference, windows: Sequence[Window], folder: Path, *, max_rows: int
) -> Union:
    """The reference's rows and those of the windows, at most `max_rows`, the oldest left out first.

    They are written to a folder below `folder` that is named by their content, which is there
    wholly or not at all; every row keeps the side that it is on.
    """
    frames: list[pd.DataFrame] = []
    num_new = 0
    for window in reversed(windows):
        rows = pd.read_parquet(window.path).tail(max_rows - num_new)
        if rows.empty:
            break
        frames.insert(0, rows)
        num_new += len(rows)
    kept = reference.newest(max_rows - num_new)
    used = windows[len(windows) - len(frames) :]
    key = _key(reference, used, max_rows)
    place = folder / key
    if not place.is_dir():
        _write(place, reference, kept, frames, used)
    return Union(place, len(kept) + num_new, num_new)


class Manifest(BaseModel):
    """What a union was made of: a version's rows as they were split, and windows.

    `until` is when the newest of the windows arrived.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str
    version: str
    split: Split
    windows: tuple[str, ...]
    until: datetime | None


def read_manifest(source: str) -> Manifest | None:
    """What the union at `source` was made of, None where it is no union."""
    if not is_s3(source):
        path = Path(source) / MANIFEST
        return read_record(Manifest, path) if path.is_file() else None
    place = open_objects(source)
    if not _IS_SHARED.search(place.prefix) or not place.has(MANIFEST):
        return None
    with TemporaryDirectory() as folder:
        path = Path(folder) / MANIFEST
        place.fetch(MANIFEST, path)
        return read_record(Manifest, path)


def _key(reference: Reference, windows: Sequence[Window], max_rows: int) -> str:
    facts = [reference.content_key, max_rows, [window.sha256 for window in windows]]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:_KEY_LENGTH]


def _write(
    place: Path,
    reference: Reference,
    kept: pd.DataFrame,
    frames: Sequence[pd.DataFrame],
    windows: Sequence[Window],
) -> None:
    unfinished = place.with_name(f".{place.name}")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    if len(kept):
        write_marked(kept, unfinished / "000000.parquet", reference.origins, reference.columns)
    for number, (rows, window) in enumerate(zip(frames, windows, strict=True), start=1):
        path = unfinished / f"{number:06}.parquet"
        write_marked(rows, path, [window.sha256], reference.columns)
    manifest = Manifest(
        model=reference.model,
        version=reference.version,
        split=reference.split,
        windows=tuple(window.sha256 for window in windows),
        until=max((window.arrived for window in windows), default=None),
    )
    (unfinished / MANIFEST).write_text(manifest.model_dump_json(indent=1))
    unfinished.replace(place)
