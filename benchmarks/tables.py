"""Likeness, usefulness, privacy and time of our generators beside the peers', table by table.

    python -m benchmarks.tables --data-dir FOLDER [--rows N] [--only TABLE[:N],...] [--state FILE]
        [--peer-env DIR] [--mostlyai-env DIR] [--skip GENERATOR] [--write docs/tables.md]

FOLDER holds the folders adult, default_credit, bank_marketing, magic_gamma, uci_multiclass and
pima_diabetes. Each table gives as many training rows as test rows, at most N (which may be a
table's own); each generator makes as many. DIR is an environment with ctgan, arfpy and sdv, or with
mostlyai-engine; without one, those peers are left out. What was measured is kept in FILE, so that a
killed run goes on.
"""

import argparse
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.calibration.given import TABLES, ask_peer, read
from benchmarks.calibration.tables import Parts
from benchmarks.calibration.trials import ROOT
from benchmarks.calibration.wording import table
from benchmarks.kept import Kept, processor_seconds
from components.config import (
    SHARING_CROWD,
    SHARING_TREES,
    AutoConfig,
    AutoregressiveConfig,
    CopulaConfig,
    CtganConfig,
    EvaluateConfig,
    ForestConfig,
    ModelConfig,
    Purpose,
    TreesConfig,
    TvaeConfig,
)
from components.data.table import Table
from components.evaluation.case import Case
from components.evaluation.catalog import EVALUATORS
from components.models.contract import log_nothing
from components.racing.race import fit_chosen
from components.threads import limited_threads

STATE = ROOT / "docs" / "tables.jsonl"
OURS: dict[str, ModelConfig | AutoConfig] = {
    "auto": AutoConfig(purpose=Purpose.SHARING),
    "auto, 10 s": AutoConfig(purpose=Purpose.SHARING, budget_seconds=10.0),
    "autoregressive": AutoregressiveConfig(),
    "forest": ForestConfig(),
    "tvae (ours)": TvaeConfig(),
    "ctgan (ours)": CtganConfig(),
    "copula": CopulaConfig(),
    **{f"tree, crowd {crowd}": TreesConfig(crowd=crowd) for crowd in (1, 10, SHARING_CROWD)},
    f"trees, crowd {SHARING_TREES.crowd}": SHARING_TREES,
}
PEERS = ("CTGAN", "TVAE", "arfpy", "SDV copula")
MOSTLYAI = "mostlyai-engine"
NEURAL = ("CTGAN", "TVAE", MOSTLYAI)
METRICS = {
    "shape": ("shape_error",),
    "trend": ("trend_error",),
    "two_sample": ("two_sample_auc",),
    "utility": ("tstr_loss",),
    "membership": ("membership_auc", "membership_tpr"),
}
"""Evaluators and the metrics of theirs that are shown."""
RANKED = {
    "shape_error": 0.0,
    "trend_error": 0.0,
    "two_sample_auc": 0.5,
    "tstr_loss": 0.0,
    "membership_auc": 0.5,
}
"""The figures that generators are ranked by, the less the better, down to so much."""
BARS = {"membership_auc": 0.55, "tstr_loss": 0.05, "two_sample_auc": 0.8}
"""The bars of the gates for sharing that are shown."""
BOUNDED = ("membership_auc", "tstr_loss", "two_sample_auc")

Made = tuple[pd.DataFrame, float, str]
"""Rows, what fitting and drawing took of a processor, and what there is to say of them."""


def ours(config: ModelConfig | AutoConfig, parts: Parts, seed: int = 0) -> Made:
    """What a generator of ours makes."""
    before = processor_seconds()
    fitted = fit_chosen(config, parts.train, seed=seed)
    rows = fitted.model.sample(len(parts.train), seed=seed)
    won = f"{fitted.race.winner.name} won" if fitted.race else ""
    return rows, processor_seconds() - before, won


def peers(name: str, environment: Path, parts: Parts) -> Made:
    """What a peer makes."""
    asked = ask_peer(name, parts, environment, is_scored=False)
    return asked.rows, asked.seconds, ""


def judged(parts: Parts, made: Made) -> dict[str, Any]:
    """The figures of some rows, with their intervals."""
    rows, seconds, note = made
    settings = EvaluateConfig(purpose=Purpose.SHARING)
    case = Case(parts.train, parts.test, Table(rows, parts.train.schema), settings, None)
    found = {
        m.name: (m.value, m.low, m.high)
        for evaluator in METRICS
        for m in EVALUATORS[evaluator].run(case, log_nothing).measurements
    }
    shown = [metric for metrics in METRICS.values() for metric in metrics]
    figures = {metric: found[metric] for metric in shown if metric in found}
    return {"figures": figures, "seconds": seconds, "note": note}


def makers(options: argparse.Namespace) -> Mapping[str, Callable[[Parts], Made]]:
    """Every generator that can be measured here, by its name."""
    found: dict[str, Callable[[Parts], Made]] = {
        name: partial(ours, config) for name, config in OURS.items()
    }
    if options.peer_env:
        found |= {name: partial(peers, name, options.peer_env) for name in PEERS}
    if options.mostlyai_env:
        found[MOSTLYAI] = partial(peers, MOSTLYAI, options.mostlyai_env)
    return found


def measure(options: argparse.Namespace) -> dict[str, dict[str, Any]]:
    """Every figure by table and generator: those in the file, and those that were missing."""
    kept = Kept(options.state)
    chosen = {}
    for asked in options.only:
        name, _, rows = asked.partition(":")
        parts = read(name, options.data_dir, int(rows or options.rows))
        for generator, make in makers(options).items():
            key = f"{name}|{len(parts.train)}|{generator}"
            if key in kept or generator not in options.skip:
                chosen[key] = kept.entry(key, partial(_attempt, make, parts))
    return chosen


def _attempt(make: Callable[[Parts], Made], parts: Parts) -> dict[str, Any]:
    """What was found; a generator that fails says so in its line."""
    try:
        return judged(parts, make(parts))
    except Exception as error:
        return {"failed": f"{type(error).__name__}: {' '.join(str(error).split())[:80]}"}


def page_lines(found: Mapping[str, dict[str, Any]]) -> Iterator[list[str]]:
    """A line of the page for each generator and table."""
    for key, entry in found.items():
        if "failed" in entry:
            yield [*key.split("|"), *[""] * 7, entry["failed"]]
            continue
        cells = [cell(metric, values) for metric, values in entry["figures"].items()]
        yield [*key.split("|"), *cells, f"{entry['seconds']:.1f}", entry["note"]]


def cell(metric: str, values: tuple[float, float, float]) -> str:
    """A figure, with its interval where it is one of `BOUNDED`."""
    value, low, high = values
    return f"{value:.3f} ({low:.3f} to {high:.3f})" if metric in BOUNDED else f"{value:.3f}"


def summary(found: Mapping[str, dict[str, Any]]) -> Iterator[str]:
    """A line for each table: who clears the gates, and is as good as the best of these.

    It is so on a figure where it lies within the interval of the best one. Below .5 no AUC is
    better than .5, and no loss better than 0.
    """
    tables: dict[str, dict[str, dict[str, Any]]] = {}
    for key, entry in found.items():
        name, rows, generator = key.split("|")
        if "failed" not in entry:
            tables.setdefault(f"{name}, {rows} rows", {})[generator] = entry
    for title, entries in tables.items():
        figures = {name: entry["figures"] for name, entry in entries.items()}
        took = in_time(entries)
        cleared = {name: found for name, found in figures.items() if clears(found)}
        if not cleared:
            yield f"- {title}: none of {len(figures)} clears the gates{took}"
            continue
        missed = {generator: misses(generator, cleared) for generator in cleared}
        fewest = min(map(len, missed.values()))
        best = [name for name, gaps in missed.items() if len(gaps) == fewest]
        named = [f"{name} (misses {'; '.join(missed[name])})" for name in best]
        clear = f"{len(cleared)} of {len(figures)} clear the gates ({', '.join(cleared)})"
        reached = f"as good as the best of these on {len(RANKED) - fewest} of {len(RANKED)}"
        yield f"- {title}: {clear}; {reached}: {', '.join(named if fewest else best)}{took}"


def in_time(entries: Mapping[str, Mapping[str, Any]]) -> str:
    """The seconds of `auto` beside those of the quickest neural peer that was measured."""
    neural = {name: entries[name]["seconds"] for name in NEURAL if name in entries}
    if not neural or "auto" not in entries:
        return ""
    quickest = min(neural, key=lambda name: neural[name])
    return f"; auto took {entries['auto']['seconds']:.0f} s, {quickest} {neural[quickest]:.0f} s"


def clears(figures: Mapping[str, Any]) -> bool:
    """Whether the upper bounds are below the bars of sharing.

    >>> clears({"membership_auc": (0.5, 0.49, 0.52), "tstr_loss": (0.0, -0.01, 0.01),
    ...     "two_sample_auc": (0.79, 0.77, 0.81)})
    False
    """
    return all(figures[metric][2] < bar for metric, bar in BARS.items())


def misses(generator: str, figures: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """The figures on which a generator is worse than the upper end of the best one's interval.

    >>> one = dict.fromkeys(RANKED, (0.51, 0.5, 0.52))
    >>> misses("other", {"one": one, "other": one | {"shape_error": (0.6, 0.5, 0.7)}})
    ['shape_error .600 against .520']
    """
    missed = []
    for metric, ideal in RANKED.items():
        values = {name: max(found[metric][0], ideal) for name, found in figures.items()}
        best = min(values, key=lambda name: values[name])
        limit = max(figures[best][metric][2], ideal)
        if values[generator] > limit:
            said = [f"{number:.3f}".removeprefix("0") for number in (values[generator], limit)]
            missed.append(f"{metric} {said[0]} against {said[1]}")
    return missed


def main() -> None:
    """Measure all and write the page."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--only", type=lambda text: text.split(","), default=list(TABLES))
    parser.add_argument("--state", type=Path, default=STATE)
    parser.add_argument("--peer-env", type=Path)
    parser.add_argument("--mostlyai-env", type=Path)
    parser.add_argument("--skip", action="append", default=[], help="what is not measured anew")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    with limited_threads(options.threads):
        found = measure(options)
    metrics = [metric for each in METRICS.values() for metric in each]
    if options.write:
        options.write.write_text(
            "# Tables: likeness, usefulness, privacy, time\n\n"
            "Written by `python -m benchmarks.tables`; do not edit. One split, one seed, "
            "default settings, one thread; seconds are the processor's, of fitting and drawing; "
            "each end of an interval at 95%. A `crowd` is the number of training rows "
            "behind every number that a generator gives out, `trees` are twenty a column. The "
            "gates for sharing ask for a membership AUC below .55, a loss below .05 and a "
            "two-sample AUC below .8, by the upper bounds.\n\n"
            "Which generators clear the gates, and on how many of the five figures (errors, "
            "two-sample AUC, loss, membership AUC) one of these is best, or no worse than the "
            "upper end of the best one's interval, at once; those with most, and what they miss "
            "by:\n\n"
            + "\n".join(summary(found))
            + "\n\n"
            + table(
                ["table", "rows", "generator", *metrics, "seconds", "note"], list(page_lines(found))
            )
        )


if __name__ == "__main__":
    main()
