"""Procedural gene expression of single cells: types by known markers, as counts become logarithms.

Types stand in lineages, so that some are told apart with ease and some with difficulty. A cell's
counts are negative binomial about a mean that follows from its type (markers of the type and of its
lineage are raised), from programs that move many genes together whatever the type, and from how
deeply the cell was read; faint genes drop out. Types are as frequent as those of the 700 blood
cells of scanpy's `pbmc68k_reduced` (Zheng et al. 2017), from 240 down to 8.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

LINEAGES = (4, 3, 2, 1)
"""How many types each lineage has."""
CELLS = (68, 54, 43, 8, 129, 31, 13, 240, 19, 95)
"""How many cells each type has, lineage by lineage."""
TARGET = "cell_type"
DECIMALS = 3
NUM_GENES, OF_LINEAGE, OF_TYPE = 200, 10, 6
NUM_PROGRAMS, OF_PROGRAM = 6, 20
DISPERSION, DEPTH_SPREAD, HALF_SEEN = 0.5, 0.35, 0.6

Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class Markers:
    """By how much, as a logarithm, genes are raised: in types (types, genes), by programs.

    `programs` (programs, genes) is what one deviation of each adds.
    """

    types: Matrix
    programs: Matrix


def draw_expression(seed: int = 0) -> pd.DataFrame:
    """Cells with the logarithm of each gene's expression, and their type.

    Columns `gene_000` and so on hold log(1 + counts at a common depth); rows are in random order.
    """
    rng = np.random.default_rng(seed)
    markers = draw_markers(rng)
    labels = np.repeat(np.arange(len(CELLS)), CELLS)
    labels = labels[rng.permutation(len(labels))]
    counts, depth = _counts(markers, labels, rng)
    values = np.round(np.log1p(counts / depth[:, None]), DECIMALS)
    frame = pd.DataFrame(values, columns=[f"gene_{i:03d}" for i in range(NUM_GENES)])
    return frame.assign(**{TARGET: np.array(type_names())[labels]})


def type_names() -> list[str]:
    """The types' names: a letter for the lineage, a number within it.

    >>> type_names()[:5]
    ['A1', 'A2', 'A3', 'A4', 'B1']
    """
    return [
        f"{'ABCD'[lineage]}{number + 1}"
        for lineage, size in enumerate(LINEAGES)
        for number in range(size)
    ]


def draw_markers(rng: np.random.Generator) -> Markers:
    """Genes of lineages, of types, and of programs; the sets are drawn apart, so they overlap."""
    lineage = np.repeat(np.arange(len(LINEAGES)), LINEAGES)
    shared = _raised(rng, len(LINEAGES), OF_LINEAGE, (0.8, 2.0))
    own = _raised(rng, len(CELLS), OF_TYPE, (0.6, 1.6))
    return Markers(
        types=shared[lineage] + own,
        programs=_raised(rng, NUM_PROGRAMS, OF_PROGRAM, (0.3, 0.8)),
    )


def _raised(rng: np.random.Generator, sets: int, size: int, reach: tuple[float, float]) -> Matrix:
    """For each set, so many genes raised by as much as `reach` says, the others by nothing."""
    raised = np.zeros((sets, NUM_GENES))
    for row in raised:
        row[rng.choice(NUM_GENES, size, replace=False)] = rng.uniform(*reach, size)
    return raised


def _counts(
    markers: Markers, labels: NDArray[np.int64], rng: np.random.Generator
) -> tuple[Matrix, Matrix]:
    """Counts (cells, genes), and how deeply each cell was read, 1 on average."""
    base = rng.normal(-0.3, 1.0, NUM_GENES)
    activity = rng.normal(size=(len(labels), NUM_PROGRAMS))
    depth = rng.lognormal(-(DEPTH_SPREAD**2) / 2, DEPTH_SPREAD, len(labels))
    mean = np.exp(base + markers.types[labels] + activity @ markers.programs) * depth[:, None]
    counts = rng.poisson(rng.gamma(1 / DISPERSION, DISPERSION * mean))
    is_seen = rng.random(mean.shape) < mean / (mean + HALF_SEEN)
    return np.where(is_seen, counts, 0).astype(np.float64), depth
