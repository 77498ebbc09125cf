"""What several trees a column bring beside one: `python -m benchmarks.several_trees`.

    python -m benchmarks.several_trees --data-dir FOLDER [--rows N] [--only TABLE,...]
        [--state FILE] [--write docs/several_trees.md]

FOLDER, rows, split and figures are those of `benchmarks.tables`, with one thread. What was measured
is kept in FILE, so that a killed run goes on.
"""

import argparse
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.calibration.given import TABLES, read, read_adult
from benchmarks.calibration.trials import ROOT
from benchmarks.calibration.wording import table
from benchmarks.kept import Kept
from benchmarks.tables import METRICS, cell, judged, ours
from components.config import TreesConfig
from components.threads import limited_threads

STATE = ROOT / ".mintmark" / "benchmarks" / "several_trees.jsonl"
WHOLE = "adult, all"
"""Adult with all of its rows."""
CROWDS, COUNTS = (1, 5, 10, 15, 25), (1, 20)
SHOWN = [metric for metrics in METRICS.values() for metric in metrics]
NOTE = """# Several trees a column

Written by `python -m benchmarks.several_trees`; do not edit. Each column has one tree of all rows,
or twenty, grown on random halves of the rows, among which every row draws lots
(`train.model.num_trees`). One split, one seed, one thread; other work shared the processors. In
brackets the 95% interval. Less is better everywhere, an AUC of .5 best.

"""

Found = Mapping[tuple[str, int, int, int], dict[str, Any]]


def measure(options: argparse.Namespace) -> Found:
    """The entry of each table, its rows, crowd and number of trees."""
    kept, found = Kept(options.state), {}
    for name in [*options.only, WHOLE]:
        is_whole = name == WHOLE
        data = options.data_dir
        parts = read_adult(data) if is_whole else read(name, data, options.rows)
        for crowd in CROWDS:
            for count in COUNTS:
                config = TreesConfig(crowd=crowd, num_trees=count)
                place = name, len(parts.train), crowd, count
                make = partial(_judge, config, parts)
                found[place] = kept.entry("|".join(map(str, place)), make)
    return found


def _judge(config: TreesConfig, parts: Any) -> dict[str, Any]:
    return judged(parts, ours(config, parts))


def lines(found: Found) -> Iterator[list[str]]:
    """A line of the page for each entry."""
    for (name, rows, crowd, count), entry in found.items():
        cells = [cell(metric, entry["figures"][metric]) for metric in SHOWN]
        yield [name, f"{rows:,}", str(crowd), str(count), *cells, f"{entry['seconds']:.1f}"]


def changes(found: Found) -> Iterator[list[str]]:
    """The mean change over tables that twenty trees make, and on how many a figure falls."""
    tables = sorted({(name, rows) for name, rows, _, _ in found if name != WHOLE})
    for crowd in CROWDS:
        cells = []
        for metric in SHOWN:
            values = [
                found[(*each, crowd, COUNTS[1])]["figures"][metric][0]
                - found[(*each, crowd, COUNTS[0])]["figures"][metric][0]
                for each in tables
            ]
            falls = sum(value < 0 for value in values)
            cells.append(f"{np.mean(values):+.3f} ({falls} of {len(values)})")
        yield [str(crowd), *cells]


def main() -> None:
    """Measure all and write the page."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--rows", type=int, default=4_000)
    parser.add_argument("--only", type=lambda text: text.split(","), default=list(TABLES))
    parser.add_argument("--state", type=Path, default=STATE)
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    with limited_threads(1):
        found = measure(options)
    text = (
        NOTE + "What twenty trees change, on average over the tables, and on how many the figure "
        "falls:\n\n"
        + table(["crowd", *SHOWN], list(changes(found)))
        + "\n"
        + table(["table", "rows", "crowd", "trees", *SHOWN, "seconds"], list(lines(found)))
    )
    print(text)
    if options.write:
        options.write.write_text(text)


if __name__ == "__main__":
    main()
