"""Seconds and memory of each stage on a million rows and more: `python -m benchmarks.scale`.

    python -m benchmarks.scale --data-dir FOLDER [--write docs/scale.md]

FOLDER holds the folder adult. Its training rows are drawn anew with noise in their numbers, until
there are so many; the stages then run as they do in a run, each a process of its own, whose
greatest memory the system tells. Trees with a crowd of 25 are trained on 99% of the rows, or as
many as `prepare.max_train_rows` leaves, and draw as many rows as there were. What was measured is
kept, so that a killed run goes on.
"""

import argparse
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.calibration.trials import ROOT
from benchmarks.calibration.wording import table
from benchmarks.scale_categories import section
from components.config import EvaluateConfig, Purpose
from components.data.table import Table
from components.evaluation.case import Case, canonical
from components.evaluation.catalog import EVALUATORS
from components.models.contract import log_nothing
from components.stages.paths import StagePaths
from components.stages.tables import read_test, read_train

FOLDER = ROOT / ".mintmark" / "benchmarks" / "scale"
STAGES = ("prepare", "train", "synthesize")
LIKENESS = {"shape": "shape_error", "trend": "trend_error", "two_sample": "two_sample_auc"}
MOST_JUDGED = 10_000
NOISE = {"age": 1, "fnlwgt": 5_000, "hours-per-week": 2}
NOTE = """# A million rows and more

Written by `python -m benchmarks.scale`; do not edit. Adult drawn anew with noise in its numbers,
15 columns; 99% of the rows are for training, of which `prepare.max_train_rows` are kept. Trees with
a crowd of 25 draw as many rows as there were. Each stage is a process of its own; memory is its
greatest, with Python and its libraries. Other work shared the processors, so that seconds are upper
bounds. Likeness is that of 10,000 synthetic rows to as many test rows: what keeping fewer costs.

`prepare` reads the source in batches of 131,072 rows. Of all rows it holds only what decides the
split, some 25 bytes a row where that is a target of few classes. What tells the kinds of columns is
added up exactly over all rows, never from a sample; distinct texts beyond 65,536 in a column are
counted by hashes of 128 bits on disk. A CSV is first written as Parquet, beside the outputs.

"""

_WATCH = """
import json, os, subprocess, sys, time
started = time.monotonic()
process = subprocess.Popen([sys.executable, "-m", sys.argv[1]])
_, status, usage = os.wait4(process.pid, 0)
print(json.dumps([time.monotonic() - started, usage.ru_maxrss / 1024]))
sys.exit(os.waitstatus_to_exitcode(status))
"""
"""A small process between: what a process starts counts the memory of its parent at the start."""

Figures = dict[str, list[float]]


@dataclass(frozen=True)
class Size:
    """How many rows there are, and how many of the training rows are kept at most."""

    rows: int
    kept: int = 1_000_000

    @property
    def folder(self) -> Path:
        """Where its stages run, and its figures are kept."""
        return FOLDER / f"{self.rows}-{self.kept}"

    @property
    def figures(self) -> Figures:
        """What was measured by now: seconds and megabytes of each stage."""
        path = self.folder / "figures.json"
        return json.loads(path.read_text()) if path.is_file() else {}

    def keep(self, name: str, values: list[float]) -> None:
        """Note what was measured."""
        text = json.dumps(self.figures | {name: values}, indent=1)
        (self.folder / "figures.json").write_text(text)


SIZES = (
    Size(1_000_000),
    Size(2_000_000),
    Size(4_000_000),
    Size(4_000_000, 100_000),
    Size(4_000_000, 4_000_000),
)
_COLUMNS = (
    "rows",
    "kept at most",
    "the table in pandas, MB",
    *(f"{stage}: s / MB" for stage in STAGES),
    "all: s / MB",
    *LIKENESS.values(),
)


def main() -> None:
    """Run the stages that were not measured yet, print the page and write it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--write", type=Path)
    arguments = parser.parse_args()
    for size in SIZES:
        _measure(size, arguments.data_dir / "adult" / "train.parquet")
    page = NOTE + table(list(_COLUMNS), [_line(size) for size in SIZES]) + "\n"
    page += section(FOLDER / "categories", arguments.data_dir / "adult" / "train.parquet")
    sys.stdout.write(page)
    if arguments.write:
        arguments.write.write_text(page)


def _line(size: Size) -> list[str]:
    found = size.figures
    pairs = [found[stage] for stage in STAGES]
    total = [sum(seconds for seconds, _ in pairs), max(memory for _, memory in pairs)]
    cells = [f"{seconds:.0f} / {memory:,.0f}" for seconds, memory in (*pairs, total)]
    likeness = [f"{value:.3f}" for value in found["likeness"]]
    return [f"{size.rows:,}", f"{size.kept:,}", f"{found['table'][0]:,.0f}", *cells, *likeness]


def _measure(size: Size, adult: Path) -> None:
    """Make the rows, run each stage and compare, unless that was done."""
    size.folder.mkdir(parents=True, exist_ok=True)
    if "table" not in size.figures:
        size.keep("table", [_make_rows(size.rows, adult, size.folder / "rows.parquet")])
    _write_params(size)
    for stage in STAGES:
        if stage not in size.figures:
            size.keep(stage, _run(stage, size.folder))
    if "likeness" not in size.figures:
        size.keep("likeness", _likeness(StagePaths(size.folder)))


def _likeness(paths: StagePaths) -> list[float]:
    """The metrics of LIKENESS of some synthetic rows against as many test rows."""
    train, test = read_train(paths), read_test(paths)
    few = np.arange(MOST_JUDGED)
    synthetic = Table(pd.read_parquet(paths.synthetic), train.schema)
    case = Case(
        train=canonical(train.take(few), 0),
        test=canonical(test.take(few), 0),
        synthetic=canonical(synthetic.take(few), 0),
        config=EvaluateConfig(purpose=Purpose.SHARING),
        make_and_fit=None,
        workers=1,
    )
    values = {
        found.name: found.value
        for name in LIKENESS
        for found in EVALUATORS[name].run(case, log_nothing).measurements
    }
    return [values[metric] for metric in LIKENESS.values()]


def _make_rows(size: int, adult: Path, path: Path) -> float:
    """Write so many rows; the megabytes that they take in pandas."""
    from components.data.output import write_frames

    real, rng = pd.read_parquet(adult), np.random.default_rng(0)
    sizes: list[int] = []

    def parts():  # type: ignore[no-untyped-def]
        for start in range(0, size, 100_000):
            rows = real.iloc[rng.integers(len(real), size=min(100_000, size - start))]
            noisy = {
                name: (rows[name] + rng.integers(-most, most + 1, len(rows))).clip(lower=0)
                for name, most in NOISE.items()
            }
            frame = rows.assign(**noisy).reset_index(drop=True)
            sizes.append(int(frame.memory_usage(deep=True).sum()))
            yield frame

    write_frames(parts(), path)
    return sum(sizes) / 2**20


def _write_params(size: Size) -> None:
    from flows.request import RunRequest, build_params, to_yaml

    request = RunRequest(
        data=str(size.folder / "rows.parquet"),
        target="income",
        name="scale",
        overrides=(
            "train.model={name: trees, crowd: 25}",
            "prepare.test_share=0.01",
            f"prepare.max_train_rows={size.kept}",
            f"synthesize.rows={size.rows}",
        ),
    )
    (size.folder / "params.yaml").write_text(to_yaml(build_params(request)))


def _run(stage: str, folder: Path) -> list[float]:
    """The stage's seconds, and its greatest memory in megabytes."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "MINTMARK_HOME": str(folder / "home")}
    command = [sys.executable, "-c", _WATCH, f"components.stages.{stage}"]
    done = subprocess.run(command, cwd=folder, env=environment, check=True, stdout=subprocess.PIPE)
    found: list[float] = json.loads(done.stdout.splitlines()[-1])
    return found


if __name__ == "__main__":
    main()
