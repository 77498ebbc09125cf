"""(e) The same rows said otherwise: in another order, under other names, in other units."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from pandas.api import types

from benchmarks.calibration.generators import Generator, bootstrap
from benchmarks.calibration.tables import Parts, draw
from benchmarks.calibration.trials import Trial
from components.config import ColumnKind, EvaluateConfig, Purpose
from components.data.inference import conform, describe
from components.data.table import Table
from components.evaluation.evaluate import evaluate
from components.evaluation.evidence import Evidence

SIZES = {"orders": 400, "breast_cancer": 190, "fair": 400, "product": 100}
FOR_BENEFIT = "product"
LEAST_TOLERANCE = 0.03

Change = Callable[[pd.DataFrame, dict[str, ColumnKind], str], pd.DataFrame]


def columns_reversed(
    frame: pd.DataFrame, kinds: dict[str, ColumnKind], target: str
) -> pd.DataFrame:
    """The columns from the last to the first."""
    return frame[frame.columns[::-1]]


def renamed(frame: pd.DataFrame, kinds: dict[str, ColumnKind], target: str) -> pd.DataFrame:
    """Categories under other names, that sort the other way round."""
    changed = {}
    for name, values in frame.items():
        discrete = kinds[str(name)] is ColumnKind.CATEGORICAL
        changed[name] = values.map(_other_name, na_action="ignore") if discrete else values
    return pd.DataFrame(changed)


def _other_name(value: object) -> str:
    """A name of the same letters, each as far from z as it was from a; digits likewise."""
    letters, digits = "abcdefghijklmnopqrstuvwxyz", "0123456789"
    turn = str.maketrans(letters + digits, letters[::-1] + digits[::-1])
    return str(value).lower().translate(turn)


def other_units(frame: pd.DataFrame, kinds: dict[str, ColumnKind], target: str) -> pd.DataFrame:
    """Every number x but the target as 1.8 x + 32, as from Celsius to Fahrenheit."""
    changed = {}
    for name, values in frame.items():
        numeric = kinds[str(name)] in (ColumnKind.NUMERICAL, ColumnKind.INTEGER)
        moves = numeric and name != target and types.is_numeric_dtype(values)
        changed[name] = values.astype("Float64") * 1.8 + 32 if moves else values
    return pd.DataFrame(changed)


CHANGES: dict[str, Change | None] = {
    "row order": None,
    "column order": columns_reversed,
    "renamed categories": renamed,
    "units": other_units,
}


def trials(share: float) -> list[Trial]:
    """Every change on every table; all of them, whatever the share."""
    return [
        Trial("invariances", table, change, 0, rows)
        for table, rows in SIZES.items()
        for change in CHANGES
    ]


def run(trial: Trial) -> dict[str, Any]:
    """What the change changes: each metric's difference, and the tolerance it has.

    Further real rows stand for synthetic ones.
    """
    parts = draw(trial.table, trial.rows, trial.rows, trial.rows, seed=trial.seed)
    purpose = Purpose.AUGMENTATION if trial.table == FOR_BENEFIT else Purpose.SHARING
    before = _judged(parts.train, parts.test, parts.more, purpose)
    after = _judged(*_changed(trial, parts), purpose)
    same = before.model_dump(exclude={"test_sha256"}) == after.model_dump(exclude={"test_sha256"})
    pairs = [(m, after.measurement(m.name)) for m in before.measurements]
    found = {
        m.name: {
            "change": abs(m.value - other.value),
            "tolerance": max(LEAST_TOLERANCE, m.high - m.low, other.high - other.low),
        }
        for m, other in pairs
    }
    kept = same or (
        trial.generator != "row order"
        and all(each["change"] <= each["tolerance"] for each in found.values())
    )
    return {"same_bits": same, "kept": kept, "metrics": found}


def _changed(trial: Trial, parts: Parts) -> tuple[Table, Table, Table]:
    """Training, test and synthetic rows after the change."""
    tables, schema = (parts.train, parts.test, parts.more), parts.train.schema
    change = CHANGES[trial.generator]
    if change is None:
        rng = np.random.default_rng(trial.seed + 1)
        first, second, third = (table.take(rng.permutation(len(table))) for table in tables)
        return first, second, third
    kinds = {column.name: column.kind for column in schema.columns}
    frames = [change(table.frame, kinds, schema.target) for table in tables]
    numbers = (ColumnKind.NUMERICAL, ColumnKind.INTEGER)
    new_kinds = {
        str(name): ColumnKind.NUMERICAL
        if change is other_units and kinds[str(name)] in numbers and name != schema.target
        else kinds[str(name)]
        for name in frames[0]
    }
    frames = [conform(frame, new_kinds) for frame in frames]
    new_schema = describe(frames[0], new_kinds, schema.target)
    first, second, third = (Table(frame, new_schema) for frame in frames)
    return first, second, third


def _judged(train: Table, test: Table, synthetic: Table, purpose: Purpose) -> Evidence:
    return evaluate(
        train,
        test,
        synthetic.frame,
        make_and_fit=lambda table, seed: Generator(table, bootstrap),
        config=EvaluateConfig(purpose=purpose, augmentation_gates=(), sharing_gates=()),
        workers=1,
    )
