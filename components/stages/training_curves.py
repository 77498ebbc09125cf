"""What training logged, as a file: a row for each step and metric."""

import csv
from collections.abc import Iterable
from itertools import groupby
from operator import itemgetter
from pathlib import Path

from components.evaluation.evidence import Curve

Logged = tuple[int, str, float]
_HEADER = ("step", "metric", "value")


def write_training_curves(logged: Iterable[Logged], path: Path) -> None:
    """Write `(step, metric, value)` rows as CSV."""
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(_HEADER)
        writer.writerows(logged)


def read_training_curves(path: Path) -> list[Curve]:
    """One curve a metric, by step, named `training_METRIC`."""
    with path.open(newline="") as file:
        rows = [
            (row["metric"], int(row["step"]), float(row["value"])) for row in csv.DictReader(file)
        ]
    curves = []
    for metric, points in groupby(sorted(rows), key=itemgetter(0)):
        _, steps, values = zip(*points, strict=True)
        curves.append(
            Curve(name=f"training_{metric}", x=steps, y=values, x_title="step", y_title=metric)
        )
    return [curve for curve in curves if len(curve.x) > 1]
