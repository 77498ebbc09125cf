"""What a run is asked for, and the settings that follow from it."""

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field

from components.config import Params, Purpose, parse_params, read_params
from components.data.sources import absolute, hash_source
from components.errors import UserError
from components.recipes.catalog import recipe_params
from components.recipes.recipe import Preset
from flows.project import PROJECT


class RunRequest(BaseModel):
    """The form of the `retrain` flow: a recipe, or your own table; everything else has defaults."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    recipe: str | None = Field(
        None, title="Recipe", description="A bundled problem; leave empty for your own data"
    )
    preset: Preset = Field(Preset.CPU, title="Preset", description="How large the run is")
    data: str | None = Field(
        None, title="Data", description="A path, folder, glob or s3:// URI of CSV or Parquet"
    )
    target: str | None = Field(None, title="Target", description="The column to predict")
    purpose: Purpose | None = Field(
        None, title="Purpose", description="What the generator is judged for"
    )
    model: str | None = Field(None, title="Model", description="trees, copula or ctgan")
    name: str | None = Field(None, title="Name", description="The name to register under")
    overrides: tuple[str, ...] = Field(
        (), title="Overrides", description="Settings as section.key=value, one a line"
    )

    def pinned(self, params: Params) -> "RunRequest":
        """This request, bound to the data content that `params` was built from."""
        pin = f"prepare.data_sha256={params.prepare.data_sha256}"
        return self.model_copy(update={"overrides": (*self.overrides, pin)})


def build_params(request: RunRequest) -> Params:
    """The settings of a run, complete and with the data's content pinned.

    Without a recipe and data, these are the checkout's `params.yaml`.
    """
    if request.recipe and request.data:
        raise UserError(f"recipe {request.recipe!r} and data {request.data!r}: give one of the two")
    base = _base(request).model_dump(mode="json")
    if request.model:
        base["train"]["model"] = {"name": request.model}
    if request.purpose:
        base["evaluate"]["purpose"] = request.purpose.value
    if request.name:
        base["name"] = request.name
    for override in request.overrides:
        _override(base, override)
    return _pin(parse_params(base, "the request"))


def request_key(params: Params) -> str:
    """A name for exactly this request: its settings and the code that would run."""
    digest = hashlib.sha256(json.dumps(params.content, sort_keys=True).encode())
    for path in sorted((PROJECT / "components").rglob("*.py")):
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def to_yaml(params: Params) -> str:
    """The settings as the text of a `params.yaml`."""
    return yaml.safe_dump(params.model_dump(mode="json"), sort_keys=False)


def _base(request: RunRequest) -> Params:
    if request.recipe:
        return recipe_params(request.recipe, request.preset)
    if not request.data:
        return read_params(PROJECT / "params.yaml")
    if not request.target:
        raise UserError(f"data {request.data!r} without a target: say which column to predict")
    purpose = request.purpose or Purpose.SHARING
    return parse_params(
        {
            "name": request.name or _slug(request.data, purpose),
            "prepare": {"data": absolute(request.data), "target": request.target},
            "train": {"model": _default_model(purpose)},
            "evaluate": {"purpose": purpose},
        },
        "the request",
    )


SHARING_LEAF = 20
"""Rows in a leaf of trees at least: on five tables 20 hid training rows better than 10."""


def _default_model(purpose: Purpose) -> dict[str, Any]:
    """Trees; with larger leaves, which give away less, where the rows are to be shared."""
    large = {"min_leaf": SHARING_LEAF} if purpose is Purpose.SHARING else {}
    return {"name": "trees", **large}


def _slug(uri: str, purpose: Purpose) -> str:
    stem = re.sub(r"[^A-Za-z0-9]+", "_", Path(uri.rstrip("/")).name.split(".")[0]).strip("_")
    return f"{stem or 'table'}_{purpose}"[:63]


def _override(base: dict[str, Any], text: str) -> None:
    """Set `section.key=value` in place; the value is read as YAML."""
    path, equals, value = text.partition("=")
    if not equals or not path:
        raise UserError(f"setting {text!r} is not of the form section.key=value")
    *sections, key = path.split(".")
    place = base
    for section in sections:
        if not isinstance(place.setdefault(section, {}), dict):
            raise UserError(f"setting {text!r}: {section!r} is a value, not a section")
        place = place[section]
    place[key] = yaml.safe_load(value)


def _pin(params: Params) -> Params:
    prepare = params.prepare
    if prepare.data_sha256 is not None:
        return params
    pinned = prepare.model_copy(update={"data_sha256": hash_source(prepare.data)})
    return params.model_copy(update={"prepare": pinned})
