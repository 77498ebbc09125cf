"""Seconds and memory of one look at many rows, beside Evidently.

    python -m benchmarks.monitor_scale [--rows 1000000,4000000] [--evidently-rows 1000000]

Thirty columns of every kind, as many training rows as new ones, both Parquet on disk, with a shift
in three columns. Each figure is of a process of its own, whose greatest memory the system tells,
and whose seconds are those of the processor: other work on the machine is not counted. "Beyond
reading" is what a look takes more than reading both files once, batch by batch; the sketch of the
training rows is made once for a version and timed by itself. Evidently gets both tables in memory,
with its defaults, and its reading is not counted either.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from components.data.batches import parquet_batches
from components.data.description import Description
from components.data.inference import infer_kinds
from components.data.schema import Schema

PART = 250_000
NUM_NUMBERS = 20
TARGET = "label"


def part(num_rows: int, seed: int, *, shifted: bool) -> pd.DataFrame:
    """Some of the rows: twenty numbers, eight categories, a truth and a time."""
    rng = np.random.default_rng([seed, shifted])
    common = rng.normal(size=num_rows)
    columns: dict[str, object] = {}
    for k in range(NUM_NUMBERS):
        values = 0.5 * common + rng.normal(size=num_rows)
        if k % 4 == 1:
            values = np.exp(values)
        if k % 4 == 2:
            values = np.round(10 * values)
        if k % 4 == 3:
            values[rng.random(num_rows) < 0.2] = 0.0
        if k % 5 == 0:
            values[rng.random(num_rows) < 0.02] = np.nan
        columns[f"n{k}"] = values + (0.7 if shifted and k < 3 else 0.0)
    for k in range(8):
        levels = np.array([f"level {i}" for i in range(3 + 6 * k)])
        places = np.minimum(rng.geometric(0.3, num_rows) - 1, len(levels) - 1)
        columns[f"c{k}"] = pd.Series(levels[places], dtype="str")
    columns[TARGET] = common + rng.normal(size=num_rows) > 0
    seconds = rng.integers(0, 10**8, num_rows).astype("timedelta64[s]")
    columns["at"] = np.datetime64("2021-01-01", "us") + seconds
    return pd.DataFrame(columns)


def write(path: Path, num_rows: int, *, shifted: bool) -> None:
    """A Parquet file of so many rows, made a part at a time."""
    writer = None
    for seed, start in enumerate(range(0, num_rows, PART)):
        rows = part(min(PART, num_rows - start), seed, shifted=shifted)
        table = pa.Table.from_pandas(rows, preserve_index=False)
        writer = writer or pq.ParquetWriter(path, table.schema)
        writer.write_table(table)
    assert writer is not None
    writer.close()


def write_schema(folder: Path) -> None:
    """The schema of the training rows, told from their first part."""
    rows = part(PART, 0, shifted=False)
    kinds = infer_kinds(rows, TARGET, {})
    description = Description(kinds)
    description.add(rows)
    description.schema(TARGET).save(folder / "schema.json")


def import_only(folder: Path) -> None:
    """Nothing but what every measurement loads: the memory that is not of rows."""
    from components.monitoring import drift, joint  # noqa: F401


def read(folder: Path) -> None:
    """Read both files, and do nothing with their rows."""
    import_only(folder)
    for name in ("train", "new"):
        for _ in parquet_batches(folder / f"{name}.parquet").read():
            pass


def sketch(folder: Path) -> None:
    """The sketch of the training rows, as it is kept with a version."""
    from components.monitoring.reference import make_reference

    schema = Schema.load(folder / "schema.json")
    make_reference(parquet_batches(folder / "train.parquet"), schema).save(folder / "sketch.json")


def look(folder: Path) -> None:
    """One look with the sketch at hand: reading, comparing, trees, verdict."""
    from components.monitoring.drift import detect, make_baseline
    from components.monitoring.reference import Reference

    schema = Schema.load(folder / "schema.json")
    reference = Reference.load(folder / "sketch.json", schema)
    batches = parquet_batches(folder / "train.parquet")
    baseline = make_baseline(batches, schema, reference=reference)
    report = detect(baseline, parquet_batches(folder / "new.parquet"), alarm_share=0.3).report
    found = sorted(column.name for column in report.columns if column.drifted)
    assert found == ["n0", "n1", "n2"] or found == ["n0", "n1"], found


def evidently(folder: Path) -> None:
    """Evidently's preset with its defaults on both tables; reading is taken off."""
    from evidently import Dataset, Report
    from evidently.presets import DataDriftPreset

    tables = [pd.read_parquet(folder / f"{name}.parquet") for name in ("new", "train")]
    started = time.process_time()
    Report([DataDriftPreset()]).run(*map(Dataset.from_pandas, tables)).dict()
    (folder / "evidently.json").write_text(json.dumps(time.process_time() - started))


TASKS = {task.__name__: task for task in (import_only, read, sketch, look, evidently)}


def measure(task: str, folder: Path) -> tuple[float, float]:
    """The processor's seconds and the megabytes of a task in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.monitor_scale", "--task", task, str(folder)]
    process = subprocess.Popen(command)
    _, status, usage = os.wait4(process.pid, 0)
    assert os.waitstatus_to_exitcode(status) == 0, f"{task} failed"
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def main() -> None:
    """Measure each size and print a table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rows", default="1000000")
    parser.add_argument("--evidently-rows", type=int, default=1_000_000)
    parser.add_argument("--task", nargs=2, metavar=("TASK", "FOLDER"))
    arguments = parser.parse_args()
    if arguments.task:
        TASKS[arguments.task[0]](Path(arguments.task[1]))
        return
    print(
        "| rows x 30 | reading both, s | sketch once, s | a look, s | beyond reading, s "
        "| memory of rows, MB | Evidently, s | its memory, MB |\n|---|---|---|---|---|---|---|---|"
    )
    for num_rows in map(int, arguments.rows.split(",")):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            write_schema(folder)
            write(folder / "train.parquet", num_rows, shifted=False)
            write(folder / "new.parquet", num_rows, shifted=True)
            line(num_rows, folder, with_peer=num_rows <= arguments.evidently_rows)


def line(num_rows: int, folder: Path, *, with_peer: bool) -> None:
    """Measure one size and print its line."""
    started, bare = measure("import_only", folder)
    reading, _ = measure("read", folder)
    once, _ = measure("sketch", folder)
    looking, memory = measure("look", folder)
    reading, once, looking = reading - started, once - started, looking - started
    cells = [f"{num_rows:,}", f"{reading:.1f}", f"{once:.1f}", f"{looking:.1f}"]
    cells += [f"{looking - reading:.1f}", f"{memory - bare:.0f}"]
    if with_peer:
        _, peer = measure("evidently", folder)
        seconds = json.loads((folder / "evidently.json").read_text())
        cells += [f"{seconds:.1f}", f"{peer:.0f}"]
    else:
        cells += ["", ""]
    print(f"| {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
