"""How a source writes dates and numbers, kept with rows of it that are in types of their own."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import pyarrow.parquet as pq
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from components.data.number_forms import NumberForm
from components.data.schema import Column
from components.errors import UserError

_KEY = "mintmark.forms"


class TextForm(BaseModel):
    """The form of a column's dates or numbers in text; see `Column`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    written: str | None = None
    number_form: NumberForm | None = None


_FORMS = TypeAdapter(dict[str, TextForm])


def forms_metadata(columns: Iterable[Column]) -> Mapping[str, str]:
    """What a Parquet file's metadata says of the columns that are text in their source."""
    forms = {
        column.name: TextForm(written=column.written, number_form=column.number_form)
        for column in columns
        if column.written or column.number_form
    }
    return {_KEY: _FORMS.dump_json(forms).decode()} if forms else {}


def kept_forms(path: Path) -> Mapping[str, TextForm]:
    """What `forms_metadata` put into a Parquet file; nothing where it has none.

    Raises UserError where that is not what it was.
    """
    text = (pq.read_schema(path).metadata or {}).get(_KEY.encode(), b"{}")
    try:
        return _FORMS.validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]["msg"]
        raise UserError(
            f"cannot read {path}: its metadata {_KEY!r} is damaged ({first})"
        ) from error
