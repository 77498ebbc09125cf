"""Seconds and memory of each stage on a million rows and more: `python -m benchmarks.scale`.

    python -m benchmarks.scale --data-dir FOLDER [--rows 1000000,4000000] [--write docs/scale.md]

FOLDER holds the folder adult. Its training rows are drawn anew with noise in their numbers, until
there are so many; the stages then run as they do in a run, each a process of its own, whose
greatest memory the system tells. Trees with a crowd of 25 are trained on 99% of the rows, and draw
as many rows as there were. What was measured is kept, so that a killed run goes on.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.calibration.trials import ROOT
from benchmarks.calibration.wording import table

FOLDER = ROOT / ".mintmark" / "benchmarks" / "scale"
STAGES = ("prepare", "train", "synthesize")
NOISE = {"age": 1, "fnlwgt": 5_000, "hours-per-week": 2}
NOTE = """# A million rows and more

Written by `python -m benchmarks.scale`; do not edit. Adult drawn anew with noise in its numbers,
15 columns; trees with a crowd of 25 are trained on 99% of the rows and draw as many as there were.
Each stage is a process of its own; memory is its greatest, with Python and its libraries. Two cores
that other work shared, so that seconds are upper bounds.

"""


def main() -> None:
    """Run the stages that were not measured yet, print the page and write it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--rows", default="1000000,4000000")
    parser.add_argument("--write", type=Path)
    arguments = parser.parse_args()
    sizes = [int(size) for size in arguments.rows.split(",")]
    for size in sizes:
        _measure(size, arguments.data_dir / "adult" / "train.parquet")
    page = NOTE + table(["rows", *_COLUMNS], [_line(size) for size in sizes])
    sys.stdout.write(page)
    if arguments.write:
        arguments.write.write_text(page)


_COLUMNS = ("the table in pandas, MB", *(f"{stage}: s / MB" for stage in STAGES), "all: s / MB")


def _line(size: int) -> list[str]:
    found = _figures(size)
    pairs = [found[stage] for stage in STAGES]
    total = (sum(seconds for seconds, _ in pairs), max(memory for _, memory in pairs))
    cells = [f"{seconds:.0f} / {memory:,.0f}" for seconds, memory in (*pairs, total)]
    return [f"{size:,}", f"{found['table'][1]:,.0f}", *cells]


def _measure(size: int, adult: Path) -> None:
    """Make the rows and run each stage, unless that was done; note seconds and megabytes."""
    folder = FOLDER / str(size)
    folder.mkdir(parents=True, exist_ok=True)
    found = _figures(size)
    if "table" not in found:
        found["table"] = (0.0, _make_rows(size, adult, folder / "rows.parquet"))
        _keep(size, found)
    _write_params(folder, size)
    for stage in STAGES:
        if stage not in found:
            found[stage] = _run(stage, folder)
            _keep(size, found)


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


def _write_params(folder: Path, size: int) -> None:
    from flows.request import RunRequest, build_params, to_yaml

    overrides = (
        "train.model={name: trees, crowd: 25}",
        "prepare.test_share=0.01",
        f"synthesize.rows={size}",
    )
    request = RunRequest(
        data=str(folder / "rows.parquet"), target="income", name="scale", overrides=overrides
    )
    (folder / "params.yaml").write_text(to_yaml(build_params(request)))


def _run(stage: str, folder: Path) -> tuple[float, float]:
    """The stage's seconds, and its greatest memory in megabytes."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "MINTMARK_HOME": str(folder / "home")}
    started = time.monotonic()
    command = [sys.executable, "-m", f"components.stages.{stage}"]
    process = subprocess.Popen(command, cwd=folder, env=environment)
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        raise SystemExit(f"{stage} ended with status {os.waitstatus_to_exitcode(status)}")
    return time.monotonic() - started, usage.ru_maxrss / 1024


def _figures(size: int) -> dict[str, tuple[float, float]]:
    path = FOLDER / str(size) / "figures.json"
    return json.loads(path.read_text()) if path.is_file() else {}


def _keep(size: int, found: dict[str, tuple[float, float]]) -> None:
    (FOLDER / str(size) / "figures.json").write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
