"""Records kept as JSON, read back: whole and of their form, or a user's error."""

from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from components.config.yaml_text import shown
from components.errors import UserError

Record = TypeVar("Record", bound=BaseModel)


def read_record(form: type[Record], path: Path) -> Record:
    """The record in the file at `path`; raises UserError where it is not there or was damaged."""
    try:
        return form.model_validate_json(path.read_bytes())
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from error
    except (ValidationError, RecursionError) as error:
        reason = "it is nested too deeply"
        if isinstance(error, ValidationError):
            first = error.errors()[0]
            place = ".".join(map(str, first["loc"])) or "it"
            reason = f"{place} = {shown(first['input'])}: {first['msg']}"
        raise UserError(f"{path} is damaged, or not what it is read as: {reason}") from error
