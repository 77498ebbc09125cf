"""A fitted model on disk: `model.json` and `weights.safetensors`, neither of which is code."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

from components.data.digits import Grid
from components.data.image_schema import ImageSchema
from components.data.schema import Schema
from components.errors import UserError

FORMAT = 1
_HELD, _JUDGE = "held", "judge"
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
    (directory / "model.json").write_text(json.dumps(header, indent=1, sort_keys=True))
    arrays = {name: np.ascontiguousarray(array) for name, array in artifact.arrays.items()}
    save_file(arrays, directory / "weights.safetensors")


def load_artifact(directory: Path) -> Artifact[Schema]:
    """Read what `save_artifact` wrote; raises UserError where it is not there or not readable."""
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
    return Header(found["model"], found["settings"], found["schema"].get("kind") == "images")


def _load(directory: Path, schema: type[AnySchema]) -> Artifact[AnySchema]:
    header = _read_header(directory)
    return Artifact(
        model=header["model"],
        settings=header["settings"],
        schema=schema.model_validate(header["schema"]),
        state=header["state"],
        arrays={
            name: array
            for name, array in load_file(directory / "weights.safetensors").items()
            if not name.startswith(f"{_JUDGE}.")
        },
    )


def _read_header(directory: Path) -> dict[str, Any]:
    path = directory / "model.json"
    if not path.is_file():
        raise UserError(f"no model at {directory}: model.json is missing")
    header: dict[str, Any] = json.loads(path.read_text())
    if header.get("format") != FORMAT:
        raise UserError(f"{path} has format {header.get('format')!r}; this version reads {FORMAT}")
    return header


@dataclass(frozen=True)
class Held:
    """How the rows of a generator are written back so that they hold constraints.

    See `components.data.rewriting.Rewriting`; `schema` is that of the rows written back.
    """

    schema: Schema
    combinations: Mapping[str, NDArray[np.float64]]
    base: Mapping[str, float]
    grids: Mapping[str, Grid]


def save_held(held: Held, directory: Path) -> None:
    """Add `held` to the artifact saved in `directory`."""
    path = directory / "model.json"
    header = json.loads(path.read_text())
    header[_HELD] = {
        "schema": held.schema.model_dump(mode="json"),
        "combinations": {
            name: [[None if np.isnan(code) else int(code) for code in row] for row in codes]
            for name, codes in held.combinations.items()
        },
        "base": dict(held.base),
        "grids": {name: [grid.scale, grid.step] for name, grid in held.grids.items()},
    }
    path.write_text(json.dumps(header, indent=1, sort_keys=True))


def read_held(directory: Path) -> Held | None:
    """What `save_held` added; None where the generator is held to nothing."""
    found = json.loads((directory / "model.json").read_text()).get(_HELD)
    if found is None:
        return None
    return Held(
        schema=Schema.model_validate(found["schema"]),
        combinations={
            name: np.array(codes, dtype=np.float64) for name, codes in found["combinations"].items()
        },
        base=found["base"],
        grids={name: Grid(*parts) for name, parts in found["grids"].items()},
    )


def save_judge(
    settings: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], directory: Path
) -> None:
    """Add the judge of a resampled generator, and its settings, to the artifact saved there."""
    path, weights = directory / "model.json", directory / "weights.safetensors"
    header = json.loads(path.read_text()) | {_JUDGE: settings}
    path.write_text(json.dumps(header, indent=1, sort_keys=True))
    named = {f"{_JUDGE}.{name}": np.ascontiguousarray(array) for name, array in arrays.items()}
    save_file(load_file(weights) | named, weights)


def read_judge(directory: Path) -> tuple[Mapping[str, Any], Mapping[str, NDArray[Any]]] | None:
    """The settings and arrays that `save_judge` added; None where no judge picks."""
    settings = json.loads((directory / "model.json").read_text()).get(_JUDGE)
    if settings is None:
        return None
    arrays = load_file(directory / "weights.safetensors")
    first = f"{_JUDGE}."
    return settings, {
        name.removeprefix(first): array for name, array in arrays.items() if name.startswith(first)
    }


def saved_schema(directory: Path) -> Schema | ImageSchema:
    """What the model saved in `directory` makes: rows with this schema, or images."""
    if read_header(directory).makes_images:
        return load_image_artifact(directory).schema
    held = read_held(directory)
    return load_artifact(directory).schema if held is None else held.schema
