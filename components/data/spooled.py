"""CSV files written as Parquet a part at a time, in the types that pandas gives the whole file."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
from pandas.api import types

from components.data.forms.csv_form import CsvForm, checked_form
from components.data.output import RowGroups

_NO_VALUE = "float64"
_BOOLEAN, _ODD, _TEXT = "boolean", "odd", "str"


@dataclass
class _Seen:
    """The types that a column had in the parts of a file, and whether a value was missing."""

    found: set[str] = field(default_factory=set)
    lacks_values: bool = False

    def add(self, values: pd.Series) -> None:
        present = values.dropna()
        self.lacks_values = self.lacks_values or len(present) < len(values)
        if present.empty:
            return
        name = str(values.dtype)
        if types.is_object_dtype(values):
            is_boolean = all(isinstance(value, bool) for value in present)
            name = "bool" if is_boolean else _ODD
        self.found.add(name)


def spool_csv(path: Path, target: Path, size: int) -> Path:
    """Write the rows of a CSV file to `target`, `size` at a time; `target`.

    A column's type is that of all its values: numbers are text where any other value is. So parts
    are written as they come as long as they agree; where one does not, the file is read again, by
    the types that then are known. Columns with neither a name nor a value are left out.
    """
    form = checked_form(path)
    seen: dict[str, _Seen] = {}
    with RowGroups(target) as spooled:
        first: dict[str, Any] | None = None
        agree = True
        for part in _parts(path, form, size, {}):
            own = {str(name): dtype for name, dtype in part.dtypes.items()}
            first = first or own
            for name in own:
                seen.setdefault(name, _Seen()).add(part[name])
            agree = agree and own == first and not any(map(types.is_object_dtype, own.values()))
            if agree:
                spooled.write(part)
    settled = {
        name: _settled(path, form, name, found)
        for name, found in seen.items()
        if found.found or name not in form.nameless
    }
    if not agree or {name: str(dtype) for name, dtype in (first or {}).items()} != settled:
        _spool_typed(path, form, target, size, settled)
    return target


def _spool_typed(
    path: Path, form: CsvForm, target: Path, size: int, settled: Mapping[str, str]
) -> None:
    declared = {name: dtype for name, dtype in settled.items() if dtype != _BOOLEAN}
    booleans = [name for name, dtype in settled.items() if dtype == _BOOLEAN]
    with RowGroups(target) as spooled:
        for part in _parts(path, form, size, declared):
            read = {name: part[name].astype("boolean") for name in booleans}
            spooled.write(part.assign(**read)[list(settled)])


def _parts(
    path: Path, form: CsvForm, size: int, declared: Mapping[str, Any]
) -> Iterator[pd.DataFrame]:
    options = form.options
    options["dtype"] |= declared
    with pd.read_csv(path, chunksize=size, **options) as reader:
        for part in reader:
            yield part.reset_index(drop=True)


def _settled(path: Path, form: CsvForm, name: str, seen: _Seen) -> str:
    """The type that pandas gives all values of a column together."""
    if not seen.found:
        return _NO_VALUE
    if seen.found == {"int64"}:
        return "float64" if seen.lacks_values else "int64"
    if seen.found <= {"int64", "float64"}:
        return "float64"
    if seen.found == {"bool"}:
        return _BOOLEAN if seen.lacks_values else "bool"
    if seen.found & {"uint64", _ODD}:  # larger than int64 has room for: rules of their own
        whole = pd.read_csv(path, usecols=[name], **form.options)[name]
        return str(whole.dtype) if types.is_numeric_dtype(whole) else _TEXT
    return _TEXT
