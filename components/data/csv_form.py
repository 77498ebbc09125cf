"""How a CSV file is written: what parts its cells, and what stands before decimals."""

import csv
import gzip
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

from components.errors import UserError

_SEPARATORS = (",", ";", "\t", "|")
_START = 65_536
"""Characters that tell the form."""
_COMMA = re.compile(r"[+-]?\d+,\d+")
_POINT = re.compile(r"[+-]?\d*\.\d+")
_PADDED, _WHOLE = re.compile(r"0\d+"), re.compile(r"\d+")


@dataclass(frozen=True)
class CsvForm:
    """What parts cells, what stands before decimals, and the names in the header.

    In the columns `padded` stand codes such as 04109, whose zeros would be lost as numbers.
    """

    separator: str
    decimal: str
    names: tuple[str, ...]
    padded: tuple[str, ...] = ()

    @property
    def options(self) -> dict[str, Any]:
        """What `pandas.read_csv` has to know."""
        codes = dict.fromkeys(self.padded, "str")
        return {
            "sep": self.separator,
            "decimal": self.decimal,
            "low_memory": False,
            "dtype": codes,
        }


def csv_form(path: Path) -> CsvForm:
    """The form of a CSV file in UTF-8, told from its first rows.

    Cells are parted by commas, else by semicolons, tabs or bars, where these give each row as many
    cells as the header has. Where they are not parted by commas, decimals may stand behind one.
    Codes with leading zeros are told where some are among these rows.
    Raises UserError where two columns have one name, which pandas would silently rename.
    """
    with _opened(path) as file:
        start = file.read(_START)
        start += "" if "\n" in start else file.readline()  # the header, as long as it may be
    whole = start if len(start) < _START else start[: start.rfind("\n") + 1] or start
    found = {each: _rows(whole, each) for each in _SEPARATORS}
    separator = next((each for each, rows in found.items() if _is_even(rows)), ",")
    rows = found[separator] or [[]]
    names = tuple(name.removeprefix("\ufeff") for name in rows[0])
    repeated = [name for name, count in Counter(names).items() if count > 1]
    if repeated:
        raise UserError(
            f"{path} has more than one column named {', '.join(map(repr, repeated))}; "
            "names must be distinct"
        )
    cells = [cell.strip() for row in rows[1:] for cell in row] if separator != "," else []
    has_commas = any(map(_COMMA.fullmatch, cells)) and not any(map(_POINT.fullmatch, cells))
    return CsvForm(separator, "," if has_commas else ".", names, tuple(_padded(names, rows[1:])))


def _padded(names: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """The columns of digits alone, some of which begin with a zero that is not all there is."""
    for name, cells in zip(names, zip_longest(*rows, fillvalue=""), strict=False):
        digits = [cell for cell in map(str.strip, cells) if cell]
        if any(map(_PADDED.fullmatch, digits)) and all(map(_WHOLE.fullmatch, digits)):
            yield name


def _opened(path: Path) -> io.TextIOBase:
    if path.name.endswith(".gz"):
        return gzip.open(path, "rt", encoding="utf-8", newline="")
    return path.open(encoding="utf-8", newline="")


def _rows(text: str, separator: str) -> list[list[str]]:
    """The cells of the text, parted so; none where a cell were longer than CSV allows."""
    try:
        return list(csv.reader(io.StringIO(text), delimiter=separator))
    except csv.Error:
        return []


def _is_even(rows: list[list[str]]) -> bool:
    """Whether there are several cells in the header, and as many in each row that has any."""
    return bool(rows) and len(rows[0]) > 1 and all(len(r) in (0, len(rows[0])) for r in rows)
