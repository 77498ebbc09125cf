"""The base of every section of the settings."""

from collections.abc import Mapping
from typing import Annotated, Any, get_args

from pydantic import BaseModel, ConfigDict, Field, model_validator

MAX_SEED = 2**32 - 1
"""What every library takes."""

Seed = Annotated[int, Field(ge=0, le=MAX_SEED)]


class Settings(BaseModel):
    """Base of every section: frozen, and a key it does not know is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")

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


def _is_number(section: type[BaseModel], name: str) -> bool:
    """True where a field of this name takes numbers and neither true nor false."""
    field = section.model_fields.get(name)
    kinds = _kinds(field.annotation) if field else set()
    return bool(kinds & {int, float}) and bool not in kinds


def _kinds(annotation: Any) -> set[Any]:
    """A type and all that it is made of."""
    return {annotation}.union(*(_kinds(part) for part in get_args(annotation)))
