"""A network that draws column after column as a torch module."""

import copy

import torch

from components.data.schema import Schema
from components.models.codes.row_drawing import RowDrawing
from components.models.contract import SamplingProgram
from components.models.program_parts import (
    Intervals,
    class_intervals,
    code_values,
    column_range,
)
from components.networks.programs.any_order_rows import AnyOrderRows


def autoregressive_program(drawing: RowDrawing, schema: Schema) -> SamplingProgram:
    """The program of a fitted `Autoregressive`: a draw a column, then one to place its value."""
    columns = drawing.columns
    num_columns = len(columns)
    positions = {i: i for i in range(num_columns)}
    module = AnyOrderRows(
        copy.deepcopy(drawing.network),
        drawing.sequence,
        [column.num_levels for column in columns],
        code_values([column.levels for column in columns], positions, positions),
        column_range(schema.learned),
    )
    classes = _classes(module, drawing) if schema.is_classification else {}
    return SamplingProgram(module, 2 * num_columns, classes)


@torch.no_grad()
def _classes(module: AnyOrderRows, drawing: RowDrawing) -> Intervals:
    """Where the first uniform gives each class: the target is drawn first."""
    target, network = drawing.sequence[0], module.network
    nothing = torch.zeros_like(network.query[:1])
    shares = torch.softmax(network.told(nothing, network.outputs(), target), dim=1)[0].numpy()
    return class_intervals(range(drawing.columns[target].num_levels), shares)
