"""A generator of noisy counts as a torch module."""

import torch

from components.data.schema import Schema
from components.models.contract import SamplingProgram
from components.models.private.step_drawing import StepDrawing, ends_of
from components.models.program_parts import class_intervals, code_values, column_range
from components.networks.programs.step_rows import StepRows


def private_program(drawing: StepDrawing, schema: Schema) -> SamplingProgram:
    """The program of a fitted `Private`: a draw a column, then one to place its value."""
    columns, steps = drawing.columns, drawing.steps
    positions = {i: i for i in range(len(columns))}
    module = StepRows(
        [step.position for step in steps],
        [step.given for step in steps],
        [torch.from_numpy(ends_of(step)) for step in steps],
        [torch.from_numpy(of) for of in drawing.groups],
        [column.num_levels for column in columns],
        code_values([column.levels for column in columns], positions, positions),
        column_range(schema.learned),
    )
    shares = steps[0].shares[: columns[steps[0].position].num_levels]
    classes = class_intervals(range(len(shares)), shares) if schema.is_classification else {}
    return SamplingProgram(module, 2 * len(columns), classes)
