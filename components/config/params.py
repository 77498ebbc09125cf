"""The whole of `params.yaml`, and how it is read."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self, TypeVar

from pydantic import Field, ValidationError, model_validator

from components.config.evaluate import (
    ANOMALY_GATES,
    SERIES_GATES,
    EvaluateConfig,
    Purpose,
)
from components.config.image_evaluation import ImageEvaluationConfig
from components.config.images import classifies_images, draws_classes, makes_images
from components.config.models import AutoConfig, PrivateConfig, SynthesizeConfig, TrainConfig
from components.config.prepare import PrepareConfig, RandomSplit
from components.config.promote import AncestryConfig, PromoteConfig
from components.config.series import SeriesAutoencoderConfig, reads_series
from components.config.settings import Settings
from components.config.wrong_settings import wrong_settings
from components.config.yaml_text import parse_yaml, shown
from components.errors import UserError

GivenT = TypeVar("GivenT", bound=Settings)


class Params(Settings):
    """The whole of `params.yaml`: a section for each stage, and the name to register under."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$")
    prepare: PrepareConfig
    train: TrainConfig
    synthesize: SynthesizeConfig = SynthesizeConfig()
    evaluate: EvaluateConfig
    ancestry: AncestryConfig = AncestryConfig()
    promote: PromoteConfig = PromoteConfig()
    evaluate_images: ImageEvaluationConfig = ImageEvaluationConfig()

    @model_validator(mode="before")
    @classmethod
    def _judges_series_as_such(cls, raw: Any) -> Any:
        """Series whose gates nobody names have gates of their own."""
        train, evaluate = (_section(raw, name) for name in ("train", "evaluate"))
        series = SeriesAutoencoderConfig.model_fields["name"].default
        if _section(train, "model").get("name") != series or "anomaly_gates" in evaluate:
            return raw
        gates = [gate.model_dump() for gate in SERIES_GATES]
        return {**raw, "evaluate": {**evaluate, "anomaly_gates": gates}} if evaluate else raw

    @model_validator(mode="after")
    def _races_for_its_purpose(self) -> Self:
        """A race is run for what the rows are then judged for."""
        model, purpose = self.train.model, self.evaluate.purpose
        if isinstance(model, AutoConfig) and model.purpose is not purpose:
            raise ValueError(
                f"train.model.purpose = {model.purpose}, but evaluate.purpose = {purpose}: "
                "the two must be the same"
            )
        return self

    @model_validator(mode="after")
    def _knows_what_is_normal(self) -> Self:
        """Anomalies are found by a model of normal rows, and such a model finds nothing else."""
        normal, purpose = self.prepare.normal, self.evaluate.purpose
        if (normal is not None) != (purpose is Purpose.ANOMALY):
            said = "says nothing" if normal is None else "is set"
            raise ValueError(
                f"evaluate.purpose = {purpose}, but prepare.normal {said}: the purpose anomaly "
                "needs the values of the target that are normal (prepare.normal.values), and no "
                "other purpose can use them"
            )
        share = self.train.calibration_share
        if (normal is not None) != (share is not None):
            raise ValueError(
                f"train.calibration_share = {share}, but evaluate.purpose = {purpose}: the purpose "
                "anomaly, and no other, holds a share of the training rows out (such as 0.2)"
            )
        if normal is not None and isinstance(self.train.model, AutoConfig):
            raise ValueError("train.model.name = auto: no race finds anomalies; name a model")
        return self

    @model_validator(mode="after")
    def _keeps_series_whole(self) -> Self:
        """Rows drawn at random leave no series; its metrics are its own."""
        model, prepare = self.train.model, self.prepare
        if not reads_series(model):
            return self
        if prepare.normal is None:
            raise ValueError(f"train.model.name = {model.name} needs evaluate.purpose = anomaly")
        if model.layout.time is None:
            raise ValueError(
                f"train.model.name = {model.name} needs the column of the time "
                "(train.model.layout.time): rows that are not normal are taken out of training, "
                "and without times nothing shows where"
            )
        roles = (model.layout.time, model.layout.group)
        if isinstance(prepare.split, RandomSplit) or prepare.split.column not in roles:
            raise ValueError(
                f"train.model.name = {model.name} needs prepare.split by time "
                f"({shown(model.layout.time)}) or by group: rows drawn at random leave no series"
            )
        for name in ("anomaly_share", "contamination"):
            if getattr(prepare.normal, name):
                raise ValueError(
                    f"prepare.normal.{name} draws rows at random, and leaves no series"
                )
        if prepare.train_rows is not None:
            raise ValueError("prepare.train_rows draws rows at random, and leaves no series")
        if self.evaluate.anomaly_gates == ANOMALY_GATES:
            raise ValueError(
                "evaluate.anomaly_gates: series are judged by step_auroc, event_auroc, "
                "event_recall and false_events; name gates of these"
            )
        return self

    @model_validator(mode="after")
    def _can_hold_constraints(self) -> Self:
        """What a guarantee covers does not cover what constraints read off the rows."""
        asked = self.prepare.constraints or self.prepare.discover_constraints
        if asked and isinstance(self.train.model, PrivateConfig):
            raise ValueError(
                "train.model.name = private cannot hold constraints (prepare.constraints, "
                "prepare.discover_constraints): ranges and combinations would be read off the rows "
                "without noise"
            )
        return self

    @model_validator(mode="after")
    def _makes_what_there_is(self) -> Self:
        """Images are learned by generators of images, rows by those of rows."""
        holds_images, makes = self.prepare.images is not None, makes_images(self.train.model)
        if holds_images != makes:
            what = ("rows", "images")
            raise ValueError(
                f"train.model.name = {self.train.model.name} makes {what[makes]}, but the source "
                f"holds {what[holds_images]} (prepare.images)"
            )
        if not holds_images and self.evaluate_images != ImageEvaluationConfig():
            raise ValueError("evaluate_images has no effect: the source holds rows")
        return self

    @model_validator(mode="after")
    def _draws_classes_where_asked(self) -> Self:
        """What images bring a classifier is tried with images of each class."""
        model = self.train.model
        if self.evaluate.purpose is not Purpose.AUGMENTATION or not makes_images(model):
            return self
        if not draws_classes(model):
            raise ValueError(
                f"evaluate.purpose = augmentation asks for images of each class, and "
                f"train.model.name = {model.name} cannot be asked for one"
                + ("" if classifies_images(model) else " with conditioning = none")
            )
        return self

    @model_validator(mode="after")
    def _classifies_where_asked(self) -> Self:
        """Only some models of images classify, and learn where labels are missing."""
        if classifies_images(self.train.model):
            return self
        images, purpose = self.prepare.images, self.evaluate.purpose
        asked = f"evaluate.purpose = {purpose}" if purpose is Purpose.CLASSIFICATION else ""
        if images is not None and images.labelled is not None:
            asked = f"prepare.images.labelled = {images.labelled}"
        if asked:
            raise ValueError(
                f"{asked} needs a model that classifies images (semi_supervised_gan); "
                f"train.model.name = {self.train.model.name} does not"
            )
        return self

    @property
    def content(self) -> dict[str, Any]:
        """The settings that shape what a run makes, as JSON values: not who may approve it."""
        return self.model_dump(mode="json", exclude={"ancestry", "promote"})


def _section(raw: Any, name: str) -> Mapping[str, Any]:
    """The section of plain settings, empty where there is none."""
    found = raw.get(name) if isinstance(raw, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def read_params(path: Path) -> Params:
    """The settings in a YAML file; raises UserError naming each setting that is wrong."""
    if not path.is_file():
        raise UserError(f"no settings at {path}")
    return parse_params(parse_yaml(path.read_bytes(), str(path)), str(path))


def parse_params(raw: Any, origin: str) -> Params:
    """The settings in a plain mapping; raises UserError naming each setting that is wrong."""
    try:
        return Params.model_validate(raw)
    except ValidationError as error:
        unused = () if _section(raw, "prepare").get("images") else ("evaluate_images",)
        wrong = wrong_settings(error, Params, raw, "", unused)
        raise UserError(f"wrong settings in {origin}: {wrong}") from error


def parse_evaluate(raw: Any, origin: str) -> EvaluateConfig:
    """The section `evaluate` in a plain mapping; raises UserError naming what is wrong."""
    try:
        return EvaluateConfig.model_validate(raw)
    except ValidationError as error:
        wrong = wrong_settings(error, EvaluateConfig, raw, "evaluate")
        raise UserError(f"wrong settings in {origin}: {wrong}") from error


def with_settings(model: GivenT, settings: Sequence[str]) -> GivenT:
    """A generator's settings, some of them as `train.model.key=value`; UserError for any other."""
    base: dict[str, Any] = {"train": {"model": model.model_dump(mode="json")}}
    for text in settings:
        if not text.startswith("train.model."):
            raise UserError(
                f"setting {shown(text)}: only those of train.model.key=value are used here"
            )
        override(base, text)
    try:
        return type(model).model_validate(base["train"]["model"])
    except ValidationError as error:
        wrong = wrong_settings(error, type(model), base["train"]["model"], "train.model")
        raise UserError(f"wrong settings in the options: {wrong}") from error


def override(base: dict[str, Any], text: str) -> None:
    """Set `section.key=value` in place; the value is read as YAML.

    Raises UserError for another form, or where the section is a value.
    """
    path, equals, value = text.partition("=")
    if not equals or not path:
        raise UserError(f"setting {shown(text)} is not of the form section.key=value")
    *sections, key = path.split(".")
    place = base
    for section in sections:
        if not isinstance(place.setdefault(section, {}), dict):
            raise UserError(f"setting {shown(text)}: {shown(section)} is a value, not a section")
        place = place[section]
    place[key] = parse_yaml(value, f"setting {shown(text)}: the value")
