"""Conditions and missing cells: is what a generator draws given others true?

    python -m benchmarks.completion [--letter FILE] [--write docs/completion.md]

FILE is the table of letters (UCI letter recognition), left out without it.
"""

import argparse
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.datasets import load_breast_cancer
from sklearn.experimental import enable_iterative_imputer  # noqa: F401
from sklearn.impute import IterativeImputer, KNNImputer, SimpleImputer

from benchmarks.calibration.processes import PROCESSES
from benchmarks.calibration.wording import table
from components.config import (
    AutoregressiveConfig,
    CopulaConfig,
    EvaluateConfig,
    ForestConfig,
    Purpose,
)
from components.data.preparation import prepare_table
from components.data.schema import DISCRETE, ColumnKind
from components.data.table import Table, encode
from components.evaluation.case import Case
from components.evaluation.fidelity.two_sample import measure_two_sample
from components.models.codes.autoregressive import Autoregressive
from components.models.contract import Completer, TabularModel, log_nothing
from components.models.copula.model import Copula
from components.models.several_draws import complete_several
from components.models.trees.forest import Forest
from components.threads import limited_threads

MISSING_SHARE = 0.2
NUM_DRAWS = 20
COVERAGE = 0.9
FEW_ROWS = 40
NUM_SPLITS = 5
NUM_FILLED = 150
FEW_ROWS_WAYS = ("copula", "copula, to fill", "forest")
RARE_SHARE = 0.001
NUM_ASKED = 10_000
TO_FILL = {
    "any_order": 1.0,
    "crowd": 3,
    "max_levels": 256,
    "hidden_size": 128,
    "steps": 2000,
    "patience": 30,
    "weight_decay": 0.3,
    "gap_weight": 0.0,
}
"""Settings of a network that is to fill cells of its own table, where there is nobody to hide."""
COMPLETERS: dict[str, Callable[[], TabularModel]] = {
    "copula": lambda: Copula(CopulaConfig()),
    "copula, to fill": lambda: Copula(CopulaConfig(crowd=1)),
    "forest": lambda: Forest(ForestConfig()),
    "autoregressive": lambda: Autoregressive(AutoregressiveConfig(any_order=1.0)),
    "autoregressive, to fill": lambda: Autoregressive(AutoregressiveConfig.model_validate(TO_FILL)),
}

Matrix = NDArray[np.float64]


def rarest_class() -> dict[str, str]:
    """10,000 rows of a class that a thousandth of the rows have: how long, and are all of it."""
    rng = np.random.default_rng(0)
    frame = PROCESSES["orders"].frame(40_000, seed=0)
    frame["returned"] = np.where(rng.random(len(frame)) < RARE_SHARE, "lost", frame["returned"])
    table = prepare_table(frame, "returned")
    model = Autoregressive(AutoregressiveConfig())
    model.fit(table, seed=0)
    started = time.perf_counter()
    rows = model.sample(NUM_ASKED, condition={"returned": "lost"}, seed=0)
    seconds = time.perf_counter() - started
    share = (rows["returned"] == "lost").mean()
    return {"rows asked": f"{NUM_ASKED:,}", "matching": f"{share:.0%}", "seconds": f"{seconds:.2f}"}


def conditional_likeness() -> Iterator[list[str]]:
    """Two-sample AUC of rows given a value against fresh real rows with that value.

    Beside it that of rows drawn without a condition, of which those with the value were kept.
    """
    process = PROCESSES["orders"]
    table = prepare_table(process.frame(8_000, seed=0), process.target)
    fresh = prepare_table(process.frame(40_000, seed=1), process.target).frame
    model = Autoregressive(AutoregressiveConfig(any_order=0.5))
    model.fit(table, seed=0)
    free = model.sample(40_000, seed=0)
    for name, value in (("returned", "yes"), ("country", "Ireland"), ("is_member", True)):
        real = fresh[fresh[name] == value].reset_index(drop=True)[:4_000]
        given = model.sample(len(real) // 2, condition={name: value}, seed=1)
        kept = free[free[name] == value].reset_index(drop=True)[: len(real) // 2]
        cells = [_two_sample(real, rows, table) for rows in (given, kept)]
        yield [f"{name} = {value}", str(len(real) // 2), *cells]


def _two_sample(real: pd.DataFrame, rows: pd.DataFrame, table: Table) -> str:
    half = len(real) // 2
    parts = [
        Table(part.reset_index(drop=True), table.schema) for part in (real[:half], real[half:])
    ]
    settings = EvaluateConfig(purpose=Purpose.SHARING)
    case = Case(parts[0], parts[1], Table(rows, table.schema), settings, None)
    found = measure_two_sample(case, log_nothing).measurements[0]
    return f"{found.value:.3f} ({found.low:.3f} to {found.high:.3f})"


def imputed(name: str, frame: pd.DataFrame, target: str) -> Iterator[list[str]]:
    """Errors of every way to fill numeric cells, in deviations of their column; our coverage."""
    rng = np.random.default_rng(0)
    order = rng.permutation(len(frame))[:6_000]
    middle = len(order) * 2 // 3
    kinds = {c: ColumnKind.INTEGER for c in frame if pd.api.types.is_integer_dtype(frame[c])}
    kinds.pop(target, None)
    whole = prepare_table(frame.iloc[order].reset_index(drop=True), target, kinds=kinds)
    schema = whole.schema
    numeric = [i for i, c in enumerate(schema.learned) if c.kind not in DISCRETE]
    names = [schema.learned[i].name for i in numeric]
    gaps = pd.DataFrame(False, index=whole.frame.index, columns=whole.frame.columns)
    gaps[names] = rng.random((len(whole), len(names))) < MISSING_SHARE
    holed = whole.frame.astype(dict.fromkeys(names, "float64")).mask(gaps)
    truth = whole.matrix[:, numeric]
    scale = truth[:middle].std(axis=0)
    asked = gaps[names].to_numpy()[middle:]
    known = encode(holed, schema)[:, numeric]
    ways: dict[str, Callable[[], Matrix]] = {
        "mean": lambda: _by(SimpleImputer(), known, middle),
        "kNN": lambda: _by(KNNImputer(), known / scale, middle) * scale,
        "iterative": lambda: _by(IterativeImputer(random_state=0), known, middle),
    }
    for way, fill in ways.items():
        started = time.perf_counter()
        filled = fill()
        yield [name, way, _rmse(filled, truth[middle:], scale, asked), "", _since(started)]
    for way, make in COMPLETERS.items():
        started = time.perf_counter()
        draws = _drawn(make(), holed, whole, middle)[:, :, numeric]
        mean = _rmse(draws.mean(axis=0), truth[middle:], scale, asked)
        one = _rmse(draws[0], truth[middle:], scale, asked)
        inside = _is_held(draws, truth[middle:])[asked].mean()
        yield [name, f"{way}, {NUM_DRAWS} draws' mean", mean, f"{inside:.3f}", _since(started)]
        yield [name, f"{way}, one draw", one, "", ""]


def few_rows(frame: pd.DataFrame, target: str) -> Iterator[list[str]]:
    """Coverage with `FEW_ROWS` training rows a class, over splits; and of cells out of range."""
    names = [name for name in frame if name != target]
    codes = frame[target].to_numpy()
    for way in FEW_ROWS_WAYS:
        found: list[Matrix] = []
        for split in range(NUM_SPLITS):
            rng = np.random.default_rng([split, FEW_ROWS])
            order = rng.permutation(len(frame))
            own = [order[codes[order] == code] for code in np.unique(codes)]
            rows = np.concatenate([part[:FEW_ROWS] for part in own])
            rows = np.append(rows, np.setdiff1d(order, rows)[:NUM_FILLED])
            middle = len(rows) - NUM_FILLED
            whole = prepare_table(frame.iloc[rows].reset_index(drop=True), target)
            gaps = pd.DataFrame(False, index=whole.frame.index, columns=whole.frame.columns)
            gaps[names] = rng.random((len(rows), len(names))) < MISSING_SHARE
            holed = whole.frame.mask(gaps)
            places = [i for i, c in enumerate(whole.schema.learned) if c.name in names]
            draws = _drawn(COMPLETERS[way](), holed, whole, middle)[:, :, places]
            truth, asked = whole.frame[names].to_numpy()[middle:], gaps[names].to_numpy()[middle:]
            is_out = _is_out_of_class(holed, names, target, middle, truth)
            error = (draws.mean(axis=0) - truth) / whole.frame[names][:middle].std().to_numpy()
            parts = (_is_held(draws, truth), is_out, error**2)
            found.append(np.array([part[asked] for part in parts], dtype=np.float64))
        held, out, squares = np.concatenate(found, axis=1)
        shares = [part[0].mean() for part in found]
        yield [
            way,
            f"{np.sqrt(squares.mean()):.3f}",
            f"{held.mean():.3f} ({min(shares):.3f} to {max(shares):.3f})",
            f"{out.mean():.1%}",
            f"{held[out > 0].mean():.3f}",
        ]


def _is_out_of_class(
    holed: pd.DataFrame, names: list[str], target: str, middle: int, truth: Matrix
) -> NDArray[np.bool_]:
    """Which cells of the rows from `middle` on are out of what training rows of the class show."""
    known = holed[:middle].groupby(target, observed=True)[names]
    low, high = (part.loc[holed[target][middle:]].to_numpy() for part in (known.min(), known.max()))
    found: NDArray[np.bool_] = (truth < low) | (truth > high)
    return found


def _is_held(draws: Matrix, truth: Matrix) -> NDArray[np.bool_]:
    """Which true values lie between the quantiles of the draws that hold `COVERAGE` of them.

    The i-th of m draws stands at i / (m + 1), so that draws like the truth hold just as many.
    """
    ends = [0.5 - COVERAGE / 2, 0.5 + COVERAGE / 2]
    low, high = np.quantile(draws, ends, axis=0, method="weibull")
    found: NDArray[np.bool_] = (truth >= low) & (truth <= high)
    return found


def _drawn(model: TabularModel, holed: pd.DataFrame, whole: Table, middle: int) -> Matrix:
    """Its draws for the rows from `middle` on, learned from the others: (draws, rows, columns)."""
    columns = tuple(
        column.model_copy(update={"nullable": bool(holed[column.name].isna().any())})
        for column in whole.schema.columns
    )
    schema = whole.schema.model_copy(update={"columns": columns})
    train = Table(holed[:middle].reset_index(drop=True), schema)
    model.fit(train, seed=0)
    assert isinstance(model, Completer)
    rows = holed[middle:].reset_index(drop=True)
    draws = complete_several(model, rows, NUM_DRAWS, seed=0)
    return np.stack([encode(draw, whole.schema) for draw in draws])


def _by(
    imputer: SimpleImputer | KNNImputer | IterativeImputer, known: Matrix, middle: int
) -> Matrix:
    filled: Matrix = imputer.fit(known[:middle]).transform(known[middle:])
    return filled


def _rmse(filled: Matrix, truth: Matrix, scale: Matrix, asked: NDArray[np.bool_]) -> str:
    errors = ((filled - truth) / scale)[asked]
    return f"{np.sqrt(np.mean(errors**2)):.3f}"


def _in_words(settings: dict[str, float]) -> str:
    parts = (f"{name}: {value:g}" for name, value in settings.items())
    return f"{{name: autoregressive, {', '.join(parts)}}}"


def _since(started: float) -> str:
    return f"{time.perf_counter() - started:.1f}"


def main() -> None:
    """Measure all and write the page."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--letter", type=Path)
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    cancer = load_breast_cancer(as_frame=True).frame
    with limited_threads(1):
        rare = rarest_class()
        print(rare, flush=True)
        likeness = list(conditional_likeness())
        print(likeness, flush=True)
        filled = list(imputed("breast_cancer", cancer, "target"))
        print(filled, flush=True)
        few = list(few_rows(cancer, "target"))
        print(few, flush=True)
        if options.letter:
            filled += imputed("letter", pd.read_parquet(options.letter), "class")
            print(filled[-9:], flush=True)
    page = (
        "# Conditions and missing cells\n\n"
        "Written by `python -m benchmarks.completion`; do not edit. One split, one seed, one "
        "thread, other work beside it.\n\n"
        "## Rows of a class that a thousandth of the rows have\n\n"
        + table(list(rare), [list(rare.values())])
        + "\n## Rows given a value, against fresh real rows that have it\n\n"
        "Two-sample AUC, .5 is best, each end at 95%. An ordinary draw that was filtered stands "
        "beside: a condition must cost nothing.\n\n"
        + table(["given", "rows", "drawn given it", "drawn freely, then filtered"], likeness)
        + f"\n## A cell in five is missing, in training rows too\n\n"
        "The error of numeric cells in deviations of their column. An interval between quantiles "
        f"of {NUM_DRAWS} draws (the i-th stands at i / {NUM_DRAWS + 1}) should hold {COVERAGE:.0%} "
        "of the true values, more where values are tied. *To fill* are settings for one's own "
        "table, where nobody is to be hidden: "
        f"`--set 'train.model={_in_words(TO_FILL)}'`, and `--set train.model.crowd=1` for the "
        "copula. The others are those for rows that are given away.\n\n"
        + table(["table", "way", "RMSE", "held by the interval", "seconds"], filled)
        + f"\n## The same with {FEW_ROWS} training rows a class\n\n"
        f"breast_cancer, {NUM_SPLITS} splits (in brackets the least and the greatest of them), "
        f"{NUM_FILLED} rows to fill in each. *Out of range* are cells beyond what the training "
        "rows of their class show; no cell is filled with what is beyond all training rows. The "
        "copula draws its parameters too, anew for each draw; the forest and the network fill "
        "by what they have fitted, whose own error no interval of theirs has.\n\n"
        + table(["way", "RMSE", "held by the interval", "out of range", "of these held"], few)
    )
    if options.write:
        options.write.write_text(page)


if __name__ == "__main__":
    main()
