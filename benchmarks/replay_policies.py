"""What each way of keeping a model up to date predicts of a window before it arrives."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.replay import MODEL, NEWEST_ROWS
from components.config import TreesConfig
from components.data.preparation import prepare_table
from components.data.schema import ColumnKind
from components.data.table import Table
from components.data.windows import labelled_rows
from components.evaluation.features import Task, rows_of, task_of
from components.evaluation.live.compared import teach
from components.models.catalog import make_model
from components.storage.home import Home
from flows.watching.version_rows import read_version_rows


def accuracies(champion: str, windows: Sequence[Path], number: int, home: Home) -> dict[str, float]:
    """The accuracy on window `number` of each way, all taught by rows of earlier windows alone.

    The learner is the same for all. `never` is taught by the synthetic rows of the first version,
    `loop` by those of the `champion`; `every window` by those of the same generator fitted to the
    newest rows before each window, `real` by these rows themselves.
    """
    live = pd.read_parquet(windows[number])
    earlier = _newest(windows[:number])
    made = make_model(TreesConfig())
    made.fit(earlier, seed=0)
    task = task_of(earlier)
    synthetic = Table(made.sample(len(earlier), seed=0), earlier.schema)
    return {
        "never": _of_version("1", live, home),
        "loop": _of_version(champion, live, home),
        "every window": _accuracy(synthetic, task, live),
        "real": _accuracy(earlier, task, live),
    }


def _newest(windows: Sequence[Path]) -> Table:
    """The newest rows of the windows as a table; what has one value in them is constant."""
    rows = pd.concat([pd.read_parquet(path) for path in windows], ignore_index=True)
    rows = rows.tail(NEWEST_ROWS).reset_index(drop=True)
    constant = [name for name in rows if rows[name].nunique() == 1]
    kinds = {str(name): ColumnKind.CONSTANT for name in constant}
    return prepare_table(rows, str(rows.columns[-1]), kinds=kinds)


@lru_cache(maxsize=4)
def _taught(version: str, home: Home):  # type: ignore[no-untyped-def]
    rows = read_version_rows(MODEL, version, home)
    task = task_of(rows.train)
    schema = rows.train.schema
    return teach(rows_of(Table(rows.synthetic, schema), task), task, seed=0), task, schema


def _of_version(version: str, live: pd.DataFrame, home: Home) -> float:
    predict, task, schema = _taught(version, home)
    found = rows_of(Table(labelled_rows(live, schema), schema), task)
    return float(np.mean(predict(found.x).argmax(axis=1) == found.y))


def _accuracy(taught: Table, task: Task, live: pd.DataFrame) -> float:
    predict = teach(rows_of(taught, task), task, seed=0)
    found = rows_of(Table(labelled_rows(live, taught.schema), taught.schema), task)
    return float(np.mean(predict(found.x).argmax(axis=1) == found.y))
