"""What a judge that picks among a generator's draws is worth, table by table.

    python -m benchmarks.resampling --data-dir FOLDER [--rows N] [--only TABLE,...] [--state FILE]
        [--seeds N] [--write docs/resampling.md]

FOLDER and the tables are those of `benchmarks.tables`. Each generator makes as many rows as it
learned from, as it is and with a judge, each with every seed. What was measured is kept in FILE.
"""

import argparse
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.calibration.given import TABLES, read
from benchmarks.calibration.tables import Parts
from benchmarks.calibration.trials import ROOT
from benchmarks.calibration.wording import table
from benchmarks.kept import Kept
from benchmarks.tables import METRICS, judged
from components.config import (
    AutoregressiveConfig,
    CopulaConfig,
    ForestConfig,
    ModelConfig,
    ResampledConfig,
    TreesConfig,
    TvaeConfig,
)
from components.models.catalog import make_model
from components.racing.standing import title_of
from components.threads import limited_threads

STATE = ROOT / ".mintmark" / "benchmarks" / "resampling.jsonl"
PLAIN: tuple[ModelConfig, ...] = (
    CopulaConfig(),
    TreesConfig(crowd=25),
    TreesConfig(crowd=10),
    ForestConfig(),
    AutoregressiveConfig(),
    TvaeConfig(),
)
SHOWN = tuple(name for names in METRICS.values() for name in names)
NOTE = """# Resampling by a judge

Written by `python -m benchmarks.resampling`; do not edit. Each row is one of 8 draws of the
generator, picked by two judges that learned to tell its rows from training rows, each on half of
them, and that stop where the other half says so
([decision 16](decisions/0016-a-judge-picks.md)). Tables are those of [tables](tables.md); the mean
over seeds, and beside it how much the judge changes it. Seconds are those of a processor, fit and
draw.

"""


def measured(config: ModelConfig, parts: Parts, seed: int) -> dict[str, Any]:
    """The figures of the rows that a generator makes with a seed, and its processor seconds."""
    with limited_threads(1):
        started = time.process_time()
        model = make_model(config, parts.train.schema.constraints)
        model.fit(parts.train, seed=seed)
        rows = model.sample(len(parts.train), seed=seed)
        return judged(parts, (rows, time.process_time() - started, ""))


def main() -> None:
    """Measure what was not measured yet, print the page and write it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--rows", type=int, default=4_000)
    parser.add_argument("--only", type=lambda text: text.split(","), default=list(TABLES))
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--state", type=Path, default=STATE)
    parser.add_argument("--write", type=Path)
    arguments = parser.parse_args()
    kept, lines, gains = Kept(arguments.state), [], []
    for name in arguments.only:
        parts = read(name, arguments.data_dir, arguments.rows)
        for plain in PLAIN:
            pair = [
                _means(kept, name, parts, config, arguments.seeds)
                for config in (plain, ResampledConfig(generator=plain))
            ]
            gains.append(pair[1] - pair[0])
            lines.append([name, f"{len(parts.train):,}", title_of(plain), *_cells(*pair)])
    page = NOTE + table(["table", "rows", "generator", *SHOWN, "seconds"], lines)
    page += "\n\n" + _summary(np.array(gains)) + "\n"
    sys.stdout.write(page)
    if arguments.write:
        arguments.write.write_text(page)


def _means(kept: Kept, name: str, parts: Parts, config: ModelConfig, seeds: int) -> np.ndarray:
    found = []
    for seed in range(seeds):
        key = f"{name}|{len(parts.train)}|{config.model_dump_json()}|{seed}"
        entry = kept.entry(key, partial(measured, config, parts, seed))
        found.append([*(entry["figures"][metric][0] for metric in SHOWN), entry["seconds"]])
    means: np.ndarray = np.mean(found, axis=0)
    return means


def _cells(plain: np.ndarray, judged: np.ndarray) -> list[str]:
    pairs = list(zip(plain, judged, strict=True))
    seconds, more = pairs[-1][0], pairs[-1][1] - pairs[-1][0]
    return [*(f"{a:.3f} ({b - a:+.3f})" for a, b in pairs[:-1]), f"{seconds:.1f} ({more:+.1f})"]


def _summary(gains: np.ndarray) -> str:
    """The mean change of each metric over tables and generators, and how often it was one up."""
    said = [
        f"{metric} {column.mean():+.3f} (higher in {int((column > 0).sum())} of {len(column)})"
        for metric, column in zip(SHOWN, gains.T, strict=False)
    ]
    return "Over all lines the judge changes " + ", ".join(said) + "."


if __name__ == "__main__":
    main()
