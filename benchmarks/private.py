"""What a guarantee costs: likeness and usefulness of private rows against epsilon.

    python -m benchmarks.private --data-dir FOLDER [--rows N] [--only TABLE,...] [--state FILE]
        [--write docs/private.md --picture docs/pictures/private.png]

FOLDER holds the folders adult, default_credit, bank_marketing and magic_gamma. Each table gives as
many training rows as test rows, at most N; the generator makes as many. Trees in crowds, which
guarantee nothing, are measured beside it. What was measured is kept in FILE, so that a killed run
goes on.
"""

import argparse
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.calibration.given import read
from benchmarks.calibration.tables import Parts
from benchmarks.calibration.trials import ROOT
from benchmarks.calibration.wording import table
from benchmarks.kept import Kept
from benchmarks.tables import judged, ours
from components.config import SHARING_CROWD, ModelConfig, PrivateConfig, TreesConfig
from components.threads import limited_threads

STATE = ROOT / ".mintmark" / "benchmarks" / "private.jsonl"
TABLES = ("adult", "bank_marketing", "magic_gamma", "default_credit")
EPSILONS = (0.3, 1.0, 3.0, 10.0, 30.0)
SEEDS = 3
NO_GUARANTEE = "none (trees)"
SHOWN = {
    "two_sample_auc": ("two-sample AUC", 0.8),
    "tstr_loss": ("TSTR loss", 0.05),
    "membership_auc": ("membership AUC", 0.55),
}
"""Metrics that are drawn: what they are called, and the gate for sharing."""
METRICS = ("shape_error", "trend_error", *SHOWN)
Found = dict[tuple[str, int, str], list[dict[str, Any]]]


def configs() -> dict[str, ModelConfig]:
    """The generators by the epsilon they guarantee."""
    private = {f"{epsilon:g}": PrivateConfig(epsilon=epsilon) for epsilon in EPSILONS}
    return {**private, NO_GUARANTEE: TreesConfig(crowd=SHARING_CROWD)}


def measure(options: argparse.Namespace) -> Found:
    """The figures of every seed by table, number of rows and epsilon."""
    kept = Kept(options.state)
    found: Found = {}
    for name in options.only:
        parts = read(name, options.data_dir, options.rows)
        for title, config in configs().items():
            for seed in range(SEEDS):
                key = f"{name}|{len(parts.train)}|{title}|{seed}"
                entry = kept.entry(key, partial(_measured, config, parts, seed))
                found.setdefault((name, len(parts.train), title), []).append(entry)
    return found


def _measured(config: ModelConfig, parts: Parts, seed: int) -> dict[str, Any]:
    return judged(parts, ours(config, parts, seed))


def lines_of(found: Found) -> list[list[str]]:
    """A line of the page for each table and epsilon: the mean over seeds, and their range."""
    lines = []
    for (name, rows, title), seeds in found.items():
        cells = []
        for metric in METRICS:
            values = [one["figures"][metric][0] for one in seeds]
            cells.append(f"{np.mean(values):.3f} ({min(values):.3f} to {max(values):.3f})")
        seconds = np.mean([one["seconds"] for one in seeds])
        lines.append([name, str(rows), title, *cells, f"{seconds:.1f}"])
    return lines


def draw(found: Found, path: Path) -> None:
    """The curves as a picture: a panel for each metric, a line for each table."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 3.6), layout="constrained")
    panels = figure.subplots(1, len(SHOWN))
    for panel, (metric, (title, gate)) in zip(panels, SHOWN.items(), strict=True):
        for name in dict.fromkeys(key[0] for key in found):
            values = np.array(
                [_values(found, name, f"{epsilon:g}", metric) for epsilon in EPSILONS]
            )
            (line,) = panel.plot(EPSILONS, values.mean(axis=1), marker="o", label=name)
            panel.fill_between(
                EPSILONS, values.min(axis=1), values.max(axis=1), alpha=0.2, color=line.get_color()
            )
            trees = _values(found, name, NO_GUARANTEE, metric)
            panel.axhline(np.mean(trees), color=line.get_color(), linestyle=":", linewidth=1)
        panel.axhline(gate, color="black", linestyle="--", linewidth=1)
        panel.set(xscale="log", xlabel="epsilon", title=f"{title} (gate: below {gate:g})")
        panel.set_xticks(EPSILONS, [f"{epsilon:g}" for epsilon in EPSILONS])
        panel.minorticks_off()
    panels[0].legend(fontsize=8)
    figure.savefig(path, dpi=110)


def _values(found: Found, name: str, title: str, metric: str) -> list[float]:
    for (table_name, _, found_title), seeds in found.items():
        if (table_name, found_title) == (name, title):
            return [one["figures"][metric][0] for one in seeds]
    raise AssertionError(f"{name} was not measured at epsilon {title}")


def page(found: Mapping[tuple[str, int, str], list[dict[str, Any]]]) -> str:
    """The page: what is guaranteed, the curves, the figures."""
    columns = ["table", "rows", "epsilon", *METRICS, "seconds"]
    return (ROOT / "benchmarks" / "private.md").read_text() + table(columns, lines_of(dict(found)))


def main() -> None:
    """Measure all, write the page and draw the curves."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--only", type=lambda text: text.split(","), default=list(TABLES))
    parser.add_argument("--state", type=Path, default=STATE)
    parser.add_argument("--write", type=Path)
    parser.add_argument("--picture", type=Path)
    options = parser.parse_args()
    with limited_threads(1):
        found = measure(options)
    if options.write:
        options.write.write_text(page(found))
    if options.picture:
        draw(found, options.picture)


if __name__ == "__main__":
    main()
