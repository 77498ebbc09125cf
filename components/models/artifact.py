"""A fitted model on disk: `model.json` and `weights.safetensors`, neither of which is code."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

from components.data.schema import Schema
from components.errors import UserError

FORMAT = 1


@dataclass(frozen=True)
class Artifact:
    """Everything a model needs to sample: its name, settings, schema, fitted state and arrays."""

    model: str
    settings: Mapping[str, Any]
    schema: Schema
    state: Mapping[str, Any]
    arrays: Mapping[str, NDArray[Any]]


def save_artifact(artifact: Artifact, directory: Path) -> None:
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


def load_artifact(directory: Path) -> Artifact:
    """Read what `save_artifact` wrote; raises UserError where it is not there or not readable."""
    path = directory / "model.json"
    if not path.is_file():
        raise UserError(f"no model at {directory}: model.json is missing")
    header = json.loads(path.read_text())
    if header.get("format") != FORMAT:
        raise UserError(f"{path} has format {header.get('format')!r}; this version reads {FORMAT}")
    return Artifact(
        model=header["model"],
        settings=header["settings"],
        schema=Schema.model_validate(header["schema"]),
        state=header["state"],
        arrays=load_file(directory / "weights.safetensors"),
    )
