"""The membership attacks there are: scores of judged rows, higher for likelier members."""

from dataclasses import dataclass

import numpy as np
from scipy.special import logsumexp
from sklearn.ensemble import HistGradientBoostingClassifier

from components.data.table import Matrix, encode
from components.evaluation.attack_game import MAX_ROWS, Access, Contest, Round
from components.evaluation.case import Case, MakeAndFit, subsample
from components.evaluation.distances import coordinates, nearest
from components.models.contract import Scorer

NUM_NEIGHBOURS = 20
NUM_NEAR = 5
LEAST_DISTANCE = 1e-6
"""What rounding leaves of a distance of 0."""

ACCESS: dict[str, Access] = {
    "distance": "rows",
    "calibrated distance": "rows",
    "density ratio": "rows",
    "kernel density ratio": "rows",
    "classifier ratio": "rows",
    "likelihood": "model",
    "likelihood less rarity": "model",
    "likelihood ratio": "model",
}
"""Every attack, and whether it needs the synthetic rows alone or the model as well."""


@dataclass(frozen=True)
class Near:
    """Distances of judged rows to their nearest synthetic and reference rows, ascending."""

    synthetic: Matrix
    reference: Matrix


def play(case: Case, contest: Contest) -> Round:
    """The scores of every attack that what is at hand allows."""
    schema, seed = contest.judged.schema, case.seed("classifier")
    tables = (contest.judged, contest.synthetic, contest.reference)
    judged, synthetic, reference = (encode(table.frame, schema) for table in tables)
    points = coordinates(
        [judged, synthetic, reference], schema, ranked_by=np.vstack([synthetic, reference])
    )
    near = Near(*(np.maximum(nearest(points[0], among, NUM_NEIGHBOURS), LEAST_DISTANCE)
                  for among in points[1:]))
    isolation = np.log(near.reference[:, :NUM_NEAR]).mean(axis=1)
    scores = _by_distance(near)
    scores["classifier ratio"] = _classified(synthetic, reference, judged, seed)
    if isinstance(case.generator, Scorer):
        scores |= _by_model(case.generator, case.make_and_fit, contest, isolation, seed)
    return Round(contest.member, scores, isolation)


def _by_distance(near: Near) -> dict[str, Matrix]:
    """Attacks by where the nearest rows lie.

    Distance: to the nearest synthetic row alone. Calibrated distance: how much nearer the nearest
    synthetic row is than the nearest reference row. Density ratio: the same with the mean over
    five neighbours, a ratio of local densities as in DOMIAS (van Breugel et al. 2023). Kernel
    density ratio: the same by a Gaussian kernel over 20 neighbours, as wide as the fifth nearest
    reference row is away.
    """
    made, real = np.log(near.synthetic), np.log(near.reference)
    width = near.reference[:, [min(NUM_NEAR, near.reference.shape[1]) - 1]]
    return {
        "distance": -made[:, 0],
        "calibrated distance": real[:, 0] - made[:, 0],
        "density ratio": real[:, :NUM_NEAR].mean(axis=1) - made[:, :NUM_NEAR].mean(axis=1),
        "kernel density ratio": _kernel(near.synthetic / width) - _kernel(near.reference / width),
    }


def _kernel(distances: Matrix) -> Matrix:
    summed: Matrix = logsumexp(-(distances**2) / 2, axis=1)
    return summed


def _classified(synthetic: Matrix, reference: Matrix, judged: Matrix, seed: int) -> Matrix:
    """The log odds that a row is synthetic rather than of the reference, classes balanced."""
    drawn = synthetic[subsample(len(synthetic), MAX_ROWS, seed)]
    labels = np.repeat([1, 0], [len(drawn), len(reference)])
    model = HistGradientBoostingClassifier(
        max_iter=60,
        min_samples_leaf=int(np.clip(len(labels) // 20, 3, 20)),
        early_stopping=False,
        class_weight="balanced",
        random_state=seed,
    )
    model.fit(np.vstack([drawn, reference]), labels)
    odds: Matrix = model.decision_function(judged)
    return odds


def _by_model(
    model: Scorer, make_and_fit: MakeAndFit, contest: Contest, isolation: Matrix, seed: int
) -> dict[str, Matrix]:
    """Attacks by the model's own score of a row.

    Likelihood: the score as it is. Less rarity: less what a straight line through `isolation`
    expects of it, so that common rows are not taken for members. Ratio: less the score by a model
    of the same kind fitted on the reference rows, as LiRA (Carlini et al. 2022) with one shadow.
    """
    score = model.score(contest.judged.frame)
    slope = np.polyfit(isolation, score, 1) if np.ptp(isolation) > 0 else np.zeros(2)
    found = {"likelihood": score, "likelihood less rarity": score - np.polyval(slope, isolation)}
    shadow = make_and_fit(contest.reference, seed)
    if isinstance(shadow, Scorer):
        found["likelihood ratio"] = score - shadow.score(contest.judged.frame)
    return found
