"""The base of every section of the settings."""

import logging
from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, ClassVar, get_args

from pydantic import BaseModel, ConfigDict, Field, model_validator

MAX_SEED = 2**32 - 1
"""What every library takes."""

Seed = Annotated[int, Field(ge=0, le=MAX_SEED)]


logger = logging.getLogger(__name__)


class Settings(BaseModel):
    """Base of every section: frozen, and a key it does not know is an error.

    Keys that are `gone` were settings once: versions made then have them. They are left out.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    gone: ClassVar[frozenset[str]] = frozenset()

    @model_validator(mode="before")
    @classmethod
    def _without_gone(cls, raw: Any) -> Any:
        """The settings without what once was one, of which the log tells."""
        if not isinstance(raw, Mapping) or cls.gone.isdisjoint(raw):
            return raw
        for name in cls.gone & raw.keys():
            _tell_gone(cls.__name__, name)
        return {name: value for name, value in raw.items() if name not in cls.gone}

    @model_validator(mode="before")
    @classmethod
    def _counts_no_truths(cls, raw: Any) -> Any:
        """True is no number, though Python counts with it: in place of one it becomes a word."""
        if not isinstance(raw, Mapping):
            return raw
        truths = {name for name, value in raw.items() if isinstance(value, bool)}
        return {
            name: str(value).lower() if name in truths and _is_number(cls, name) else value
            for name, value in raw.items()
        }


@cache
def _tell_gone(section: str, name: str) -> None:
    """Say once that a setting has no effect any more."""
    logger.warning("the setting %s of %s is no more, and is left out", name, section)


def _is_number(section: type[BaseModel], name: str) -> bool:
    """True where a field of this name takes numbers and neither true nor false."""
    field = section.model_fields.get(name)
    kinds = _kinds(field.annotation) if field else set()
    return bool(kinds & {int, float}) and bool not in kinds


def _kinds(annotation: Any) -> set[Any]:
    """A type and all that it is made of."""
    return {annotation}.union(*(_kinds(part) for part in get_args(annotation)))
