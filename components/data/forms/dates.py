"""Dates written as text otherwise than pandas would, or as numbers: a whole column's format."""

import re
from collections.abc import Iterable, Mapping
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api import types

from components.data.cast import cast
from components.data.forms.period_dates import (
    LIKE_ONE,
    QUARTERS,
    WEEKS,
    Padding,
    has_format,
    read_by,
    write_by,
)
from components.data.texts import holds_text

_DAYS = (
    *(f"%d{sign}%m{sign}%{year}" for year, sign in product("Yy", "/.-")),
    *(f"%m{sign}%d{sign}%{year}" for year, sign in product("Yy", "/.-")),
    *(f"%Y{sign}%m{sign}%d" for sign in "/."),
    *(f"%d{sign}%{month}{sign}%{year}" for year, sign, month in product("Yy", " -/", "bB")),
    *(f"%{month} %d, %Y" for month in "bB"),
    *(f"%{month} %d %Y" for month in "bB"),
)
_MONTHS = ("%Y-%m", "%Y/%m", "%m/%Y", *(f"%{m}{sign}%Y" for m in "bB" for sign in " -"))
_LOGGED = (
    *("%a %d %b %Y", "%a, %d %b %Y", "%a, %d %b %Y %H:%M:%S", "%a %b %d %H:%M:%S %Y"),
    *("%d/%b/%Y:%H:%M:%S", "%d-%b-%y %I.%M.%S %p"),
)
"""What programs write into logs and e-mails."""
_TIMES = ("%H:%M", "%H:%M:%S", "%H:%M:%S.%f", "%I:%M %p", "%I:%M:%S %p")
_ISO_DAY = "%Y-%m-%d"
FORMATS = (
    *_DAYS,
    *(f"{d}{gap}{t}" for gap, d, t in product((" ", ", "), _DAYS, _TIMES)),
    _ISO_DAY,
    *(f"{_ISO_DAY}{gap}{t}" for gap, t in product("T ", _TIMES[:3])),
    *_MONTHS,
    *_LOGGED,
    *QUARTERS,
    *WEEKS,
)
"""Every format that is known (see `read_by`); a column of several is none of dates."""

COMPACT = "%Y%m%d"
"""The one format of dates that are whole numbers."""
_YEARS, _FAR_OFF = (1800, 2299), 9999
_MOST_DAYS = np.array([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])

_OFFSET = re.compile(r"\d{2}:\d{2}\S*[+-](\d{2}(?::?\d{2})?)$")
_ZONED = re.compile(
    r"(\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}\S*?)(Z|[+-]\d{2}(?::?\d{2})?| (?:UTC|GMT|Z))"
)
_BY_NAME = re.compile(r".*\d ?[A-Z]{3,4}")
"""A time whose zone has a name."""
_UTC = r" (?:UTC|GMT|Z)$"
_ZONE = re.compile(r"([+-]\d{2}):?(\d{2})?$")
_DIGITS = re.compile(r"[.](\d{1,6})\b")
_FRACTION = re.compile(r"%(\d)f")
"""A fraction of so many digits, which `strptime` does not tell from others."""
_LIKE_ONE = re.compile(
    r"(?:[A-Z][a-z]{2},? )?"
    r"(?:\d{1,4}|[A-Za-z]{3,9})[ ./-](?:\d{1,2}|[A-Za-z]{3,9}),?[ ./-]\d{1,4}(?:[ ,T:].{1,20})?"
    r"|\d{4}[/-]\d{2}|\d{2}/\d{4}|[A-Z][a-z]{2,8}[ -]\d{4}"
    rf"|{LIKE_ONE}"
)


class DateFormats:
    """The formats that all values so far have; `add` takes the next ones.

    Behind ISO times a zone may stand, in all of them or in none.

    >>> formats = DateFormats()
    >>> formats.add(["01/02/2022", "26/04/2022"])
    >>> formats.found
    '%d/%m/%Y'
    >>> times = DateFormats()
    >>> times.add(["2022-04-26T10:00:00.250+02:00"])
    >>> times.found
    '%Y-%m-%dT%H:%M:%S.%3f+02:00'
    """

    def __init__(self) -> None:
        self._left: tuple[str, ...] | None = None
        self._days: dict[str, set[int]] = {}
        self._zones: dict[str, None] = {}
        self._widths: set[int] = set()
        self._padding: dict[bool, Padding] = {True: Padding(), False: Padding()}

    def add(self, values: Iterable[object]) -> None:
        """Take the next values, each of which counts once."""
        if self._left == ():
            return
        given = list(values)
        if self._left is None:
            self._left = formats_of(given[0]) if given else None
        if not self._left or not all(isinstance(text, str) for text in given):
            self._left = () if given else self._left
            return
        texts, zones = zip(*map(_parted, map(str, given)), strict=True)
        self._zones |= dict.fromkeys(zones)
        all_or_none = "" not in self._zones or len(self._zones) == 1
        tried = self._left if all_or_none else ()
        read = {f: read_by(pd.Series(texts, dtype="str"), f) for f in tried}
        self._left = tuple(f for f, times in read.items() if times.notna().all())
        for each in self._left:
            self._days.setdefault(each, set()).update(read[each].dt.day.unique().tolist())
        if any("%d" in each for each in self._left):
            for text in texts:
                for has_short_year, padding in self._padding.items():
                    padding.add(text, has_short_year=has_short_year)
        if any("%f" in each for each in self._left):
            self._widths |= {len(found[-1]) for text in texts if (found := _DIGITS.findall(text))}

    @property
    def may_be_either(self) -> bool:
        """Whether all can be read with the day before the month, and with the month first."""
        return len(self._orders) > 1

    @property
    def _orders(self) -> set[bool]:
        numbers = [each for each in self._left or () if "%d" in each and "%m" in each]
        return {each.index("%d") < each.index("%m") for each in numbers}

    @property
    def found(self) -> str | None:
        """The format of all values; None where there is none, or day and month cannot be told.

        Fractions of fewer than six digits, as many in all values, are `%3f`. The zone stands there
        as it is, for several the one of UTC. Where both orders can be read, that is the day which
        is the same in all values, as in monthly figures; and with points between, the day comes
        first.
        """
        left = self._left or ()
        steady = [each for each in left if len(self._days[each]) == 1]
        pointed = [each for each in left if each.startswith("%d.")]
        chosen = left
        if self.may_be_either:
            chosen = tuple(steady if len(steady) == 1 else pointed)
        return self._in_full(chosen[0]) if chosen else None

    def _in_full(self, form: str) -> str:
        """The format with the digits of its fraction, and the zone."""
        zones, (width, *others) = [*self._zones], [*self._widths, 6]
        if form not in _LOGGED:
            form = self._padding["%y" in form].of(form)
        if width < 6 and others == [6]:
            form = form.replace("%f", f"%{width}f")
        signs = next((zone for zone in zones if zone[:1] in ("+", "-")), "Z")
        return form + (zones[0] if len(zones) == 1 else re.sub("[0-9]", "0", "+" + signs[1:]))


def _parted(text: str) -> tuple[str, str]:
    """A text without the zone of its ISO time, and that zone."""
    found = _ZONED.fullmatch(text)
    return (found[1], found[2]) if found else (text, "")


def formats_of(value: object) -> tuple[str, ...]:
    """The known formats that a text has."""
    text = _parted(value)[0] if isinstance(value, str) else ""
    if not _LIKE_ONE.fullmatch(text):
        return ()
    return tuple(each for each in FORMATS if has_format(text, each))


def are_compact(numbers: NDArray[np.number]) -> NDArray[np.bool_]:
    """Which numbers are days as programs store them: year, month and day in eight digits.

    >>> are_compact(np.array([20240229, 20230229, 20241301, np.inf])).tolist()
    [True, False, False, False]
    """
    with np.errstate(invalid="ignore"):  # infinities have no days
        years, months, days = numbers // 10_000, numbers // 100 % 100, numbers % 100
    are_years = ((years >= _YEARS[0]) & (years <= _YEARS[1])) | (years == _FAR_OFF)
    is_leap = (years % 4 == 0) & ((years % 100 != 0) | (years % 400 == 0))
    places = np.where(are_years & (months <= 12), months, 0).astype(np.int64)
    most = _MOST_DAYS[places] + (is_leap & (places == 2))
    found: NDArray[np.bool_] = (days >= 1) & (days <= most) & (days % 1 == 0)
    return found


def has_zone(dtype: Any, example: object) -> bool:
    """Whether times of this type, or text such as this, are of another zone than UTC.

    >>> has_zone("str", "2024-05-01T10:00:00+02:00"), has_zone("str", "2024-05-01T10:00:00Z")
    (True, False)
    """
    if isinstance(dtype, pd.DatetimeTZDtype):
        return str(dtype.tz) != "UTC"
    found = _OFFSET.search(example) if isinstance(example, str) else None
    return found is not None and found[1].strip("0:") != ""


def _without_numbers(values: pd.Series, written: str | None) -> pd.Series:
    """Numbers that are dates as text; raises ValueError where they are others."""
    if not types.is_numeric_dtype(values) or not values.notna().any():
        return values
    known = values.dropna()
    if written != COMPACT or not are_compact(known.to_numpy(dtype=np.float64)).all():
        raise ValueError(f"{known.iloc[0]} is a number: write dates as YYYY-MM-DD")
    return known.astype("int64").astype("str").reindex(values.index)


def read_dates(values: pd.Series, written: str | None) -> pd.Series:
    """Dates of any type as microseconds in UTC without a zone.

    Texts are read as they are `written`, and what is not as ISO dates; without a format, as ISO
    dates, or all as the first of them is. Numbers are dates where they are `COMPACT`. Raises
    ValueError or TypeError where one cannot be read.
    """
    values = _without_numbers(values, written)
    if not holds_text(values):
        return _without_zone(pd.to_datetime(values, utc=True))
    if _is_iso(written):
        return _without_zone(_read_alike(values))
    read = _as_written(values, written)
    others = values.notna() & read.isna()
    if others.any():
        read[others] = pd.to_datetime(values[others], format="ISO8601", utc=True)
    return _without_zone(read)


def _read_alike(values: pd.Series) -> pd.Series:
    """Dates in texts of which no format is known.

    Raises ValueError where they tell neither that the day stands first nor that the month does.
    """
    formats = DateFormats()
    present = values.dropna()
    formats.add(present.unique().tolist())
    if formats.found is not None:
        return _as_written(values, formats.found)
    if formats.may_be_either:
        raise ValueError(
            f"in {present.iloc[0]!r} the day or the month may stand first: write YYYY-MM-DD"
        )
    if len(present) and all(map(_BY_NAME.fullmatch, present.astype(str))):
        raise ValueError(
            f"zones by their names, as in {present.iloc[0]!r}, are not read: write +01:00"
        )
    for form in ("ISO8601", None):
        read = pd.to_datetime(values, format=form, utc=True, errors="coerce")
        unread = values[values.notna() & read.isna()]
        if unread.empty:
            return read
    raise ValueError(
        f"{unread.iloc[0]!r} is no date written as the others are; where it stands for a missing "
        "one, leave the cell empty"
    )


def read_what_is_date(values: pd.Series, written: str | None) -> pd.Series:
    """The same, each value by itself, and missing where it is no date."""
    if types.is_numeric_dtype(values):
        numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
        days = values.where(are_compact(numbers) & (written == COMPACT))
        values = _without_numbers(days, written)
    if not holds_text(values):
        return _without_zone(pd.to_datetime(values, utc=True, errors="coerce", format="mixed"))
    read = _as_written(values, written)
    form = "mixed" if _is_iso(written) else "ISO8601"
    others = pd.to_datetime(values.where(read.isna()), utc=True, errors="coerce", format=form)
    return _without_zone(read.fillna(others))


def _is_iso(written: str | None) -> bool:
    """Whether dates are written, as far as that is known, as ISO has them."""
    return written is None or written.startswith(_ISO_DAY)


def _as_written(values: pd.Series, written: str | None) -> pd.Series:
    if written is None or _is_iso(written):
        plain = values.astype("str").str.replace(_UTC, "Z", regex=True)
        return pd.to_datetime(plain, format="ISO8601", errors="coerce", utc=True)
    return read_by(values, _FRACTION.sub("%f", written))


def write_dates(frame: pd.DataFrame, written: Mapping[str, str]) -> pd.DataFrame:
    """The frame with these columns of dates as text, each in its format."""
    return frame.assign(**{name: _as_text(frame[name], form) for name, form in written.items()})


def _as_text(times: pd.Series, written: str) -> pd.Series:
    """Times of UTC in a format, which may name another zone and the digits of a fraction."""
    if zone := _ZONE.search(written):
        hours, minutes = zone[1], zone[1][0] + (zone[2] or "00")
        times = times + pd.Timedelta(hours=int(hours), minutes=int(minutes))
    fraction = _FRACTION.search(written)
    if fraction is None:
        return write_by(times, written)
    head = times.dt.strftime(written[: fraction.start()] + "%f").astype("str")
    cut: pd.Series = head.str.slice(stop=int(fraction[1]) - 6) + written[fraction.end() :]
    return cut


def _without_zone(times: pd.Series) -> pd.Series:
    return cast(times.dt.tz_localize(None), "datetime64[us]")
