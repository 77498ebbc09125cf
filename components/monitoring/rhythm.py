"""How rows follow one another in time: how far apart they come, how long a number stands still."""

from collections import Counter
from collections.abc import Mapping

import numpy as np

from components.data.counted import counted
from components.data.schema import NUMBERS, ColumnKind, Schema
from components.monitoring.levels import Numbers
from components.monitoring.report import ChangeKind, SchemaChange
from components.monitoring.value import Value

_EVEN = 0.9
"""The share of steps that are as long as the middle one where rows come at an interval."""
_NEAR = 0.1
_OTHER = 1.5
"""How many times as long or as short an interval is where it is another one."""
_STUCK = 5.0
"""How many times as long as ever before, in rows and in time, a number stands still when stuck."""
_FEWEST = 20


class Standing(Value):
    """The longest that a number stood still: in rows, and in microseconds."""

    rows: int
    micros: float


class Rhythm(Value):
    """What rows in the order of a time are like; of rows that have none nothing is said.

    `interval` is the usual one in microseconds, None where rows come unevenly, `span` the time from
    the first row to the last. `standing` has each column of numbers.
    """

    time: str
    interval: float | None
    span: float
    standing: Mapping[str, Standing]


class RhythmSeen:
    """The rhythm of rows by the first datetime of their schema, over batches in their order."""

    def __init__(self, schema: Schema) -> None:
        times = [c.name for c in schema.learned if c.kind is ColumnKind.DATETIME]
        self.time = times[0] if times else None
        self._names = [c.name for c in schema.learned if c.kind in NUMBERS]
        self._first = self._last = np.nan
        self._steps: Counter[float] = Counter()
        self._runs: dict[str, tuple[float, float, int]] = {}
        self._longest: dict[str, tuple[int, float, float]] = {}

    def add(self, names: tuple[str, ...], matrix: Numbers) -> None:
        """Note the rows that follow those before; those without a time are passed over."""
        if self.time is None or self.time not in names:
            return
        times = matrix[:, names.index(self.time)]
        is_told = ~np.isnan(times)
        times = times[is_told]
        if not len(times):
            return
        steps = np.diff(times, prepend=self._last)
        self._first = float(times[0]) if np.isnan(self._first) else self._first
        values, counts = np.unique(_in_three_digits(steps[steps > 0]), return_counts=True)
        self._steps.update(dict(zip(values.tolist(), counts.tolist(), strict=True)))
        self._last = float(times[-1])
        for name in set(self._names) & set(names):
            self._note(name, matrix[is_told, names.index(name)], times)

    def _note(self, name: str, values: Numbers, times: Numbers) -> None:
        """Runs of one value: the longest, and the last one, which may go on in the next batch."""
        begins = np.flatnonzero(np.append(True, values[1:] != values[:-1]))
        ends = np.append(begins[1:], len(values)) - 1
        since, rows = times[begins], ends - begins + 1
        if name in self._runs and self._runs[name][0] == values[0]:
            since[0], rows[0] = self._runs[name][1], rows[0] + self._runs[name][2]
        self._runs[name] = (float(values[-1]), float(since[-1]), int(rows[-1]))
        place = int(rows.argmax())
        if rows[place] > self._longest.get(name, (0,))[0] and not np.isnan(values[begins[place]]):
            stood = float(times[ends[place]] - since[place])
            self._longest[name] = (int(rows[place]), stood, float(values[begins[place]]))

    def rhythm(self) -> Rhythm | None:
        """What was seen; None without a time. It means nothing where times step back."""
        if self.time is None:
            return None
        middle = self._middle()
        total = self._steps.total()
        near = sum(n for step, n in self._steps.items() if abs(step / middle - 1) <= _NEAR)
        standing = {n: Standing(rows=r, micros=m) for n, (r, m, _) in self._longest.items()}
        is_even = total >= _FEWEST and near >= _EVEN * total
        span = float(np.nan_to_num(self._last - self._first))
        interval = middle if is_even else None
        return Rhythm(time=self.time, interval=interval, span=span, standing=standing)

    def changes(self, before: Rhythm | None) -> list[SchemaChange]:
        """What is no longer as `before`: the clock, the interval, numbers that stand still.

        Only for times that step back on neither side.
        """
        if before is None or before.time != self.time:
            return []
        return [*self._jump(before), *self._other_interval(before), *self._stuck(before)]

    def _middle(self) -> float:
        """The median of the steps; 1 where there is none."""
        steps = sorted(self._steps)
        if not steps:
            return 1.0
        below = np.cumsum([self._steps[step] for step in steps])
        return steps[int(np.searchsorted(below, below[-1] / 2))]

    def _jump(self, before: Rhythm) -> list[SchemaChange]:
        """A step longer than all training rows together: no gap, but another clock."""
        longest = max(self._steps, default=0.0)
        if not 0 < before.span < longest:
            return []
        text = (
            f"{before.time!r} jumps on by {_as_time(longest)} from one row to the next, and all "
            f"training rows span {_as_time(before.span)}"
        )
        return [SchemaChange(column=before.time, kind=ChangeKind.FOREIGN, text=text)]

    def _other_interval(self, before: Rhythm) -> list[SchemaChange]:
        now, usual = self._middle(), before.interval
        if usual is None or self._steps.total() < _FEWEST or usual / _OTHER < now < usual * _OTHER:
            return []
        text = (
            f"{before.time!r} goes on by {_as_time(now)} from row to row, and by {_as_time(usual)} "
            "in training rows"
        )
        return [SchemaChange(column=before.time, kind=ChangeKind.FOREIGN, text=text)]

    def _stuck(self, before: Rhythm) -> list[SchemaChange]:
        found = []
        for name, (rows, micros, value) in sorted(self._longest.items()):
            usual = before.standing.get(name)
            if usual is None or rows < max(_FEWEST, _STUCK * usual.rows):
                continue
            if micros <= _STUCK * usual.micros:
                continue
            text = (
                f"{name!r} is stuck: it is {value:.6g} in {rows:,} rows one after another, and "
                f"never was the same in more than {counted(usual.rows, 'training row')}"
            )
            found.append(SchemaChange(column=name, kind=ChangeKind.NOW_CONSTANT, text=text))
        return found


def _in_three_digits(steps: Numbers) -> Numbers:
    """Steps rounded, so that there are few different ones."""
    unit = 10.0 ** (np.floor(np.log10(steps)) - 2)
    return np.asarray(np.round(steps / unit) * unit)


def _as_time(micros: float) -> str:
    """A time in the largest unit of which it is one at least.

    >>> _as_time(6e8), _as_time(5.4e9), _as_time(20.0)
    ('10 min', '1.5 h', '2e-05 s')
    """
    for unit, size in (("days", 864e8), ("h", 36e8), ("min", 6e7)):
        if micros >= size:
            return f"{micros / size:,.4g} {unit}"
    return f"{micros / 1e6:.3g} s"
