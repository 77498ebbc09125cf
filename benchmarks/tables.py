"""What a crowd costs and what it hides: likeness, usefulness and privacy of trees, table by table.

    python -m benchmarks.tables --data-dir FOLDER [--rows N] [--write docs/tables.md]

FOLDER holds the folders adult, default_credit, bank_marketing, magic_gamma and pima_diabetes. Each
table gives as many training rows as test rows, at most N; each generator makes as many.
"""

import argparse
import time
from collections.abc import Iterator
from pathlib import Path

from threadpoolctl import threadpool_limits

from benchmarks.calibration.given import FILES, read
from benchmarks.calibration.tables import Parts
from benchmarks.calibration.wording import table
from components.config import CopulaConfig, EvaluateConfig, ModelConfig, Purpose, TreesConfig
from components.data.table import Table
from components.evaluation.case import Case
from components.evaluation.catalog import EVALUATORS
from components.evaluation.evidence import Measurement
from components.models.catalog import make_model
from components.models.contract import log_nothing

GENERATORS: dict[str, ModelConfig] = {
    **{f"trees, crowd {crowd}": TreesConfig(crowd=crowd) for crowd in (1, 5, 10, 25, 50)},
    "copula": CopulaConfig(),
}
FIGURES = {
    "shape": ("shape_error",),
    "trend": ("trend_error",),
    "two_sample": ("two_sample_auc",),
    "utility": ("tstr_loss",),
    "membership": ("membership_auc", "membership_tpr"),
}
"""Evaluators and the metrics of theirs that are shown."""
BOUNDED = ("membership_auc", "tstr_loss", "two_sample_auc")


def measured(parts: Parts, config: ModelConfig) -> tuple[dict[str, Measurement], float]:
    """The figures of one generator, and the seconds of fitting and drawing."""
    started = time.perf_counter()
    model = make_model(config)
    model.fit(parts.train, seed=0)
    rows = model.sample(len(parts.train), seed=0)
    seconds = time.perf_counter() - started
    settings = EvaluateConfig(purpose=Purpose.SHARING)
    case = Case(parts.train, parts.test, Table(rows, parts.train.schema), settings, None)
    found = {
        m.name: m
        for evaluator in FIGURES
        for m in EVALUATORS[evaluator].run(case, log_nothing).measurements
    }
    return found, seconds


def lines(name: str, parts: Parts) -> Iterator[list[str]]:
    """A line of the page for each generator."""
    for generator, config in GENERATORS.items():
        found, seconds = measured(parts, config)
        cells = [_cell(found[metric]) for metrics in FIGURES.values() for metric in metrics]
        print(name, generator, cells, f"{seconds:.1f} s", flush=True)
        yield [name, str(len(parts.train)), generator, *cells, f"{seconds:.1f}"]


def _cell(found: Measurement) -> str:
    if found.name in BOUNDED:
        return f"{found.value:.3f} (at most {found.high:.3f})"
    return f"{found.value:.3f}"


def main() -> None:
    """Measure all and write the page."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    with threadpool_limits(1):
        found = [
            line
            for name in FILES
            for line in lines(name, read(name, options.data_dir, options.rows))
        ]
    metrics = [metric for each in FIGURES.values() for metric in each]
    if options.write:
        options.write.write_text(
            "# Tables: likeness and privacy\n\n"
            "Written by `python -m benchmarks.tables`; do not edit. One seed, one thread, other "
            "work beside it; upper bounds at 95%. A `crowd` is the number of training rows behind "
            "every number that trees give out. The gates for sharing ask for a membership AUC "
            "below .55, a loss below .05 and a two-sample AUC below .8, by the upper bounds.\n\n"
            + table(["table", "rows", "generator", *metrics, "seconds"], found)
        )


if __name__ == "__main__":
    main()
