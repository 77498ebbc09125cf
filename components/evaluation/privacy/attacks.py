"""The membership attacks there are: scores of judged rows, higher for likelier members."""

import logging

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier

from components.config import TreesConfig
from components.data.table import Matrix, Table
from components.errors import UserError
from components.evaluation.bins import find_bins, without_empty
from components.evaluation.case import Case, MakeAndFit, Sampler, subsample
from components.evaluation.distances import coordinates, nearest
from components.evaluation.found_once import FoundOnce
from components.evaluation.learners import class_weights
from components.evaluation.privacy.attack_game import MAX_ROWS, Access, Contest, Round
from components.models.contract import Scorer
from components.models.trees.trees import Trees

logger = logging.getLogger(__name__)

NUM_NEIGHBOURS = 5
MAX_GROWN = 15_000
"""Trees are grown on at most so many synthetic rows."""

LEAST_DISTANCE = 1e-6
"""What rounding leaves of a distance of 0."""

_REFERENCE: FoundOnce[Matrix] = FoundOnce(most=2)
"""The log densities of judged rows by trees of reference rows, in both rounds."""

BY_SHADOW = "likelihood ratio"
"""The attack that needs a model of the same kind, fitted on the reference rows."""

ACCESS: dict[str, Access] = {
    "distance": "rows",
    "calibrated distance": "rows",
    "density ratio": "rows",
    "value ratio": "rows",
    "classifier ratio": "rows",
    "tree density ratio": "rows",
    "likelihood": "model",
    "likelihood less rarity": "model",
    BY_SHADOW: "model",
}
"""Every attack, and whether it needs the synthetic rows alone or the model as well."""


def play(case: Case, contest: Contest, made: Trees) -> Round:
    """The scores of every attack that what is at hand allows; `made` is grown on synthetic rows."""
    schema, seed = contest.judged.schema, case.seed("classifier")
    tables = (contest.judged, contest.synthetic, contest.reference)
    judged, synthetic, reference = (table.matrix for table in tables)
    points = coordinates(
        [judged, synthetic, reference], schema, ranked_by=np.vstack([synthetic, reference])
    )
    to_synthetic, to_reference = (_log_distances(points[0], among) for among in points[1:])
    isolation = to_reference.mean(axis=1)
    scores = _by_distance(to_synthetic, to_reference)
    scores["value ratio"] = value_ratio(judged, synthetic, reference)
    scores["classifier ratio"] = _classified(synthetic, reference, judged, seed)
    scores["tree density ratio"] = _by_trees(made, contest, seed)
    if isinstance(case.generator, Scorer):
        scores |= _by_model(case.generator, case.make_and_fit, contest, isolation, seed)
    return Round(contest.member, scores, isolation)


def _log_distances(points: Matrix, among: Matrix) -> Matrix:
    return np.log(np.maximum(nearest(points, among, NUM_NEIGHBOURS), LEAST_DISTANCE))


def _by_distance(to_synthetic: Matrix, to_reference: Matrix) -> dict[str, Matrix]:
    """Attacks by the logarithms of the distances to the five nearest rows, ascending.

    Distance: to the nearest synthetic row alone. Calibrated distance: how much nearer the nearest
    synthetic row is than the nearest reference row. Density ratio: the same with the mean over
    five neighbours, a ratio of local densities as in DOMIAS (van Breugel et al. 2023).
    """
    return {
        "distance": -to_synthetic[:, 0],
        "calibrated distance": to_reference[:, 0] - to_synthetic[:, 0],
        "density ratio": to_reference.mean(axis=1) - to_synthetic.mean(axis=1),
    }


def value_ratio(judged: Matrix, synthetic: Matrix, reference: Matrix) -> Matrix:
    """How much more often a row's very values are among the synthetic ones than in the reference.

    The log ratios of the shares of equal values, one more row on either side, summed over columns:
    a generator that gives out the values it saw, and none in between, betrays rare ones.

    >>> column = np.array([[1.0], [1.0], [2.0]])
    >>> value_ratio(np.array([[1.0], [7.0]]), column, np.array([[2.0], [7.0], [9.0]])).round(2)
    array([ 1.1 , -0.69])
    """
    total = np.zeros(len(judged))
    for values, made, real in zip(judged.T, synthetic.T, reference.T, strict=True):
        total += _log_share(values, made) - _log_share(values, real)
    return total


def _log_share(values: Matrix, among: Matrix) -> Matrix:
    ordered = np.sort(among)  # missing values, which come last, equal one another
    equal = np.searchsorted(ordered, values, "right") - np.searchsorted(ordered, values, "left")
    share: Matrix = np.log((equal + 1) / (len(among) + 1))
    return share


def grow(table: Table, seed: int) -> Trees:
    """A density of the table's rows: a sequence of trees, on 15,000 rows at most."""
    trees = Trees(TreesConfig())
    trees.fit(table.take(subsample(len(table), MAX_GROWN, seed)), seed=seed)
    return trees


def _by_trees(made: Trees, contest: Contest, seed: int) -> Matrix:
    """The ratio of densities by two sequences of trees, grown on synthetic and reference rows.

    DOMIAS with a density that mixed columns, heaps and spikes are no trouble to. It is the sharpest
    where the generator has a narrow choice of values given those it drew before.
    """
    judged, reference = contest.judged, contest.reference
    real = _REFERENCE.of(
        [judged.matrix, reference.matrix],
        (seed, reference.schema),
        lambda: grow(reference, seed).score(judged.frame),
    )
    return made.score(judged.frame) - real


def _classified(synthetic: Matrix, reference: Matrix, judged: Matrix, seed: int) -> Matrix:
    """The log odds that a row is synthetic rather than of the reference, classes balanced."""
    drawn = synthetic[subsample(len(synthetic), MAX_ROWS, seed)]
    labels = np.repeat([1, 0], [len(drawn), len(reference)])
    model = HistGradientBoostingClassifier(
        max_iter=60,
        min_samples_leaf=int(np.clip(len(labels) // 20, 3, 20)),
        early_stopping=False,
        random_state=seed,
    )
    rows = np.vstack([drawn, reference])
    bins = find_bins(rows)
    weights = class_weights(labels.astype(np.float64))
    model.fit(without_empty(bins.apply(rows)), labels, sample_weight=weights)
    odds: Matrix = model.decision_function(bins.apply(judged))
    return odds


def _by_model(
    model: Scorer, make_and_fit: MakeAndFit | None, contest: Contest, isolation: Matrix, seed: int
) -> dict[str, Matrix]:
    """Attacks by the model's own score of a row.

    Likelihood: the score as it is. Less rarity: less what a straight line through `isolation`
    expects of it, so that common rows are not taken for members. Ratio: less the score by a model
    of the same kind fitted on the reference rows, as LiRA (Carlini et al. 2022) with one shadow;
    it is left out where a model cannot learn so few rows.
    """
    score = model.score(contest.judged.frame)
    slope = np.polyfit(isolation, score, 1) if np.ptp(isolation) > 0 else np.zeros(2)
    found = {"likelihood": score, "likelihood less rarity": score - np.polyval(slope, isolation)}
    shadow = _shadow(make_and_fit, contest.reference, seed) if make_and_fit else None
    if isinstance(shadow, Scorer):
        found[BY_SHADOW] = score - shadow.score(contest.judged.frame)
    return found


def _shadow(make_and_fit: MakeAndFit, reference: Table, seed: int) -> Sampler | None:
    """A model fitted on the reference rows; None where it refuses what so few rows show."""
    try:
        return make_and_fit(reference, seed)
    except UserError as error:
        logger.warning("the attack by %s is not tried: %s", BY_SHADOW, error)
        return None
