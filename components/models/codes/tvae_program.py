"""A variational autoencoder of tables as a torch module."""

import copy

from components.data.schema import Schema
from components.models.codes.point_drawing import PointDrawing
from components.models.contract import SamplingProgram
from components.models.program_parts import class_ends, class_intervals, code_values, column_range
from components.networks.programs.point_rows import PointRows


def tvae_program(drawing: PointDrawing, schema: Schema) -> SamplingProgram:
    """The program of a fitted `Tvae`: target, component, point, then codes and their values."""
    columns, network = drawing.columns, drawing.network
    num_columns = len(columns)
    positions = {i: i for i in range(num_columns)}
    shares = drawing.shares / drawing.shares.sum()
    module = PointRows(
        copy.deepcopy(network),
        class_ends(shares),
        [column.num_levels for column in columns],
        code_values([column.levels for column in columns], positions, positions),
        column_range(schema.learned),
    )
    num_levels = columns[network.target].num_levels
    is_discrete = schema.is_classification
    classes = class_intervals(range(num_levels), shares[:num_levels]) if is_discrete else {}
    return SamplingProgram(module, 2 + network.latent + 2 * num_columns, classes)
