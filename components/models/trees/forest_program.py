"""A mixture of leaves as a torch module."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from components.data.schema import Schema
from components.models.contract import SamplingProgram
from components.models.program_parts import Intervals, class_intervals, code_values, column_range
from components.models.trees.leaf_mixture import LeafMixture
from components.models.trees.leaf_rows import LeafRows
from components.networks.programs.leaf_rows import LeafRows as Module
from components.networks.programs.leaf_rows import Leaves


def forest_program(rows: LeafRows, schema: Schema) -> SamplingProgram:
    """The program of a fitted `Forest`: a draw a column, then one to place each value."""
    columns, mixture = rows.columns, rows.mixture
    positions = {i: i for i in range(len(columns))}
    module = Module(
        _leaves(mixture, [column.num_levels for column in columns]),
        mixture.first,
        code_values([column.levels for column in columns], positions, positions),
        column_range(schema.learned),
    )
    target = columns[mixture.first]
    classes = _classes(mixture, target.num_levels) if schema.is_classification else {}
    return SamplingProgram(module, 2 * len(columns), classes)


def _classes(mixture: LeafMixture, num_levels: int) -> Intervals:
    """Where the first uniform gives each class: leaves are drawn by code, then leaf."""
    shares = mixture.rows_of[mixture.first][:num_levels] / mixture.total
    return class_intervals(range(len(shares)), shares)


def _leaves(mixture: LeafMixture, num_levels: Sequence[int]) -> Leaves:
    others = [j for j in range(mixture.num_columns) if j != mixture.first]
    nothing = np.zeros(1, dtype=np.int64)
    offset = np.arange(len(others)) * mixture.total
    ends = [mixture.ends[j] + at for j, at in zip(others, offset, strict=True)]
    return Leaves(
        lead_codes=_joined([mixture.lead.codes]),
        lead_leaves=_joined([mixture.lead.leaves]),
        lead_ends=_joined([mixture.lead.ends]),
        begins=_joined([mixture.begins]),
        sizes=_joined([mixture.sizes]),
        codes=_joined([mixture.codes[j] for j in others] or [nothing]),
        ends=_joined(ends or [nothing]),
        offset=_joined([offset]),
        num_levels=_joined([np.array(num_levels)]),
    )


def _joined(parts: Sequence[NDArray[np.generic]]) -> torch.Tensor:
    return torch.from_numpy(np.concatenate(parts).astype(np.int64))
