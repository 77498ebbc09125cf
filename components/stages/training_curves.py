"""What training logged: a line for each step while it goes on, a file when it has ended."""

import csv
import re
from collections.abc import Iterable, Mapping
from itertools import groupby
from operator import itemgetter
from pathlib import Path

from components.evaluation.evidence import Curve

Logged = tuple[int, str, float]
_HEADER = ("step", "metric", "value")
_STEP_LINE = re.compile(r"step (\d+)((?:  \S+ \S+)+)$")


def step_line(step: int, metrics: Mapping[str, float]) -> str:
    """One step's metrics as a person reads them.

    >>> step_line(20, {"critic_loss": 0.25})
    'step 20  critic_loss 0.25'
    """
    shown = "".join(f"  {name} {value:.4g}" for name, value in metrics.items())
    return f"step {step}{shown}"


def parse_step_line(line: str) -> tuple[int, dict[str, float]] | None:
    """The step and metrics of a line that `step_line` made, None for any other line.

    >>> parse_step_line("step 20  critic_loss 0.25")
    (20, {'critic_loss': 0.25})
    """
    match = _STEP_LINE.match(line)
    if match is None:
        return None
    words = match[2].split()
    return int(match[1]), {n: float(v) for n, v in zip(words[::2], words[1::2], strict=True)}


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
