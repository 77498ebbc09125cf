"""What a run is asked for, and the settings that follow from it."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import yaml
from pydantic import Field

from components.config import (
    IMAGE_TARGET,
    PRIVATE_TARGET,
    Approval,
    Params,
    PrepareConfig,
    PrivateConfig,
    Purpose,
    override,
    parse_params,
    read_params,
    reads_series,
)
from components.data.images.sources import hash_image_source, holds_images
from components.data.named_columns import check_named, columns_at, named_columns
from components.data.sources import absolute, hash_source, open_batches
from components.errors import UserError
from components.models.catalog import (
    AUTO,
    CLASSIFIER_DEFAULT,
    IMAGE_DEFAULT,
    IMAGE_MODELS,
    MODELS,
    SERIES_MODELS,
)
from components.recipes.catalog import RECIPES, recipe_params
from components.recipes.recipe import Preset
from components.registry.settings import newest_settings, version_settings
from components.registry.tracking import connect
from components.stages.asked import check_asked
from components.storage.home import find_home
from flows.forms import DEFAULT, Form, choice
from flows.names import check_is_free, name_after
from flows.project import PROJECT
from flows.usual import usual_settings

CALIBRATION_SHARE = 0.2
_ORIGIN = "the request"
IMAGE_FOLDS = 3
"""Fewer than of rows: in each of them a network is trained."""

RecipeChoice = Annotated[str, *choice([DEFAULT, *RECIPES])]
PurposeChoice = Annotated[str, *choice([DEFAULT, *Purpose])]
ModelChoice = Annotated[str, *choice([DEFAULT, AUTO, *MODELS, *IMAGE_MODELS, *SERIES_MODELS])]
ApprovalChoice = Annotated[str, *choice([DEFAULT, *Approval])]

RecipeField = Annotated[
    RecipeChoice,
    Field(title="Recipe", description="A bundled problem; leave it for your own data"),
]
SizeField = Annotated[
    Preset,
    Field(
        title="Size",
        description="How large a recipe is run: smoke takes seconds and proves nothing, cpu "
        "minutes, gpu is larger still; only with a recipe",
    ),
]
DataField = Annotated[
    str,
    Field(
        title="Data",
        description="A path, folder, glob or s3:// URI of CSV, Parquet or images (PNG, JPEG, .npz)",
    ),
]
TargetField = Annotated[
    str,
    Field(
        title="Target",
        description="The column to predict; none for images. For sharing one stands in where none "
        "is named: the column that the others tell most of",
    ),
]
PurposeField = Annotated[
    PurposeChoice,
    Field(
        title="Purpose",
        description="What the generator is judged for; by default what the recipe or the settings "
        "say, of your own data sharing (of series anomaly)",
    ),
]
NameField = Annotated[
    str,
    Field(
        title="Name",
        description="The name to register under: letters, digits, - and _. Without one it follows "
        "from the recipe or data",
        pattern=r"^([A-Za-z0-9][A-Za-z0-9_-]{0,62})?$",
    ),
]
ApprovalField = Annotated[
    ApprovalChoice,
    Field(
        title="Approval",
        description="Who promotes a version that passed its gates; by default what the recipe or "
        "the settings say, of your own data automatic",
    ),
]


class RunRequest(Form):
    """Train, judge and register a generator, and promote it if it passes.

    Fill in a recipe, or your own data and its target, or the name of a model to train again; with
    none of the three, params.yaml of the checkout is run.
    """

    recipe: RecipeField = DEFAULT
    preset: SizeField = Preset.CPU
    data: DataField = ""
    target: TargetField = ""
    purpose: PurposeField = DEFAULT
    model: ModelChoice = Field(
        DEFAULT,
        title="Generator",
        description="What is trained; auto: whichever wins a race. By default what the recipe or "
        "the settings say, of your own data what is usual for the purpose",
    )
    name: NameField = ""
    again: str = Field(
        "",
        title="Train again",
        description="A registered model: the settings of its newest version, or of another as "
        "NAME@champion or NAME@NUMBER, and its data as it is now",
    )
    approval: ApprovalField = DEFAULT
    overrides: tuple[str, ...] = Field(
        (),
        title="Settings",
        description="Any setting as section.key=value, such as train.model.steps=500",
    )

    @property
    def about(self) -> str:
        """What it is about, as its run is called."""
        return what_about(self.name or self.again, self.recipe, self.data)

    def pinned(self, params: Params) -> "RunRequest":
        """This request, bound to the data content that `params` was built from."""
        pin = f"prepare.data_sha256={params.prepare.data_sha256}"
        return self.model_copy(update={"overrides": (*self.overrides, pin)})


def what_about(name: str, recipe: str, data: str) -> str:
    """What a run is about: the model's name, the recipe or the data, else the settings' file.

    >>> what_about("", DEFAULT, "/data/patients.csv"), what_about("", DEFAULT, "")
    ('patients.csv', 'params.yaml')
    """
    place = data.rstrip("/").rpartition("/")[2]
    return name or (recipe if recipe != DEFAULT else place or "params.yaml")


def build_params(request: RunRequest) -> Params:
    """The settings of a run, complete and with the data's content pinned.

    Raises UserError where the request contradicts itself or asks for what is not there.
    """
    base = _base(request)
    if request.purpose != DEFAULT:
        base["evaluate"]["purpose"] = request.purpose
    if request.model != DEFAULT:
        base["train"]["model"] = _usual(request.model, Purpose(base["evaluate"]["purpose"]))
    if base["train"]["model"]["name"] == AUTO:
        base["train"]["model"]["purpose"] = base["evaluate"]["purpose"]
    if request.name:
        base["name"] = request.name
    if request.approval != DEFAULT:
        base.setdefault("promote", {})["approval"] = request.approval
    target = base["prepare"].get("target")
    for text in request.overrides:
        override(base, text)
    _check_sections(base)
    if request.data and not request.again:
        _split_series(base)
    if base["prepare"].get("target") != target and base["evaluate"].get("stands_in"):
        base["evaluate"]["stands_in"] = False
    asked = parse_params(base, _ORIGIN)
    check_asked(asked)
    _check_columns(asked)
    params = _pin(_with_target(asked))
    if request.data and not (request.name or request.again):
        check_is_free(params.name, params.prepare)
    return params


def request_key(params: Params, *, without: Sequence[str] = ()) -> str:
    """A name for exactly this request: its settings and the code that would run.

    The folders `without` of `components/` have no say in it.
    """
    digest = hashlib.sha256(json.dumps(params.content, sort_keys=True).encode())
    components = PROJECT / "components"
    for path in sorted(components.rglob("*.py")):
        if path.relative_to(components).parts[0] not in without:
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def to_yaml(params: Params) -> str:
    """The settings as the text of a `params.yaml`."""
    return yaml.safe_dump(params.model_dump(mode="json"), sort_keys=False)


def _base(request: RunRequest) -> dict[str, Any]:
    """The settings that the request starts from, as JSON values."""
    recipe = "" if request.recipe == DEFAULT else request.recipe
    given = {"recipe": recipe, "data": request.data, "again": request.again}
    if recipe and (request.data or request.again):
        others = ", ".join(f"{key} {value!r}" for key, value in given.items() if value)
        raise UserError(f"{others}: give one of them")
    if not recipe and request.preset is not Preset.CPU:
        raise UserError(
            f"preset {str(request.preset)!r} is a size of recipes, and none is named; other runs "
            "are made smaller or larger by settings, such as prepare.train_rows=500, "
            "evaluate.repeats=1 or, of networks, train.model.steps=200"
        )
    if request.again:
        return _again(request)
    if request.data:
        return _own_data(request)
    if request.target:
        raise UserError(
            f"target {request.target!r} is for data of your own: a recipe has its target; "
            "for another, set prepare.target"
        )
    if recipe:
        return recipe_params(recipe, request.preset).model_dump(mode="json")
    return read_params(PROJECT / "params.yaml").model_dump(mode="json")


def _again(request: RunRequest) -> dict[str, Any]:
    """The settings of a model's version, its data no longer pinned to what they were."""
    model, _, which = request.again.partition("@")
    client = connect(find_home())
    base = version_settings(client, model, which) if which else newest_settings(client, model)
    base["prepare"]["data_sha256"] = None
    if request.data:
        base["prepare"]["data"] = absolute(request.data)
    if request.target:
        base["prepare"]["target"] = request.target
        base["evaluate"]["stands_in"] = False
    return base


def _own_data(request: RunRequest) -> dict[str, Any]:
    if request.model in IMAGE_MODELS or holds_images(request.data):
        return _own_images(request)
    usual = Purpose.ANOMALY if request.model in SERIES_MODELS else Purpose.SHARING
    purpose = usual if request.purpose == DEFAULT else Purpose(request.purpose)
    if not request.target and purpose is not Purpose.SHARING:
        raise UserError(f"data {request.data!r} without a target: say which column to predict")
    return {
        "name": request.name or name_after(request.data, purpose),
        "prepare": {"data": absolute(request.data), "target": request.target},
        "train": _training(_default_model(purpose), purpose),
        "evaluate": {"purpose": purpose},
    }


def _check_sections(base: dict[str, Any]) -> None:
    """Raise UserError where a section, into which others look, was set to a value."""
    if not all(isinstance(base[section], dict) for section in ("prepare", "train", "evaluate")):
        parse_params(base, _ORIGIN)


def _check_columns(params: Params) -> None:
    """Raise UserError where a column that the settings name is not in the source's rows."""
    prepare, model = params.prepare, params.train.model
    names = None if prepare.images is not None else columns_at(prepare.data)
    if names is None:
        return
    check_named(named_columns(prepare), names)
    check_named((("evaluate.subgroups", name) for name in params.evaluate.subgroups or ()), names)
    if reads_series(model):
        layout = {"time": model.layout.time, "group": model.layout.group}
        named = ((f"train.model.layout.{key}", name) for key, name in layout.items() if name)
        check_named(named, names)


def _split_series(base: dict[str, Any]) -> None:
    """Test on the latest steps of a series, in place, unless a split is asked for."""
    model = base["train"].get("model")
    if not isinstance(model, dict) or model.get("name") not in SERIES_MODELS:
        return
    layout = model.get("layout")
    if isinstance(layout, dict) and layout.get("time"):
        base["prepare"].setdefault("split", {"method": "time", "column": layout["time"]})


def _own_images(request: RunRequest) -> dict[str, Any]:
    if request.target not in ("", IMAGE_TARGET):
        raise UserError(
            f"target {request.target!r}: what images show is their {IMAGE_TARGET}, by folders or "
            "by a CSV file (prepare.images.labels)"
        )
    purpose = Purpose.SHARING if request.purpose == DEFAULT else Purpose(request.purpose)
    return {
        "name": request.name or name_after(request.data, purpose),
        "prepare": {"data": absolute(request.data), "target": IMAGE_TARGET, "images": {}},
        "train": {**_training({"name": _default_image_model(purpose)}, purpose), "threads": 1},
        "evaluate": {"purpose": purpose, "folds": IMAGE_FOLDS},
    }


def _default_model(purpose: Purpose) -> dict[str, Any]:
    """Trees. For anomalies an autoencoder: trees give a new normal row shares of few rows."""
    return _usual("tvae" if purpose is Purpose.ANOMALY else "trees", purpose)


def _usual(name: str, purpose: Purpose) -> dict[str, Any]:
    """The settings of a generator that is only named."""
    usual = usual_settings(name, purpose)
    settings = usual.model_dump(exclude_defaults=True) if usual else {}
    return {"name": name, **settings}


def _default_image_model(purpose: Purpose) -> str:
    """The usual generator of images, or what finds anomalies or classifies them."""
    usual = {Purpose.ANOMALY: "image_vae", Purpose.CLASSIFICATION: CLASSIFIER_DEFAULT}
    return usual.get(purpose, IMAGE_DEFAULT)


def _training(model: dict[str, Any], purpose: Purpose) -> dict[str, Any]:
    """The section `train`; for anomalies some rows are held out of it."""
    held_out = {"calibration_share": CALIBRATION_SHARE} if purpose is Purpose.ANOMALY else {}
    return {"model": model, **held_out}


def _with_target(params: Params) -> Params:
    """The settings with a target: where none is named, the first rows of the source tell one."""
    prepare = params.prepare
    is_named = prepare.target and not params.evaluate.stands_in
    if isinstance(params.train.model, PrivateConfig) and not is_named:
        raise UserError(PRIVATE_TARGET)
    if prepare.target:
        return params
    from components.data.stand_in import stand_in_target

    with TemporaryDirectory() as scratch, open_batches(prepare.data, Path(scratch)) as opened:
        batches, sha256 = opened
        rows = next(iter(batches.read()), None)
    if rows is None:
        raise UserError(f"data {prepare.data!r} has no rows")
    chosen = stand_in_target(rows, drop=prepare.not_learned, kinds=prepare.kinds)
    pin = prepare.data_sha256 or sha256
    named = prepare.model_copy(update={"target": chosen, "data_sha256": pin})
    told = params.evaluate.model_copy(update={"stands_in": True})
    return params.model_copy(update={"prepare": named, "evaluate": told})


def _pin(params: Params) -> Params:
    prepare = params.prepare
    if prepare.images is not None and prepare.images.labels is not None:
        labels = str(Path(prepare.images.labels).expanduser().absolute())
        images = prepare.images.model_copy(update={"labels": labels})
        prepare = prepare.model_copy(update={"images": images})
    if prepare.data_sha256 is None:
        prepare = prepare.model_copy(update={"data_sha256": _hash(prepare)})
    return params.model_copy(update={"prepare": prepare})


def _hash(prepare: PrepareConfig) -> str:
    if prepare.images is not None:
        return hash_image_source(prepare.data, prepare.images)
    return hash_source(prepare.data)
