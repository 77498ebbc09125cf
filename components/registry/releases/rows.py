"""The rows of a release: drawn by the version's own code; equal rows are equal bytes.

Parquet's bytes depend on the writer: its settings are fixed here, its version is on the card.
"""

import hashlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from mlflow.entities.model_registry import ModelVersion

from components.data.files import read_batches
from components.data.forms.arrow_types import made_types
from components.data.output import write_row_groups
from components.data.schema import Schema
from components.errors import UserError
from components.models.artifact import saved_schema
from components.registry.packaging.sealed import bring_package

RELEASE_MARK = "mintmark.release"
"""The key in a Parquet file's metadata by which a renamed copy of a release is known."""

_CONSUMER = """
import sys
import mlflow, pandas as pd, pyarrow as pa, pyarrow.parquet as pq
model = mlflow.pyfunc.load_model(sys.argv[1])
num_rows, seed = int(sys.argv[2]), int(sys.argv[3])
try:
    frames = model.get_raw_model().stream(num_rows, seed)
except NotImplementedError:  # a version from before rows came in parts
    frames = [model.predict(pd.DataFrame({"num_rows": [num_rows], "seed": [seed]}))]
writer = None
for frame in frames:
    table = pa.Table.from_pandas(frame, preserve_index=False)
    writer = writer or pq.ParquetWriter(sys.argv[4], table.schema)
    writer.write_table(table)
writer.close()
"""
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
_ROW_GROUP = 131_072


@dataclass(frozen=True)
class Drawn:
    """A Parquet file of rows, and the types of the source that a release gives back to columns."""

    path: Path
    types: Mapping[str, pa.DataType]


@contextmanager
def draw_rows(generator: ModelVersion, num_rows: int, seed: int) -> Iterator[Drawn]:
    """A Parquet file of rows, drawn in a fresh process by the code that travels with the version.

    On one thread, since sums in another order differ in the last bit. The file is there while the
    context lasts. Raises UserError where the version cannot be loaded or sampled, or its files are
    not those that were registered.
    """
    with tempfile.TemporaryDirectory() as elsewhere:
        folder = bring_package(generator, Path(elsewhere) / "model")
        target = Path(elsewhere) / "drawn.parquet"
        command = [sys.executable, "-I", "-c", _CONSUMER, str(folder)]
        done = subprocess.run(
            [*command, str(num_rows), str(seed), str(target)],
            cwd=elsewhere,
            env=os.environ | _ONE_THREAD,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            last = (done.stderr.strip().splitlines() or ["no message"])[-1]
            raise UserError(
                f"version {generator.version} of {generator.name!r} could not be sampled: {last}"
            )
        schema = saved_schema(folder / "data" / "generator")
        yield Drawn(target, made_types(schema.columns) if isinstance(schema, Schema) else {})


def write_rows(
    frames: Iterable[pd.DataFrame],
    path: Path,
    marks: Mapping[str, str],
    types: Mapping[str, pa.DataType] | None = None,
) -> None:
    """Write frames as Parquet, `marks` in the file's own metadata; equal input, equal bytes.

    `types` are those of columns that have another than pandas gives.
    """
    write_row_groups(
        frames,
        path,
        types=types,
        marks=marks,
        version="2.6",
        data_page_version="1.0",
        compression="snappy",
        use_dictionary=True,
        write_statistics=True,
    )


def read_marks(path: Path) -> dict[str, str]:
    """What `write_rows` put into the file's metadata; empty for a file that is not ours.

    Raises UserError for a Parquet file that cannot be read.
    """
    if path.suffix not in (".parquet", ".pq"):
        return {}
    try:
        metadata = pq.read_metadata(path).metadata or {}
    except (pa.ArrowException, OSError) as error:
        raise UserError(f"cannot read {path}: {error}") from error
    prefix = b"mintmark."
    return {k.decode(): v.decode() for k, v in metadata.items() if k.startswith(prefix)}


def release_frames(path: Path) -> Iterator[pd.DataFrame]:
    """The rows of a file in frames of a release's row groups."""
    return read_batches(path, _ROW_GROUP)


def file_sha256(path: Path) -> str:
    """The SHA-256 of the file's bytes, as `sha256sum` prints it."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
