"""table-GAN's promise: rows as useful as real ones that give no one away; and what `delta` does.

    python -m benchmarks.table_gan [--seeds N] [--skip GENERATOR] [--state FILE]
        [--write docs/table_gan.md]

Breast cancer, half of the rows for training, the other half for judging, anew for each seed. What
was measured is kept in FILE, by seed and settings, so that a killed run goes on.
"""

import argparse
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.calibration.tables import Parts, draw, source
from benchmarks.calibration.trials import ROOT
from benchmarks.calibration.wording import outcome, table
from benchmarks.kept import Kept
from components.config import EvaluateConfig, ModelConfig, Purpose, TableGanConfig, TreesConfig
from components.data.table import Matrix, Table, decode
from components.evaluation.case import Case
from components.evaluation.catalog import EVALUATORS
from components.evaluation.distances import coordinates, nearest
from components.evaluation.features import rows_of, task_of
from components.evaluation.learners import LEARNERS, fit_learner
from components.evaluation.scores import called
from components.models.catalog import make_model
from components.models.contract import log_nothing
from components.threads import limited_threads

STATE = ROOT / ".mintmark" / "benchmarks" / "table_gan.jsonl"
DATA = "breast_cancer"
NOISE = 0.05
LEAST_ACCURACY, MOST_MEMBERSHIP = 0.93, 0.55

DELTAS = (0, 0.1, 0.2, 1)
REAL, GAUSSIAN, NOISY = "real rows", "class-Gaussian", "real rows and noise"
MODELS: dict[str, ModelConfig] = {
    "trees": TreesConfig(),
    "trees, crowd 25": TreesConfig(crowd=25),
    **{
        f"table_gan, delta {delta:g}": TableGanConfig(delta=delta) for delta in (0.0, 0.1, 0.2, 1.0)
    },
    "table_gan, no information loss": TableGanConfig(information_weight=0),
    "table_gan, no classification loss": TableGanConfig(classification_weight=0),
    "table_gan, adversarial loss alone": TableGanConfig(
        information_weight=0, classification_weight=0
    ),
    "table_gan, crowd 1": TableGanConfig(crowd=1),
    "table_gan, crowd 25": TableGanConfig(crowd=25),
}
COLUMNS = {
    "accuracy": "accuracy",
    "tstr": "AUC",
    "membership_auc": "membership, best attack",
    "distance_attack": "membership, by distance",
    "distance_ratio": "distance to training rows / that of held-out rows",
    "nearer_to_train": "nearer to a training row",
    "two_sample_auc": "two-sample AUC",
    "shape_error": "shape",
}
"""What is shown of each generator, and under which head."""


def by_model(config: ModelConfig, parts: Parts, seed: int) -> pd.DataFrame:
    """As many rows as there are for training, by a generator of ours."""
    model = make_model(config)
    model.fit(parts.train, seed=seed)
    return model.sample(len(parts.train), seed=seed)


def copied(parts: Parts, seed: int) -> pd.DataFrame:
    """The training rows."""
    return parts.train.frame


def noised(parts: Parts, seed: int) -> pd.DataFrame:
    """The training rows, each number with noise of .05 of its deviation."""
    matrix, schema = parts.train.matrix.copy(), parts.train.schema
    numeric = [i for i, column in enumerate(schema.learned) if not column.is_discrete]
    values = matrix[:, numeric]
    noise = np.random.default_rng(seed).normal(size=values.shape)
    matrix[:, numeric] = values + NOISE * values.std(axis=0) * noise
    return decode(matrix, schema, seed=seed)


def gaussian(parts: Parts, seed: int) -> pd.DataFrame:
    """Rows of a normal distribution for each class, with its mean and covariance."""
    matrix, schema = parts.train.matrix, parts.train.schema
    rng = np.random.default_rng(seed)
    target = [column.name for column in schema.learned].index(schema.target)
    made = matrix.copy()
    features = np.arange(matrix.shape[1]) != target
    for label in np.unique(matrix[:, target]):
        of_class = matrix[:, target] == label
        rows = matrix[np.ix_(of_class, features)]
        drawn = rng.multivariate_normal(rows.mean(axis=0), np.cov(rows.T), size=len(rows))
        made[np.ix_(of_class, features)] = drawn
    return decode(made, schema, seed=seed)


MAKERS: dict[str, Callable[[Parts, int], pd.DataFrame]] = {
    REAL: copied,
    GAUSSIAN: gaussian,
    NOISY: noised,
    **{name: partial(by_model, config) for name, config in MODELS.items()},
}


def judged(parts: Parts, rows: pd.DataFrame, seed: int) -> dict[str, float]:
    """Every figure of some rows."""
    made = Table(rows, parts.train.schema)
    settings = EvaluateConfig(purpose=Purpose.SHARING, seed=seed)
    case = Case(parts.train, parts.test, made, settings, None)
    findings = [
        EVALUATORS[name].run(case, log_nothing)
        for name in ("utility", "membership", "two_sample", "shape")
    ]
    figures = {m.name: m.value for found in findings for m in found.measurements}
    attacks = {attack.name: attack.auc for found in findings for attack in found.attacks}
    return {
        "accuracy": accuracy(parts, made, seed),
        "distance_attack": attacks["distance"],
        **distances(parts, made),
        **{name: figures[name] for name in COLUMNS if name in figures},
    }


def accuracy(parts: Parts, made: Table, seed: int) -> float:
    """The mean accuracy on test rows of a linear model, a forest and boosting taught by `made`."""
    task = task_of(parts.train)
    taught, test = rows_of(made, task), rows_of(parts.test, task)
    found = []
    for learner in LEARNERS:
        predict = fit_learner(learner, taught, task, seed=seed)
        found.append(float((called(predict(test.x), task) == test.y).mean()))
    return float(np.mean(found))


def distances(parts: Parts, made: Table) -> dict[str, float]:
    """How far the closest training row is, against the same of held-out rows.

    The ratio of the medians, and the share of rows that are nearer to a training row than to a
    held-out one, of which there are as many. Coordinates are ranks, as in the evaluators.
    """
    matrices = [part.matrix for part in (parts.train, parts.test, made)]
    ranked_by = np.vstack(matrices[:2])
    train, test, points = coordinates(matrices, parts.train.schema, ranked_by=ranked_by)

    def closest(rows: Matrix, among: Matrix) -> Matrix:
        return nearest(rows, among, 1)[:, 0]

    to_train = closest(points, train)
    return {
        "distance_ratio": float(np.median(to_train) / np.median(closest(test, train))),
        "nearer_to_train": float((to_train < closest(points, test)).mean()),
    }


def measure(options: argparse.Namespace) -> dict[str, list[dict[str, float]]]:
    """The figures of each generator, a dict a seed: those in the file, and what was missing."""
    kept = Kept(options.state)
    found: dict[str, list[dict[str, float]]] = {}
    for seed in range(options.seeds):
        parts = halves(seed)
        for name, make in MAKERS.items():
            settings = MODELS[name].model_dump_json() if name in MODELS else ""
            key = f"{seed}|{name}|{settings}"
            if key in kept or name not in options.skip:
                entry = kept.entry(key, partial(_measured, make, parts, seed))
                found.setdefault(name, []).append(entry["figures"])
    return found


def _measured(
    make: Callable[[Parts, int], pd.DataFrame], parts: Parts, seed: int
) -> dict[str, dict[str, float]]:
    return {"figures": judged(parts, make(parts, seed), seed)}


def halves(seed: int) -> Parts:
    """Half of the rows to train on, the others to judge by, with the classes' shares kept."""
    num_rows = len(source(DATA).frame)
    return draw(DATA, num_rows // 2, num_rows, 0, seed=seed)


def means(found: list[dict[str, float]]) -> dict[str, float]:
    """The mean of each figure over seeds."""
    return {name: float(np.mean([one[name] for one in found])) for name in COLUMNS}


def page_lines(found: Mapping[str, list[dict[str, float]]]) -> Iterator[list[str]]:
    """A line of the page for each generator: means over seeds, and their least and greatest."""
    for name, results in found.items():
        yield [name, *(_cell([one[metric] for one in results]) for metric in COLUMNS)]


def _cell(values: list[float]) -> str:
    return f"{np.mean(values):.3f} ({min(values):.3f} to {max(values):.3f})"


def verdict_lines(found: Mapping[str, list[dict[str, float]]]) -> Iterator[list[str]]:
    """What is asked, and whether the means of each generator reach it."""
    for name, results in found.items():
        mean = means(results)
        met = (
            mean["accuracy"] >= LEAST_ACCURACY,
            mean["membership_auc"] <= MOST_MEMBERSHIP,
            mean["distance_ratio"] >= 1,
        )
        yield [name, *map(outcome, met), outcome(all(met))]


def _memberships(found: Mapping[str, list[dict[str, float]]]) -> list[list[float]]:
    """The membership AUCs of each margin, by seed."""
    return [
        [one["membership_auc"] for one in found[f"table_gan, delta {delta}"]] for delta in DELTAS
    ]


def _differ_by_margin(found: Mapping[str, list[dict[str, float]]]) -> float:
    return float(np.ptp([np.mean(values) for values in _memberships(found)]))


def _differ_by_seed(found: Mapping[str, list[dict[str, float]]]) -> float:
    return max(float(np.ptp(values)) for values in _memberships(found))


def page(found: Mapping[str, list[dict[str, Any]]]) -> str:
    """The page in Markdown."""
    num_seeds = max(map(len, found.values()))
    return f"""# table-GAN: rows to share

Written by `python -m benchmarks.table_gan`; do not edit. scikit-learn's breast cancer, half of the
rows for training, half for judging, {num_seeds} splits and seeds: the mean, and the least and the
greatest. Default settings but for what is named; baselines are made anew from the same rows. A
table_gan takes some 35 s here, what else is there a second or two.

{table(["generator", *COLUMNS.values()], list(page_lines(found)))}
- **accuracy** is that on test rows of a linear model, a forest and boosting taught by the rows, the
  mean of the three; **AUC** is that of the learner that is best on training rows (`tstr`).
- **membership, best attack** is what our gates look at (`membership_auc`, six attacks by the rows
  alone); **by distance** is the plain attack of the literature, by the distance to the closest row.
- **distance to training rows** is the median of the distances to the closest training row, divided
  by the median for held-out rows: below 1 rows are too near. **nearer to a training row** than to
  a held-out one would be half of the rows if training rows were nothing special.

## What was asked

A mean accuracy of {LEAST_ACCURACY} at least (the figure asked for, beside which the class-Gaussian
was given as .923, can only be an accuracy: every AUC here is far above it), a membership AUC of
{MOST_MEMBERSHIP} at most by the best attack, and distances no closer than held-out rows have.

{
        table(
            ["generator", "accuracy", "membership", "distance", "all"],
            list(verdict_lines(found)),
        )
    }
## What to make of it

Between the margins {DELTAS[0]} to {DELTAS[-1]} the mean membership AUC by the best attack differs
by {_differ_by_margin(found):.3f}, that of one margin between seeds by up to
{_differ_by_seed(found):.3f}: as far as these rows can tell, `delta` hides nobody. (On the tables
below, a margin of .1 was kept by itself soon after a training began.) Nor do the information and
the classification loss show here, where classes are far apart; they do on the orders below.

What hides training rows is that no number is given out that fewer than `crowd` of them stand
behind: with `crowd` 1, rows of the same networks betray everyone by their values. `crowd` 25 costs
likeness where there are few rows: each column is made of some five stretches, and two-sample AUC
and shape say so. The class-Gaussian, which is there at once, hides more and teaches as much by
accuracy, a little less by AUC; its rows are less like real ones than those of `crowd` 10, and more
than those of `crowd` 25.

## What was tried

Settings were chosen on other tables (diabetes, wine, and orders of a made-up process), one seed
each. A discriminator's rate of .001, .002 (with a slower average) and .004 gave two-sample AUCs of
.768, .750 and .738 (diabetes, 220 rows); .001 and .004 gave .958 and .905 (orders, 2,000 rows). A
width of 64, not 32, gave .700 (diabetes) at four times the arithmetic; another halving .950
(orders) at nearly three times the time; rates of .0002 and .0005 .972. Without the information and
the classification loss, learners taught on orders lost .067 of AUC, with both .002. With values as
they are membership AUCs were .821 (diabetes) and .703 (orders), with `crowd` 10 .528 and .549.

On the table of this page one thing was run before: a width of 64 with a `delta` of 0 on the first
split (accuracy .942, membership .530, distance 1.04), given up for its time. The recipe
`table_gan_sharing` has a `crowd` of 25, as trees have whose rows are shared: that was decided after
these figures were seen. The default stays 10.

Fewer steps hide more. With a `crowd` of 25, on four splits, 300, 600 and 1,500 steps (as above)
gave accuracies of .920, .942 and .952, membership AUCs by the best attack of .525, .548 and .568,
distances of 1.21, 1.06 and 1.01, and two-sample AUCs of .950, .813 and .758. With 600 all that was
asked is met by the mean of the four (of the first three splits membership is .554). These rows
would have chosen it, so 1,500 stays; `--set train.model.steps=600` is there for who wants it.
"""


def main() -> None:
    """Measure all and write the page."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--skip", action="append", default=[], help="what is not measured anew")
    parser.add_argument("--state", type=Path, default=STATE)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    with limited_threads(options.threads):
        found = measure(options)
    if options.write:
        options.write.write_text(page(found))


if __name__ == "__main__":
    main()
