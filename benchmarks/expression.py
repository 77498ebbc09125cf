"""Do made rows help where classes are rare and columns many: GAN, class Gaussian, SMOTE.

    python -m benchmarks.expression --data FILE --target COLUMN [--group COLUMN] [--folds 4]
        [--repeats 2] [--learners linear forest] [--kept FILE]

FILE is a table or a bundled one. In every fold each way of making rows sees the fold's training
rows alone and brings all classes to the size of the largest. With a `--group`, all rows of a value
of that column are on one side. A killed run goes on where there is a `--kept`.
"""

import argparse
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.model_selection import RepeatedStratifiedKFold, StratifiedGroupKFold

from benchmarks.calibration.wording import table as as_table
from benchmarks.kept import Kept
from components.config import ClassGaussianConfig, ExpressionGanConfig, ModelConfig, Start
from components.data.preparation import prepare_table
from components.data.sources import read_source
from components.data.table import Table
from components.evaluation.benefit.arms import KNOWN, REAL, SMOTE_ARM, Fold, can_smote
from components.evaluation.features import Rows, Task, rows_of, task_of
from components.evaluation.fidelity.markers import correlate, find_markers, marker_error
from components.evaluation.learners import LEARNERS, fit_learner
from components.evaluation.scores import all_scores
from components.evaluation.statistics import corrected_interval
from components.models.catalog import make_model
from components.threads import limited_threads

MODELS: dict[str, ModelConfig] = {
    "class_gaussian": ClassGaussianConfig(),
    "expression_gan": ExpressionGanConfig(),
    "expression_gan from nothing": ExpressionGanConfig(start=Start.NOTHING),
}
PLAIN = (REAL, "class weights", SMOTE_ARM)
JUDGED = ("balanced_accuracy", "rare_recall", "roc_auc")
Places = NDArray[np.int64]
Scores = dict[str, dict[str, float]]


def folds_of(
    y: NDArray[np.int64], groups: pd.Series | None, folds: int, repeats: int
) -> Iterator[tuple[Places, Places]]:
    """Training and held-out positions of each fold."""
    if groups is None:
        kind = RepeatedStratifiedKFold(n_splits=folds, n_repeats=repeats, random_state=0)
        yield from kind.split(y, y)
        return
    for repeat in range(repeats):
        grouped = StratifiedGroupKFold(folds, shuffle=True, random_state=repeat)
        yield from grouped.split(y, y, groups)


def judge_fold(
    whole: Table, task: Task, fit: Places, held: Places, seed: int, learners: Sequence[str]
) -> dict[str, Any]:
    """Each arm's scores, averaged over learners, and what generators took and missed."""
    inside, test = whole.take(fit), rows_of(whole.take(held), task)
    real = rows_of(inside, task)
    prepared = {
        name: KNOWN[name](Fold(real, real, task, seed))
        for name in PLAIN
        if name != SMOTE_ARM or can_smote(real.y)
    }
    scores = {
        name: _scores(arm.rows, arm.weights, test, task, seed, learners)
        for name, arm in prepared.items()
    }
    facts: Scores = {}
    for name, config in MODELS.items():
        began = time.process_time()
        model = make_model(config)
        model.fit(inside, seed=seed)
        seconds = time.process_time() - began
        filled = rows_of(Table(_filled(model, inside, real.y, seed), whole.schema), task)
        scores[f"real + {name}"] = _scores(real.joined(filled), None, test, task, seed, learners)
        alike = rows_of(Table(model.sample(len(inside), seed=seed), whole.schema), task)
        scores[f"{name} alone"] = _scores(alike, None, test, task, seed, learners)
        facts[name] = {"seconds": seconds, "marker_error": _marker_error(real, alike)}
    facts["held-out real rows"] = {"marker_error": _marker_error(real, test)}
    return {"scores": scores, "facts": facts}


def _filled(model: Any, inside: Table, y: NDArray[np.float64], seed: int) -> pd.DataFrame:
    """Rows that bring every class to the size of the largest."""
    target = inside.schema.target_column
    codes, counts = np.unique(y.astype(np.int64), return_counts=True)
    parts = [
        model.sample(
            int(counts.max() - count),
            condition={target.name: target.categories[code]},
            seed=seed + code,
        )
        for code, count in zip(codes, counts, strict=True)
        if count < counts.max()
    ]
    return pd.concat(parts, ignore_index=True) if parts else inside.frame.iloc[:0]


def _scores(
    train: Rows, weights: Any, test: Rows, task: Task, seed: int, learners: Sequence[str]
) -> dict[str, float]:
    found = []
    for learner in learners:
        predict = fit_learner(learner, train, task, weights=weights, seed=seed)
        found.append(all_scores(test.y, predict(test.x), task))
    return {name: float(np.mean([each[name] for each in found])) for name in found[0]}


def _marker_error(real: Rows, other: Rows) -> float:
    markers = find_markers(real, np.zeros(real.x.shape[1], dtype=bool))
    value, _ = marker_error(correlate(real.x[:, markers]), correlate(other.x[:, markers]))
    return value


def report(found: Sequence[Mapping[str, Any]], folds: int) -> str:
    """Markdown: each arm's means, and paired differences to real rows alone and to SMOTE."""
    arms = [name for name in found[0]["scores"] if all(name in each["scores"] for each in found)]
    metrics = [name for name in JUDGED if name in found[0]["scores"][REAL]]
    scored = []
    for arm in arms:
        line = {"rows to learn from": arm}
        for metric in metrics:
            line[metric] = f"{_values(found, arm, metric).mean():.3f}"
        for rival in (REAL, SMOTE_ARM):
            for metric in metrics[:2]:
                line[f"{metric} over {rival}"] = _difference(found, arm, rival, metric, folds)
        scored.append(line)
    made = []
    for name in found[0]["facts"]:
        facts = [each["facts"][name] for each in found]
        seconds = [each["seconds"] for each in facts if "seconds" in each]
        made.append(
            {
                "rows": name,
                "marker_error": f"{np.mean([each['marker_error'] for each in facts]):.3f}",
                "processor seconds to fit": f"{np.mean(seconds):.1f}" if seconds else "",
            }
        )
    return f"{_table(scored)}\n{_table(made)}"


def _table(lines: Sequence[Mapping[str, str]]) -> str:
    return as_table(list(lines[0]), [list(line.values()) for line in lines])


def _values(found: Sequence[Mapping[str, Any]], arm: str, metric: str) -> NDArray[np.float64]:
    values = np.array([each["scores"][arm][metric] for each in found])
    return values[~np.isnan(values)]


def _difference(
    found: Sequence[Mapping[str, Any]], arm: str, rival: str, metric: str, folds: int
) -> str:
    if arm == rival or rival not in found[0]["scores"]:
        return ""
    differences = _values(found, arm, metric) - _values(found, rival, metric)
    interval = corrected_interval(
        differences, test_to_train=1 / (folds - 1), confidence=0.95, sides=2
    )
    return f"{interval.value:+.3f} ({interval.low:+.3f} to {interval.high:+.3f})"


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", required=True)
    parser.add_argument("--target", required=True)
    parser.add_argument("--group")
    parser.add_argument("--folds", type=int, default=4)
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--learners", nargs="+", default=["linear", "forest"], choices=LEARNERS)
    parser.add_argument("--kept", type=Path)
    asked = parser.parse_args()
    frame = read_source(asked.data).frame
    groups = None if asked.group is None else frame.pop(asked.group)
    whole = prepare_table(frame, asked.target)
    task = task_of(whole)
    y = rows_of(whole, task).y.astype(np.int64)
    kept = None if asked.kept is None else Kept(asked.kept)
    found = []
    with limited_threads(1):
        for seed, (fit, held) in enumerate(folds_of(y, groups, asked.folds, asked.repeats)):

            def measure(fit: Places = fit, held: Places = held, seed: int = seed) -> dict[str, Any]:
                return judge_fold(whole, task, fit, held, seed, asked.learners)

            found.append(kept.entry(f"fold {seed}", measure) if kept else measure())
    print(report(found, asked.folds))


if __name__ == "__main__":
    main()
