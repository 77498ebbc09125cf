"""The images behind precision and recall: those that lie where none of the other side do."""

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from components.data.images.sets import Pixels
from components.data.table import Matrix
from components.evaluation.case import subsample
from components.evaluation.distances import coordinates, nearest
from components.evaluation.fidelity.manifold import MAX_ROWS, NUM_NEIGHBOURS, ROUNDING
from components.evaluation.images.case import ImageCase, Panel, Strip

SHOWN, MOST_TIMES = 10, 99.0


def outside_panel(case: ImageCase) -> Panel:
    """The synthetic images farthest from where test images lie, and the other way round.

    The same images in the same coordinates as those that `fidelity/manifold.py` measures.
    """
    sets = (case.in_features.train, case.in_features.test, case.in_features.synthetic)
    size = min(MAX_ROWS, *map(len, sets))
    kept = [subsample(len(each), size, case.seed("manifold")) for each in sets[1:]]
    known = sets[0].matrix
    real, made = coordinates(
        [each.matrix[rows] for each, rows in zip(sets[1:], kept, strict=True)],
        sets[0].schema,
        ranked_by=known,
    )
    strange, lost = times_beyond(made, real), times_beyond(real, made)
    return Panel(
        key="outside",
        title="Which images does the other side not have?",
        meaning=f"{(strange > 1).mean():.0%} of the synthetic images lie where no test image does "
        f"(precision), {(lost > 1).mean():.0%} of the test images where no synthetic one does "
        "(recall).",
        reading="The farthest off of each, by features: how many times the reach of the "
        "neighbourhood they come closest to. Up to 1 is inside.",
        strips=(
            _strip("synthetic only", case.synthetic.images[kept[1]], strange),
            _strip("real only", case.test.images[kept[0]], lost),
        ),
    )


def times_beyond(points: Matrix, among: Matrix) -> Matrix:
    """For each point the least distance to one of `among` over the reach of that one, at most 99.

    A reach is the distance to the 5th neighbour (Kynkaanniemi et al. 2019): up to 1 is inside.

    >>> among = np.arange(6.0)[:, None]
    >>> times_beyond(np.array([[2.0], [8.0], [50.0]]), among).tolist()
    [0.0, 0.6, 9.0]
    """
    reach = nearest(among, among, NUM_NEIGHBOURS + 1)[:, -1] + ROUNDING
    found: Matrix = np.minimum((cdist(points, among) / reach).min(axis=1), MOST_TIMES)
    return found.round(6)


def _strip(title: str, images: Pixels, times: Matrix) -> Strip:
    farthest: NDArray[np.int64] = np.argsort(-times, kind="stable")[:SHOWN]
    return Strip(title, images[farthest], tuple(f"{times[place]:.1f}" for place in farthest))
