"""`columns.json`: what the numbers of a sampling program stand for, for whoever runs it alone."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from components.config import ColumnKind
from components.data.images.schema import ImageSchema
from components.data.schema import Column, Scalar, Schema
from components.data.table import decode
from components.models.contract import SamplingProgram

FILE_NAME = "columns.json"
FORMAT = 1


@dataclass(frozen=True)
class OutputColumn:
    """One column of the table, in the table's order.

    `position` is its place in the program's rows, None for an identifier or a constant; `value` is
    what a constant is, or one made-up identifier. A discrete column's numbers are places in
    `categories`; datetimes are microseconds since 1970; NaN is missing. `dtype` is the pandas type
    that holds the column, missing values included.
    """

    name: str
    kind: ColumnKind
    dtype: str
    position: int | None
    categories: tuple[Scalar, ...]
    minimum: float | None
    maximum: float | None
    decimals: int | None
    value: Scalar | None


@dataclass(frozen=True)
class TargetClass:
    """A class of the target, and the stretch of the first uniform draw that gives it."""

    value: Scalar
    low: float
    high: float


@dataclass(frozen=True)
class ProgramCard:
    """How to call a program, and what comes back."""

    format: int
    num_uniforms: int
    target: str
    classes: tuple[TargetClass, ...]
    columns: tuple[OutputColumn, ...]

    def write(self, folder: Path) -> None:
        """Write `columns.json` into `folder`."""
        (folder / FILE_NAME).write_text(json.dumps(asdict(self), indent=1) + "\n")


@dataclass(frozen=True)
class ImageProgramCard:
    """How to call a program that makes images: bytes of (rows, height, width, channels).

    Which class an image is of follows from its first draw, by the stretches of `classes`.
    """

    format: int
    num_uniforms: int
    height: int
    width: int
    channels: int
    classes: tuple[TargetClass, ...]

    def write(self, folder: Path) -> None:
        """Write `columns.json` into `folder`."""
        (folder / FILE_NAME).write_text(json.dumps(asdict(self), indent=1) + "\n")


def describe_images(program: SamplingProgram, schema: ImageSchema) -> ImageProgramCard:
    """The card of a program that makes images of this schema."""
    names = schema.classes
    stretches = sorted(program.classes.items()) if names else ()
    return ImageProgramCard(
        format=FORMAT,
        num_uniforms=program.num_uniforms,
        height=schema.height,
        width=schema.width,
        channels=schema.channels,
        classes=tuple(TargetClass(names[code], low, high) for code, (low, high) in stretches),
    )


def describe(program: SamplingProgram, schema: Schema) -> ProgramCard:
    """The card of a program whose rows have this schema."""
    categories = schema.target_column.categories
    return ProgramCard(
        format=FORMAT,
        num_uniforms=program.num_uniforms,
        target=schema.target,
        classes=tuple(
            TargetClass(categories[code], low, high)
            for code, (low, high) in sorted(program.classes.items())
        ),
        columns=_columns(schema),
    )


def _columns(schema: Schema) -> tuple[OutputColumn, ...]:
    nothing = decode(np.empty((0, len(schema.learned))), schema, seed=0)
    positions = {column.name: i for i, column in enumerate(schema.learned)}
    return tuple(
        _column(column, str(nothing[column.name].dtype), positions.get(column.name))
        for column in schema.columns
    )


def _column(column: Column, dtype: str, position: int | None) -> OutputColumn:
    return OutputColumn(
        name=column.name,
        kind=column.kind,
        dtype=dtype,
        position=position,
        categories=column.categories,
        minimum=column.minimum,
        maximum=column.maximum,
        decimals=column.decimals,
        value=column.example,
    )
