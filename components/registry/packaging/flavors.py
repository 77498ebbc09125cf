"""One logged model in two flavours: `python_function`, and `pytorch` with nothing but a program."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlflow
from mlflow.models import Model

from components.data.images.schema import ImageSchema
from components.data.schema import Schema
from components.models.contract import SamplingProgram
from components.registry.packaging.output_columns import describe, describe_images
from components.registry.packaging.sealed import hash_folder

_FOLDER = "program"
_FILE = "model.pt2"
_EXAMPLE_ROWS = 3
"""A batch of one would freeze the number of rows."""


@dataclass(frozen=True)
class GeneratorFlavors:
    """What `mlflow.models.Model.log` saves a generator with: a pyfunc and, beside it, a program.

    `mlflow.pytorch.load_model` reads the program alone: a graph of tensor operations, which a
    consumer loads who allows neither pickles nor code from models. Without a `program` there is
    the pyfunc only.
    """

    schema: Schema | ImageSchema
    program: SamplingProgram | None
    told: Callable[[str], None]
    """Hears the hash of all that was saved."""

    def save_model(self, path: str, mlflow_model: Model, **options: Any) -> None:
        """Save the pyfunc of `options` in the folder `path`, then the program and its card."""
        mlflow.pyfunc.save_model(path=path, mlflow_model=mlflow_model, **options)
        if self.program is not None:
            add_program(Path(path), mlflow_model, self.program, self.schema)
        self.told(hash_folder(Path(path)))


def add_program(
    folder: Path, model: Model, program: SamplingProgram, schema: Schema | ImageSchema
) -> None:
    """Add the program as `pytorch` flavour to a saved model, and `columns.json`."""
    import torch

    (folder / _FOLDER).mkdir()
    export(program, folder / _FOLDER / _FILE)
    if isinstance(schema, ImageSchema):
        describe_images(program, schema).write(folder)
    else:
        describe(program, schema).write(folder)
    model.add_flavor(
        mlflow.pytorch.FLAVOR_NAME,
        model_data=_FOLDER,
        pytorch_version=str(torch.__version__),
        code=None,
    )
    model.model_size_bytes = sum(f.stat().st_size for f in folder.rglob("*") if f.is_file())
    model.save(str(folder / "MLmodel"))


def export(program: SamplingProgram, path: Path) -> None:
    """Write the program to `path` (pt2), for any number of rows."""
    import torch
    from torch.export import Dim

    shape = (_EXAMPLE_ROWS, program.num_uniforms)
    example = torch.full(shape, 0.5, dtype=torch.float64)
    exported = torch.export.export(
        program.module, (example,), dynamic_shapes=[{0: Dim("rows", min=1)}]
    )
    torch.export.save(exported, path)
