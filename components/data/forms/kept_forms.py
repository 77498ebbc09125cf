"""How a source has its columns in text or in Parquet, kept with rows that have other types."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import pyarrow.parquet as pq
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from components.data.files import is_csv
from components.data.forms.any_form import AnyForm
from components.data.forms.arrow_types import common_types
from components.data.forms.clock_forms import PANDAS
from components.data.forms.csv_form import CsvForm, csv_form
from components.data.forms.truths import Truths
from components.data.schema import Column
from components.errors import UserError

_KEY = "mintmark.forms"


class TextForm(BaseModel):
    """The form of a column's dates, numbers or truths in text, or its type; see `Column`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    written: str | None = None
    number_form: AnyForm | None = None
    truths: Truths | None = Field(None, exclude_if=lambda found: found is None)
    arrow: str | None = Field(None, exclude_if=lambda found: found is None)


_FORMS = TypeAdapter(dict[str, TextForm])


def forms_metadata(columns: Iterable[Column]) -> Mapping[str, str]:
    """What a Parquet file's metadata says of the columns that are others in their source."""
    forms = {
        column.name: TextForm(
            written=column.written,
            number_form=column.number_form,
            truths=column.truths,
            arrow=column.arrow,
        )
        for column in columns
    }
    return as_metadata({name: form for name, form in forms.items() if form != TextForm()})


def as_metadata(forms: Mapping[str, TextForm]) -> Mapping[str, str]:
    """The same of the forms of some columns."""
    return {_KEY: _FORMS.dump_json(dict(forms)).decode()} if forms else {}


def csv_forms(form: CsvForm) -> Mapping[str, TextForm]:
    """What the types of a CSV file's columns do not say of how these are written."""
    truths = {name: TextForm(truths=words) for name, words in form.truths.items()}
    return truths | {name: TextForm(number_form=told) for name, told in form.numbers.items()}


def kept_forms(path: Path) -> Mapping[str, TextForm]:
    """What `as_metadata` put into a Parquet file, or a CSV file tells; nothing where it has none.

    Raises UserError where the metadata are not what they were.
    """
    if is_csv(path):
        return csv_forms(csv_form(path))
    text = (pq.read_schema(path).metadata or {}).get(_KEY.encode(), b"{}")
    try:
        return _FORMS.validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]["msg"]
        raise UserError(
            f"cannot read {path}: its metadata {_KEY!r} is damaged ({first})"
        ) from error


def source_forms(paths: Sequence[Path]) -> Mapping[str, TextForm]:
    """What `kept_forms` tells of the first of these files, and the types that are those of all.

    A type in the metadata comes first: it is of the source that the rows came from.
    """
    kept = kept_forms(paths[0])
    if any(map(is_csv, paths)):
        return kept
    types = common_types([pq.read_schema(path) for path in paths])
    typed = {name: _typed(text) for name, text in types.items()}
    return typed | {
        name: form if form.arrow else form.model_copy(update={"arrow": types.get(name)})
        for name, form in kept.items()
    }


def _typed(arrow: str) -> TextForm:
    """What a type in Parquet tells: CSV files have durations as pandas writes them."""
    return TextForm(arrow=arrow, number_form=PANDAS if arrow.startswith("duration[") else None)
