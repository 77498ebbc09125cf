"""Gaussian copulas as a torch module."""

import numpy as np
import torch
from numpy.typing import NDArray

from components.models.contract import SamplingProgram
from components.models.copula.classes import POOLED
from components.models.copula.model import Copula
from components.models.program_parts import class_ends, class_intervals, column_range
from components.networks.programs.copula_rows import CodePlaces, CopulaClasses, CopulaRows
from components.networks.programs.piecewise_linear import PiecewiseLinear


def copula_program(model: Copula) -> SamplingProgram:
    """The program of a fitted `Copula`: a uniform for the class and one for each drawn column."""
    classes = list(model.copulas_.shares)
    shares = np.array(list(model.copulas_.shares.values()))
    drawn = model.drawn_positions
    marginals = [m for group in model.copulas_.groups.values() for m in group.marginals]
    curves = [(torch.from_numpy(m.scores), torch.from_numpy(m.values)) for m in marginals]
    learned = model.schema_.learned
    module = CopulaRows(
        CopulaClasses(
            ends=class_ends(shares),
            group=torch.tensor([_group_of(code, model) for code in classes]),
            code=torch.tensor([np.nan if c < 0 else c for c in classes], dtype=torch.float64),
        ),
        roots=torch.from_numpy(_roots(model)),
        marginals=PiecewiseLinear(curves) if curves else None,
        missing_below=torch.tensor([m.missing_below for m in marginals], dtype=torch.float64),
        places=_places(model, drawn),
        learned_from=torch.tensor(
            [drawn.index(i) if i in drawn else model.num_drawn for i in range(len(learned))]
        ),
        says_missing=_says_missing(model),
        column_range=column_range(learned),
    )
    return SamplingProgram(module, 1 + model.num_drawn, class_intervals(classes, shares))


def _says_missing(model: Copula) -> torch.Tensor:
    """Which drawn column says whether each one is missing; -1 where none does."""
    found, width = torch.full((model.num_drawn,), -1), len(model.drawn_positions)
    for number, place in enumerate(model.gapped_):
        found[place] = width + number
    return found


def _group_of(code: int, model: Copula) -> int:
    """The position of the group that draws a class."""
    groups = list(model.copulas_.groups)
    return groups.index(code if code in groups else POOLED)


def _roots(model: Copula) -> NDArray[np.float64]:
    return np.array([group.root for group in model.copulas_.groups.values()]).astype(np.float64)


def _places(model: Copula, drawn: list[int]) -> CodePlaces:
    """The codes by place of the discrete columns, end to end."""
    base, codes, begin = [], [np.zeros(0)], 0
    for position in drawn:
        order = model.orders_.get(position)
        base.append(-1 if order is None else begin)
        if order is not None:
            codes.append(order.astype(np.float64))
            begin += len(order)
    base += [-1] * len(model.gapped_)
    joined = np.concatenate([*codes, np.zeros(1)])
    return CodePlaces(torch.tensor(base, dtype=torch.int64), torch.from_numpy(joined))
