"""What every form of a deployment has in common: order, choices, help."""

from collections.abc import Iterable
from typing import Any, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError, WithJsonSchema

from components.errors import UserError

DEFAULT = "(default)"
"""The choice that leaves the matter to the recipe or to the settings."""


def _number_fields(schema: dict[str, Any]) -> None:
    """Keep the fields' order, which the page would otherwise make alphabetical."""
    for position, field in enumerate(schema.get("properties", {}).values()):
        field["position"] = position


class Form(BaseModel):
    """Base of every form: frozen, a field it does not know is an error, shown in its own order.

    A field has a title, a plain description and, where it need not be filled in, a default. None
    is never one: the page would show two tabs.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", json_schema_extra=_number_fields)


def choice(names: Iterable[str]) -> tuple[AfterValidator, WithJsonSchema]:
    """The annotations of a string that is one of `names`: a list to choose from on the page."""
    accepted = list(names)

    def check(value: str) -> str:
        if value not in accepted:
            raise ValueError(f"accepted are {', '.join(accepted)}")
        return value

    return AfterValidator(check), WithJsonSchema({"type": "string", "enum": accepted})


FormType = TypeVar("FormType", bound=Form)


def fill_in(form: type[FormType], **values: Any) -> FormType:
    """The form with these values, those that are None left as they are.

    Raises UserError naming each value that the form does not accept.
    """
    try:
        return form(**{name: value for name, value in values.items() if value is not None})
    except ValidationError as error:
        raise UserError("; ".join(_explain(item) for item in error.errors())) from error


def _explain(item: Any) -> str:
    """One wrong value: its field, what it is, what is accepted."""
    place = " ".join(str(part) for part in item["loc"])
    return f"{place} {item['input']!r}: {item['msg'].removeprefix('Value error, ')}"
