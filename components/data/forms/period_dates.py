"""Dates by `strptime`'s formats and those of quarters and weeks: read, and written as they were.

A quarter or a week is its first day. `%q` stands for the quarter, which `strptime` does not know,
and `%V` with `%G` for the week of ISO, which it does not take without a day. A sign as in `%-d`
says that there is no zero ahead.
"""

import re
from datetime import datetime

import pandas as pd

QUARTERS = ("%YQ%q", "%Y-Q%q", "%Y Q%q", "Q%q %Y", "Q%q-%Y", "Q%q/%Y")
WEEKS = ("%G-W%V", "%GW%V", "%G W%V")
LIKE_ONE = r"\d{4}[- ]?Q[1-4]|Q[1-4][ /-]\d{4}|\d{4}[- ]?W\d{2}"
"""An expression for texts that may be one."""

_QUARTER = "%q"
_MONDAY, _ITS_DAY = "-1", "-%u"
_PARTS = {"%Y": r"(?P<year>\d{4})", _QUARTER: "(?P<quarter>[1-4])"}
_DATE_NUMBERS, _HOUR = re.compile(r"\d+"), re.compile(r"(?<![\d:.])(\d{1,2})[:.]\d\d")
_CLOCK = re.compile(r"[ ,T]*\b\d{1,2}:\d\d.*$")


def has_format(text: str, form: str) -> bool:
    """Whether a text is a date in this format."""
    if _QUARTER in form:
        return re.fullmatch(_expression(form), text) is not None
    is_week = form in WEEKS
    try:
        datetime.strptime(text + _MONDAY * is_week, form + _ITS_DAY * is_week)
    except ValueError:
        return False
    return True


def read_by(values: pd.Series, form: str) -> pd.Series:
    """Texts as times of UTC, missing where they are none in this format.

    >>> read_by(pd.Series(["2024Q2", "soon"]), "%YQ%q").tolist()
    [Timestamp('2024-04-01 00:00:00+0000', tz='UTC'), NaT]
    """
    form = form.replace("%-", "%")
    if _QUARTER in form:
        parts = values.str.extract(f"^{_expression(form)}$")
        months = 3 * pd.to_numeric(parts["quarter"]) - 2
        values = parts["year"] + "-" + months.astype("Int64").astype("str")
        form = "%Y-%m"
    if form in WEEKS:
        values, form = values + _MONDAY, form + _ITS_DAY
    return pd.to_datetime(values, format=form, errors="coerce", utc=True)


def write_by(times: pd.Series, form: str) -> pd.Series:
    """Times as texts in this format.

    >>> write_by(pd.Series(pd.to_datetime(["2024-05-17"])), "Q%q %Y").tolist()
    ['Q2 2024']
    """
    before, quarter, behind = form.partition(_QUARTER)
    if not quarter:
        whole: pd.Series = times.dt.strftime(form)
        return whole
    texts = [times.dt.strftime(part) if part else "" for part in (before, behind)]
    quarters = times.dt.quarter.astype("Int64").astype("str")
    joined: pd.Series = texts[0] + quarters + texts[1]
    return joined


class Padding:
    """Whether days, months and hours below ten have a zero ahead in all dates so far.

    >>> padding = Padding()
    >>> padding.add("4/26/22 09:05", has_short_year=True)
    >>> padding.of("%m/%d/%y %H:%M")
    '%-m/%-d/%y %H:%M'
    """

    def __init__(self) -> None:
        self._days: set[bool] = set()
        self._hours: set[bool] = set()

    def add(self, text: str, *, has_short_year: bool) -> None:
        """Take the next date, which ends in a year of two digits or does not."""
        numbers = _DATE_NUMBERS.findall(_CLOCK.sub("", text))
        numbers = numbers[:-1] if has_short_year else numbers
        self._days.update(_has_zero(number) for number in numbers if _tells(number))
        hours = _HOUR.findall(text) if ":" in text else []
        self._hours.update(_has_zero(hour) for hour in hours[:1] if _tells(hour))

    def of(self, form: str) -> str:
        """The format without zeros ahead where there are none."""
        if self._days == {False}:
            form = form.replace("%d", "%-d").replace("%m", "%-m")
        if self._hours == {False}:
            form = form.replace("%H", "%-H").replace("%I", "%-I")
        return form


def _tells(number: str) -> bool:
    return len(number) == 1 or (len(number) == 2 and number[0] == "0")


def _has_zero(number: str) -> bool:
    return number[0] == "0" and len(number) == 2


def _expression(form: str) -> str:
    """An expression for the texts of a format of quarters."""
    for sign, part in _PARTS.items():
        form = form.replace(sign, part)
    return form
