"""A resampled generator as a torch module."""

import numpy as np
import torch

from components.models.contract import SamplingProgram
from components.models.odds_trees import DEPTH, SUREST, OddsTrees
from components.networks.programs.resampled_rows import Odds, ResampledRows


def resampled_program(
    program: SamplingProgram, odds: OddsTrees, candidates: int
) -> SamplingProgram:
    """The program of a fitted `Resampled`, given that of its generator.

    Where the first draw gives the class, it does so for all candidates. Then come the other draws
    of each candidate, and one for each that picks.
    """
    tensors = {name: torch.from_numpy(array) for name, array in _as_indices(odds).items()}
    shared = 1 if program.classes else 0
    module = ResampledRows(
        program.module,
        Odds(**tensors, depth=DEPTH, surest=SUREST),
        candidates=candidates,
        num_uniforms=program.num_uniforms,
        shared=shared,
    )
    num_uniforms = shared + candidates * (program.num_uniforms - shared + 1)
    return SamplingProgram(module, num_uniforms, program.classes)


def _as_indices(odds: OddsTrees) -> dict[str, np.ndarray]:
    arrays = odds.arrays
    if not len(odds.roots):  # one leaf that adds nothing, for torch has to have a row to look in
        arrays = {name: np.zeros(1, dtype=array.dtype) for name, array in arrays.items()}
    return {
        name: array.astype(np.int64) if np.issubdtype(array.dtype, np.integer) else array
        for name, array in arrays.items()
    }
