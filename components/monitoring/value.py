"""What every part of a report is: a value."""

from pydantic import BaseModel, ConfigDict


class Value(BaseModel):
    """Base of everything in a report: frozen, written as JSON."""

    model_config = ConfigDict(frozen=True, extra="forbid")
