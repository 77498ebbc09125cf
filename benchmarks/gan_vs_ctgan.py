"""Our conditional GAN beside the published CTGAN, and without each of its parts, table by table.

    python -m benchmarks.gan_vs_ctgan --peer-env DIR [--data-dir FOLDER] [--rows N]
        [--only TABLE,...] [--parts-on TABLE,...] [--state FILE] [--write docs/gan.md]

Its parts are taken away on the tables of `--parts-on`, by default on all.

DIR gets an environment with the published `ctgan`, unless it is one. FOLDER is that of
`benchmarks.tables`, without it there is breast_cancer alone. Rows, split and figures are those of
`benchmarks.tables`; every generator has one thread. What was measured is kept in FILE, so that a
killed run goes on.
"""

import argparse
import subprocess
import venv
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.calibration.given import TABLES, parts_of, read
from benchmarks.calibration.tables import Parts
from benchmarks.calibration.trials import ROOT
from benchmarks.calibration.wording import table
from benchmarks.kept import Kept
from benchmarks.tables import RANKED, cell, judged, ours, peers
from components.config import CtganConfig
from components.data.bundled import load_bundled
from components.threads import limited_threads

STATE = ROOT / ".mintmark" / "benchmarks" / "gan.jsonl"
OURS, PEER = "ours", "CTGAN"
PEER_REQUIREMENTS = ("torch==2.13.0", "ctgan==0.11.0", "pyarrow")
BUNDLED = "breast_cancer"
BARE = "ours, crowd 1"
CROWDLESS = CtganConfig(crowd=1)
"""What its other parts are taken from: they say nothing of whose values are given out."""
WITHOUT: dict[str, CtganConfig] = {
    "averaged weights": CROWDLESS.model_copy(update={"ema_decay": 0.0}),
    "early stopping by held-out rows": CROWDLESS.model_copy(update={"holdout_share": 0.0}),
    "slots for frequent values": CROWDLESS.model_copy(update={"spike_share": 1.0}),
    "levels for few values": CROWDLESS.model_copy(update={"max_levels": 2}),
    "the critic's penalty on its slope": CROWDLESS.model_copy(update={"penalty": 0.0}),
}
"""Our GAN without a crowd, less one more part each, and what that is."""
HEADS = ["table", "rows", "generator", *RANKED, "seconds"]
NOTE = """# The conditional GAN, its parts, and CTGAN

Written by `python -m benchmarks.gan_vs_ctgan`; do not edit. One split and one seed, default
settings (CTGAN: 300 epochs), one thread each; other work shared the processors, more at
some times than at others: take seconds for magnitudes. Less is better
everywhere, an AUC of .5 best; in brackets, the 95% interval.

"""


def make_peer_env(directory: Path) -> None:
    """An environment with CTGAN in `directory`, unless there is one."""
    if not (directory / "bin" / "python").exists():
        venv.create(directory, with_pip=True)
        pip = [directory / "bin" / "python", "-m", "pip", "install", "--quiet"]
        subprocess.run([*pip, *PEER_REQUIREMENTS], check=True)


def parts_for(name: str, options: argparse.Namespace) -> Parts:
    """The rows of a table, of the folder or of scikit-learn's."""
    if name == BUNDLED:
        return parts_of(load_bundled("sklearn:breast_cancer"), "diagnosis", options.rows)
    return read(name, options.data_dir, options.rows)


def measure(options: argparse.Namespace) -> dict[tuple[str, int], dict[str, dict[str, Any]]]:
    """The entry of each generator, by table and number of rows."""
    kept, found = Kept(options.state), {}
    makers = {OURS: partial(ours, CtganConfig()), PEER: partial(peers, PEER, options.peer_env)}
    makers |= {BARE: partial(ours, CROWDLESS)}
    makers |= {part: partial(ours, config) for part, config in WITHOUT.items()}
    for name in options.only:
        parts = parts_for(name, options)

        def entry(generator: str) -> dict[str, Any]:
            key = f"{name}|{len(parts.train)}|{generator}"  # noqa: B023 - called at once
            return kept.entry(key, lambda: judged(parts, makers[generator](parts)))  # noqa: B023

        wanted = makers if name in (options.parts_on or options.only) else (OURS, PEER)
        found[name, len(parts.train)] = {generator: entry(generator) for generator in wanted}
    return found


def lines(found: Mapping[tuple[str, int], dict[str, dict[str, Any]]]) -> Iterator[list[str]]:
    """Ours, also without a crowd where that was measured, and CTGAN on each table."""
    for (name, rows), entries in found.items():
        for generator in (each for each in (OURS, BARE, PEER) if each in entries):
            entry = entries[generator]
            figures = entry["figures"]
            cells = [cell(m, figures[m]) if m in figures else "" for m in RANKED]
            yield [name, f"{rows:,}", generator, *cells, f"{entry['seconds']:.0f}"]


def verdicts(found: Mapping[tuple[str, int], dict[str, dict[str, Any]]]) -> Iterator[str]:
    """For each table, the figures on which CTGAN is not behind, and by how much it is slower."""
    for (name, _), entries in found.items():
        one, other = (entries[generator]["figures"] for generator in (OURS, PEER))
        behind = [
            f"{metric} {_over(one, metric):.3f} against {_over(other, metric):.3f}"
            for metric in RANKED
            if metric in one and _over(one, metric) >= _over(other, metric)
        ]
        times = entries[PEER]["seconds"] / entries[OURS]["seconds"]
        told = f"behind on {', '.join(behind)}" if behind else "ahead on every figure"
        yield f"- {name}: {told}; CTGAN takes {times:.1f} times as long"


def _over(figures: Mapping[str, tuple[float, float, float]], metric: str) -> float:
    """By how much a figure is above the best that it can be."""
    return max(figures[metric][0] - RANKED[metric], 0.0)


def worth(found: Mapping[tuple[str, int], dict[str, dict[str, Any]]]) -> Iterator[list[str]]:
    """How figures change without each part: the mean over tables, and on how many they worsen."""
    found = {title: entries for title, entries in found.items() if entries.keys() >= WITHOUT.keys()}
    pairs = {"a crowd behind all that is given out": (OURS, BARE)}
    pairs |= {part: (BARE, part) for part in WITHOUT}
    for part, (whole, less) in pairs.items():
        cells = []
        for metric in RANKED:
            changes = [
                _over(entries[less]["figures"], metric) - _over(entries[whole]["figures"], metric)
                for entries in found.values()
                if metric in entries[whole]["figures"]
            ]
            worse = sum(change > 0 for change in changes)
            cells.append(f"{np.mean(changes):+.3f} ({worse} of {len(changes)})")
        yield [part, *cells]


def main() -> None:
    """Measure all and write the page."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data-dir", type=Path)
    parser.add_argument("--peer-env", type=Path, required=True)
    parser.add_argument("--rows", type=int, default=4_000)
    parser.add_argument("--only", type=lambda text: text.split(","))
    parser.add_argument("--parts-on", type=lambda text: text.split(","))
    parser.add_argument("--state", type=Path, default=STATE)
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    options.only = options.only or (list(TABLES) if options.data_dir else [BUNDLED])
    make_peer_env(options.peer_env)
    with limited_threads(1):  # the peer's too
        found = measure(options)
    text = (
        NOTE
        + "\n".join(verdicts(found))
        + "\n\n"
        + table(HEADS, list(lines(found)))
        + "\n## What each part is worth\n\nThe figure without the part less the one with it, on "
        "average over the tables, and on how many it is worse. Parts but the first are taken from "
        f"the GAN with a crowd of 1. On {', '.join(options.parts_on or options.only)}.\n\n"
        + table(["without", *RANKED], list(worth(found)))
    )
    print(text)
    if options.write:
        options.write.write_text(text)


if __name__ == "__main__":
    main()
