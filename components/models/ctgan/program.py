"""A trained GAN as one torch module."""

import copy

import numpy as np
import torch

from components.data.gan_encoding import ColumnCode
from components.data.schema import Schema
from components.models.contract import SamplingProgram
from components.models.ctgan.calibration import probabilities
from components.models.ctgan.rows import (
    RowSampler,
    class_codes,
    class_stretches,
    learned_from,
)
from components.models.program_parts import class_ends, column_range
from components.networks.programs.gan_rows import GanColumns, GanRows
from components.networks.programs.piecewise_linear import PiecewiseLinear


def ctgan_program(sampler: RowSampler, schema: Schema) -> SamplingProgram:
    """The program of a fitted `Ctgan`: uniforms for class, noise, and each column with slots."""
    layout, classes = sampler.layout, sampler.classes
    generator = copy.deepcopy(sampler.generator).double().eval().requires_grad_(False)
    module = GanRows(
        generator,
        sampler.noise_size,
        layout.groups,
        classes=(class_ends(classes.shares), class_codes(classes)),
        bias=sampler.calibration.bias,
        scores=_scores(sampler),
        columns=_columns(sampler.codes),
        learned_from=learned_from(classes, len(schema.learned)),
        column_range=column_range(schema.learned),
    )
    num_uniforms = 1 + sampler.noise_size + len(layout.groups)
    return SamplingProgram(module, num_uniforms, class_stretches(classes))


def _scores(sampler: RowSampler) -> tuple[PiecewiseLinear, PiecewiseLinear] | None:
    """From scores to their places, and from places to values; None where there are no scores."""
    knots = sampler.calibration.score_knots
    if not len(knots):
        return None
    quantiles = [torch.from_numpy(c.quantiles) for c in sampler.codes if c.is_continuous]
    places = PiecewiseLinear([(row.double(), probabilities()) for row in knots])
    return places, PiecewiseLinear([(x, y) for x, y in quantiles])


def _columns(codes: tuple[ColumnCode, ...]) -> GanColumns:
    num_groups = sum(code.num_slots > 0 for code in codes)
    group, score, base = [], [], []
    next_group, next_score, begin = 0, 0, 0
    for code in codes:
        group.append(next_group if code.num_slots else num_groups)
        score.append(next_score if code.is_continuous else 0)
        base.append(begin)
        next_group += code.num_slots > 0
        next_score += code.is_continuous
        begin += len(code.levels)
    levels = np.concatenate([*(code.levels for code in codes), np.zeros(1)])
    return GanColumns(
        group=torch.tensor(group, dtype=torch.int64),
        base=torch.tensor(base, dtype=torch.int64),
        num_levels=torch.tensor([len(code.levels) for code in codes], dtype=torch.int64),
        score=torch.tensor(score, dtype=torch.int64),
        is_whole=torch.tensor([code.is_discrete for code in codes], dtype=torch.bool),
        levels=torch.from_numpy(levels),
    )
