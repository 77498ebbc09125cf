"""A fitted model on disk: `model.json` and `weights.safetensors`, neither of which is code.

`model.json` bears a seal, the hash of what it says and of the weights, so that what was cut short
or changed afterwards is told before anything is made of it. It proves nothing about who wrote it:
for that, the registry keeps a hash of its own.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from components.config.yaml_text import shown
from components.data.digits import Grid
from components.data.images.schema import ImageSchema
from components.data.schema import Schema
from components.errors import UserError

FORMAT, UNSEALED = 2, 1
"""What is written, and what was written before there were seals; both are read."""

_WEIGHTS = "weights.safetensors"
_HELD, _JUDGE, _SEAL = "held", "judge", "seal"
_LONGEST = 200
_DAMAGE = (
    SafetensorError,
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    MemoryError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
)
"""What the parts of a model raise that are missing, of another type or do not fit together."""

AnySchema = TypeVar("AnySchema", Schema, ImageSchema)


@dataclass(frozen=True)
class Header:
    """What a saved model is: its name and its settings, and whether it makes images or rows."""

    model: str
    settings: Mapping[str, Any]
    makes_images: bool


@dataclass(frozen=True)
class Artifact(Generic[AnySchema]):
    """Everything a model needs to sample: its name, settings, schema, fitted state and arrays."""

    model: str
    settings: Mapping[str, Any]
    schema: AnySchema
    state: Mapping[str, Any]
    arrays: Mapping[str, NDArray[Any]]


def save_artifact(artifact: Artifact[AnySchema], directory: Path) -> None:
    """Write `artifact` into `directory`, which is made where it is missing."""
    directory.mkdir(parents=True, exist_ok=True)
    header = {
        "format": FORMAT,
        "model": artifact.model,
        "settings": artifact.settings,
        "schema": artifact.schema.model_dump(mode="json"),
        "state": artifact.state,
    }
    arrays = {name: np.ascontiguousarray(array) for name, array in artifact.arrays.items()}
    save_file(arrays, directory / _WEIGHTS)
    _write_header(header, directory)


def _write_header(header: Mapping[str, Any], directory: Path) -> None:
    """Write `model.json` with the seal of what it says and of the weights beside it."""
    sealed = {**header, _SEAL: _seal(header, directory)}
    (directory / "model.json").write_text(json.dumps(sealed, indent=1, sort_keys=True))


def _seal(header: Mapping[str, Any], directory: Path) -> str:
    """The SHA-256 of what the header says, its seal left out, and of the bytes of the weights."""
    said = json.dumps({k: v for k, v in header.items() if k != _SEAL}, sort_keys=True)
    with (directory / _WEIGHTS).open("rb") as file:
        weights = hashlib.file_digest(file, "sha256").hexdigest()
    return hashlib.sha256(f"{said}\0{weights}".encode()).hexdigest()


@contextmanager
def reading_model(directory: Path) -> Iterator[None]:
    """Raise as a UserError what is wrong with a saved model that is read inside.

    Whatever its parts raise that were cut short, changed or made up is a fault of the files.
    """
    try:
        yield
    except _DAMAGE as error:
        reason = str(error).partition("\n")[0][:_LONGEST] or type(error).__name__
        raise UserError(f"the model at {directory} cannot be read: {reason}") from error


def load_artifact(directory: Path) -> Artifact[Schema]:
    """Read what `save_artifact` wrote; raises UserError where it is not there or was changed."""
    return _load(directory, Schema)


def load_image_artifact(directory: Path) -> Artifact[ImageSchema]:
    """The same for a model of images."""
    return _load(directory, ImageSchema)


def read_header(directory: Path) -> Header:
    """What the model saved in `directory` is; raises UserError as `load_artifact` does."""
    found = _read_header(directory)
    missing = [key for key in ("model", "settings", "schema") if key not in found]
    if missing:
        raise UserError(f"{directory / 'model.json'} does not say its {missing[0]}")
    with reading_model(directory):
        makes_images = found["schema"].get("kind") == "images"
        return Header(str(found["model"]), dict(found["settings"]), makes_images)


def _load(directory: Path, schema: type[AnySchema]) -> Artifact[AnySchema]:
    header = _read_header(directory)
    with reading_model(directory):
        if header["format"] != UNSEALED and header.get(_SEAL) != _seal(header, directory):
            raise UserError(f"the model at {directory} was changed after it was saved: get it anew")
        return Artifact(
            model=header["model"],
            settings=header["settings"],
            schema=schema.model_validate(header["schema"]),
            state=header["state"],
            arrays=_arrays(directory, of_judge=False),
        )


def _arrays(directory: Path, *, of_judge: bool) -> dict[str, NDArray[Any]]:
    """The arrays of the generator, or those of the judge of its draws, by their own names."""
    first = f"{_JUDGE}."
    return {
        name.removeprefix(first): array
        for name, array in load_file(directory / _WEIGHTS).items()
        if name.startswith(first) == of_judge
    }


def _read_header(directory: Path) -> dict[str, Any]:
    path = directory / "model.json"
    if not path.is_file():
        raise UserError(f"no model at {directory}: model.json is missing")
    with reading_model(directory):
        header: dict[str, Any] = json.loads(path.read_bytes())
        written = header.get("format")
    if written not in (FORMAT, UNSEALED):
        raise UserError(
            f"{path} has format {shown(written)}; this version reads {UNSEALED}, {FORMAT}"
        )
    return header


@dataclass(frozen=True)
class Held:
    """How the rows of a generator are written back so that they hold constraints.

    See `data.constraints.rewriting.Rewriting`; `schema` is that of the rows written back.
    """

    schema: Schema
    combinations: Mapping[str, NDArray[np.float64]]
    base: Mapping[str, float]
    grids: Mapping[str, Grid]


def save_held(held: Held, directory: Path) -> None:
    """Add `held` to the artifact saved in `directory`."""
    header = _read_header(directory)
    header[_HELD] = {
        "schema": held.schema.model_dump(mode="json"),
        "combinations": {
            name: [[None if np.isnan(code) else int(code) for code in row] for row in codes]
            for name, codes in held.combinations.items()
        },
        "base": dict(held.base),
        "grids": {name: [grid.scale, grid.step] for name, grid in held.grids.items()},
    }
    _write_header(header, directory)


def read_held(directory: Path) -> Held | None:
    """What `save_held` added; None where the generator is held to nothing."""
    found = _read_header(directory).get(_HELD)
    if found is None:
        return None
    with reading_model(directory):
        return Held(
            schema=Schema.model_validate(found["schema"]),
            combinations={
                name: np.array(codes, dtype=np.float64)
                for name, codes in found["combinations"].items()
            },
            base=found["base"],
            grids={name: Grid(*parts) for name, parts in found["grids"].items()},
        )


def save_judge(
    settings: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], directory: Path
) -> None:
    """Add the judge of a resampled generator, and its settings, to the artifact saved there."""
    header = _read_header(directory) | {_JUDGE: settings}
    named = {f"{_JUDGE}.{name}": np.ascontiguousarray(array) for name, array in arrays.items()}
    save_file(load_file(directory / _WEIGHTS) | named, directory / _WEIGHTS)
    _write_header(header, directory)


def read_judge(directory: Path) -> tuple[Mapping[str, Any], Mapping[str, NDArray[Any]]] | None:
    """The settings and arrays that `save_judge` added; None where no judge picks."""
    settings = _read_header(directory).get(_JUDGE)
    if settings is None:
        return None
    with reading_model(directory):
        return dict(settings), _arrays(directory, of_judge=True)


def saved_schema(directory: Path) -> Schema | ImageSchema:
    """What the model saved in `directory` makes: rows with this schema, or images."""
    if read_header(directory).makes_images:
        return load_image_artifact(directory).schema
    held = read_held(directory)
    return load_artifact(directory).schema if held is None else held.schema
