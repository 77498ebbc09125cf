"""Evidently's drift report on two tables of levels, with method and thresholds pinned by us."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from components.monitoring.effects import distance_threshold
from components.monitoring.levels import CategoryLevels
from components.monitoring.sketch import Batch, Sketcher

METHOD = "jensenshannon"


@dataclass(frozen=True)
class EvidentlyRun:
    """Each column's distance, whether it failed Evidently's test, and the page about it all."""

    distances: Mapping[str, float]
    failed: frozenset[str]
    snapshot: Any

    def html(self) -> str:
        """Evidently's page: about 4 MB, whatever the number of rows."""
        return str(self.snapshot.get_html_str(as_iframe=False))


def run_evidently(
    reference: pd.DataFrame,
    current: pd.DataFrame,
    thresholds: Mapping[str, float],
    *,
    alarm_share: float,
) -> EvidentlyRun:
    """The distance between the two for each column of `thresholds`, all of which hold levels.

    Nothing is left to Evidently's defaults, which choose another method from 1,000 rows on.
    """
    from evidently import DataDefinition, Dataset, Report
    from evidently.presets import DataDriftPreset

    names = list(thresholds)
    definition = DataDefinition(categorical_columns=names)
    preset = DataDriftPreset(
        columns=names,
        drift_share=alarm_share,
        method=METHOD,
        per_column_method=dict.fromkeys(names, METHOD),
        per_column_threshold=dict(thresholds),
    )
    snapshot = Report([preset], include_tests=True).run(
        Dataset.from_pandas(current[names], data_definition=definition),
        Dataset.from_pandas(reference[names], data_definition=definition),
    )
    content = snapshot.dict()
    distances = {
        metric["config"]["column"]: float(metric["value"])
        for metric in content["metrics"]
        if "column" in metric["config"]
    }
    failed = frozenset(
        test["metric_config"]["params"]["column"]
        for test in content["tests"]
        if "column" in test["metric_config"]["params"] and test["status"] == "FAIL"
    )
    assert set(distances) == set(names), f"Evidently left out {set(names) ^ set(distances)}"
    return EvidentlyRun(distances, failed, snapshot)


def run_on_samples(
    reference: Batch,
    current: Batch,
    names: Sequence[str],
    sketcher: Sketcher,
    *,
    alpha: float,
    alarm_share: float,
) -> EvidentlyRun:
    """Evidently on the levels of these rows, its thresholds ours for so many rows."""
    old, new = (_in_levels(side, names, sketcher) for side in (reference, current))
    thresholds = {
        name: distance_threshold(
            len(set(old[name].dropna()) | set(new[name].dropna())),
            int(old[name].count()),
            int(new[name].count()),
            alpha,
        )
        for name in names
    }
    return run_evidently(old, new, thresholds, alarm_share=alarm_share)


def _in_levels(rows: Batch, names: Sequence[str], sketcher: Sketcher) -> pd.DataFrame:
    """The rows, with each value as the name of its level."""
    columns = {}
    for name in names:
        numbers, levels = rows.matrix[:, rows.names.index(name)], sketcher.levels[name]
        missing = np.isnan(numbers)
        if isinstance(levels, CategoryLevels):
            places = sketcher.level_of_code[name][np.where(missing, 0, numbers).astype(np.intp)]
        else:
            places = levels.place(numbers)
        labels = np.array([*levels.names, None], dtype=object)
        columns[name] = labels[np.where(missing, len(levels.names), places)]
    return pd.DataFrame(columns)
