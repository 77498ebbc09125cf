"""How a CSV file is written: what parts its cells, and what stands before decimals."""

import csv
import gzip
import io
import logging
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import repeat, zip_longest
from pathlib import Path
from typing import Any

from components.data.counted import counted
from components.data.forms.csv_numbers import csv_numbers
from components.data.forms.missing_words import doubtful_words, tell_doubtful_words
from components.data.forms.number_forms import NumberForm
from components.data.forms.power_forms import PowerForm
from components.data.forms.truths import Truths, csv_truths
from components.errors import UserError

logger = logging.getLogger(__name__)

_SEPARATORS = (",", ";", "\t", "|")
_START = 65_536
"""Characters that tell the form."""
_BLOCK = 1 << 20
_LONGEST = 60
_INDEX = "index"
"""What the first column is called where it has no name and another value in each row."""
_COMMA = re.compile(r"[+-]?\d+,\d+")
_POINT = re.compile(r"[+-]?\d*\.\d+")
_HINT = re.compile(r"\ufeff?sep=([,;|\t])\r?\n")
"""The line by which Excel is told what parts the cells."""
_NUMBER = re.compile(r"[+-]?(?:\d+(?:[.,]\d+)?|[.,]\d+)")
_PADDED, _WHOLE = re.compile(r"0\d+"), re.compile(r"\d+")


@dataclass(frozen=True)
class CsvForm:
    """What parts cells, what stands before decimals, and the names of the columns.

    In the columns `padded` stand codes such as 04109, whose zeros would be lost as numbers. Rows
    may end in empty cells for which the header has no place; the `names` have one for each.
    `is_hinted` says that a line above the header tells what parts cells. `truths` has the columns
    whose true and false are written otherwise than `True` and `False`, `doubtful` those with a word
    such as `NA` that is read as missing and may be meant as it stands. `is_headless`: the names are
    rather values, numbers where numbers are below. `nameless` are the columns whose names are none
    of the header's, `numbers` those whose numbers are written otherwise than Python would.
    """

    separator: str
    decimal: str
    names: tuple[str, ...]
    padded: tuple[str, ...] = ()
    is_hinted: bool = False
    has_longer_rows: bool = False
    truths: Mapping[str, Truths] = field(default_factory=dict)
    doubtful: Mapping[str, str] = field(default_factory=dict)
    is_headless: bool = False
    nameless: Mapping[str, bool] = field(default_factory=dict)
    numbers: Mapping[str, NumberForm | PowerForm] = field(default_factory=dict)

    @property
    def options(self) -> dict[str, Any]:
        """What `pandas.read_csv` has to know."""
        codes = dict.fromkeys(self.padded, "str")
        return {
            "sep": self.separator,
            "decimal": self.decimal,
            "low_memory": False,
            "dtype": codes,
            "skiprows": int(self.is_hinted),
            **self._named(),
        }

    def _named(self) -> dict[str, Any]:
        """Names for all cells: pandas would take cells beyond the header's for the rows' names."""
        if not self.has_longer_rows and not self.nameless:
            return {}
        return {"names": [*self.names], "header": 0}


def csv_form(path: Path) -> CsvForm:
    """The form of a CSV file in UTF-8, told from its first rows.

    Cells are parted by what a line `sep=;` above the header says, else by commas, semicolons, tabs
    or bars, where these give each row as many cells as the header has; empty ones may follow. Else
    each row may have one more, its name, which is passed over. Where they are not parted by commas,
    decimals may stand behind one. Codes with leading zeros are told where some are among these
    rows, and how truths are written by what most are there. Raises UserError where two columns have
    one name, which pandas would silently rename, and where rows have more cells than the header.
    """
    start = _start_of(path)
    hint = _HINT.match(start)
    separator, rows = _parted(start[hint.end() :] if hint else start, hint[1] if hint else None)
    names = tuple(name.removeprefix("\ufeff") for name in rows[0])
    are_named = _have_names(rows)
    added = 0 if are_named else max(map(len, rows)) - len(names)
    if added and any(map(_is_filled, rows, repeat(len(names)))):
        raise UserError(_told_longer(path, rows, separator))
    repeated = [name for name, count in Counter(names).items() if count > 1 and name]
    if repeated:
        raise UserError(
            f"{path} has more than one column named {', '.join(map(repr, repeated))}; "
            "names must be distinct"
        )
    cells = [cell.strip() for row in rows[1:] for cell in row] if separator != "," else []
    has_commas = any(map(_COMMA.fullmatch, cells)) and not any(map(_POINT.fullmatch, cells))
    body = [row[are_named:] for row in rows[1:] if row]
    values = [*zip_longest(*body, fillvalue="")]
    names += ("",) * added
    called = _called(names, values)
    columns = dict(zip(called, values, strict=False))
    return CsvForm(
        separator,
        "," if has_commas else ".",
        called,
        tuple(_padded(columns)),
        is_hinted=hint is not None,
        has_longer_rows=added > 0,
        doubtful=doubtful_words(columns),
        truths={name: told for name, cells in columns.items() if (told := csv_truths(cells))},
        is_headless=_is_headless(columns),
        nameless={
            new: any(cell.strip() for cell in columns.get(new, ()))
            for name, new in zip(names, called, strict=True)
            if not name.strip()
        },
        numbers=_numbers_of(columns) if not has_commas else {},
    )


def checked_form(path: Path, *, reread: Collection[str] = ()) -> CsvForm:
    """How a file is written all of whose rows are to be read; what may not be meant is logged.

    Nothing is told of missing words in columns that are to be `reread` as they are written. Raises
    UserError as `csv_form` does, and for a NUL anywhere.
    """
    form = csv_form(path)
    _check_no_nul(path)
    tell_doubtful_words(path, {n: word for n, word in form.doubtful.items() if n not in reread})
    _tell_headless(path, form)
    _tell_nameless(path, form)
    return form


def _numbers_of(columns: Mapping[str, Sequence[str]]) -> dict[str, NumberForm | PowerForm]:
    found = {name: csv_numbers(cells) for name, cells in columns.items()}
    return {name: form for name, form in found.items() if form is not None}


def _tell_nameless(path: Path, form: CsvForm) -> None:
    """Say what columns without a name are called, if they have values."""
    called = [name for name, has_values in form.nameless.items() if has_values]
    if called:
        logger.warning(
            "%s: %s without a name in the first line %s called %s%s",
            path,
            counted(len(called), "column"),
            "is" if len(called) == 1 else "are",
            ", ".join(map(repr, called)),
            "; the first is taken for the rows' index" if called[0] == _INDEX else "",
        )


def _called(names: Sequence[str], values: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """Names for all columns: those without one by their place, the first as what names the rows.

    pandas writes such a column, unless it is told not to.
    """
    first = [cell for cell in values[0] if cell.strip()] if values else []
    is_index = len({*first}) == len(first) > 0 and len(names) > 1 and _INDEX not in names
    called = []
    for place, name in enumerate(names):
        own = _INDEX if place == 0 and is_index else f"column_{place + 1}"
        while own in names or own in called:
            own += "_"
        called.append(name if name.strip() else own)
    return tuple(called)


def _tell_headless(path: Path, form: CsvForm) -> None:
    """Say that the first row may be one of values."""
    if form.is_headless:
        logger.warning(
            "%s: its first line (%s) is taken for the columns' names, and looks like values: where "
            "it is one of the rows, write names above it",
            path,
            form.separator.join(form.names)[:_LONGEST],
        )


def _is_headless(columns: Mapping[str, Sequence[str]]) -> bool:
    """Whether numbers stand above all columns of numbers, one of them no whole one.

    Whole ones may be years, or places.
    """
    above = [name.strip() for name, cells in columns.items() if _are_numbers(cells)]
    return all(map(_NUMBER.fullmatch, above)) and any(not each.isdecimal() for each in above)


def _are_numbers(cells: Sequence[str]) -> bool:
    present = [cell.strip() for cell in cells if cell.strip()]
    return bool(present) and all(map(_NUMBER.fullmatch, present))


def _start_of(path: Path) -> str:
    """The first rows, whole ones as far as line ends tell."""
    with _opened(path) as file:
        start = file.read(_START)
        start += "" if "\n" in start else file.readline()  # the header, as long as it may be
    return start if len(start) < _START else start[: start.rfind("\n") + 1] or start


def _parted(text: str, hinted: str | None) -> tuple[str, list[list[str]]]:
    """What parts the cells of a text, and its rows, a header at least."""
    found = {each: _rows(text, each) for each in ([hinted] if hinted else _SEPARATORS)}
    fitting = (each for fits in (_is_even, _have_names) for each in found if fits(found[each]))
    separator = next(fitting, next(iter(found)))
    return separator, found[separator] or [[]]


def _told_longer(path: Path, rows: Sequence[Sequence[str]], separator: str) -> str:
    size = len(rows[0])
    number, row = next((n, row) for n, row in enumerate(rows) if _is_filled(row, size))
    return (
        f"cannot read {path}: row {number} below the header has {counted(len(row), 'cell')}, the "
        f"header {counted(size, 'name')} ({separator.join(rows[0])[:_LONGEST]!r}): names must "
        f"stand in the first line, and a cell with {separator!r} in it in quotes"
    )


def _padded(columns: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """The columns of digits alone, some of which begin with a zero that is not all there is."""
    for name, cells in columns.items():
        digits = [cell for cell in map(str.strip, cells) if cell]
        if any(map(_PADDED.fullmatch, digits)) and all(map(_WHOLE.fullmatch, digits)):
            yield name


def _check_no_nul(path: Path) -> None:
    """Raise UserError for a file with a NUL in it, at which readers would end a cell in silence."""
    before = 0
    with _bytes_of(path) as file:
        while block := file.read(_BLOCK):
            if (place := block.find(0)) >= 0:
                raise UserError(
                    f"cannot read {path}: its byte {before + place:,} is NUL, which no text has: "
                    "the file is damaged, or is not text in UTF-8"
                )
            before += len(block)


def _opened(path: Path) -> io.TextIOBase:
    return io.TextIOWrapper(_bytes_of(path), encoding="utf-8", newline="")


def _bytes_of(path: Path) -> gzip.GzipFile | io.BufferedReader:
    """The file's bytes, unpacked."""
    is_packed = path.name.lower().endswith(".gz")
    return gzip.GzipFile(path) if is_packed else path.open("rb")


def _rows(text: str, separator: str) -> list[list[str]]:
    """The cells of the text, parted so; none where a cell were longer than CSV allows."""
    try:
        return list(csv.reader(io.StringIO(text), delimiter=separator))
    except csv.Error:
        return []


def _is_even(rows: Sequence[Sequence[str]]) -> bool:
    """Whether several cells are in the header, and as many in each row that has any.

    Empty ones may follow.
    """
    size = len(rows[0]) if rows else 0
    return size > 1 and all(
        len(row) == 0 or (len(row) >= size and not _is_filled(row, size)) for row in rows
    )


def _have_names(rows: Sequence[Sequence[str]]) -> bool:
    """Whether each row has one cell more than the header, as where R writes the rows' names."""
    size = len(rows[0]) if rows else 0
    longer = [row for row in rows[1:] if row]
    return {len(row) for row in longer} == {size + 1} and any(
        _is_filled(row, size) for row in longer
    )


def _is_filled(row: Sequence[str], size: int) -> bool:
    """Whether something stands in a row behind its first cells, so many."""
    return any(cell.strip() for cell in row[size:])
