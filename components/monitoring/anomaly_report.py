"""What the scores of new rows say, as values: how many are odd, which, and why."""

from collections.abc import Iterable
from datetime import datetime

from components.monitoring.value import Value

_WORST = 3


class OddColumn(Value):
    """A value that makes a row odd: its column, itself in words, and by how much, in nats."""

    name: str
    value: str
    gain: float


class Picture(Value):
    """An odd image, made small: itself, and where it is odd, as PNG in base64; its file's name.

    `where` is empty where the model cannot tell, `name` where images have none.
    """

    image: str
    where: str = ""
    name: str = ""


class OddRow(Value):
    """One row: its position among the new rows, how odd it is, and what makes it so.

    `p_value` is the share of normal held-out rows that are at least as odd. `columns` are those
    that contribute most, the first most of all; none where the model cannot tell, and of images,
    which have a `picture`. `times` says how many times as far from the middle of the held-out rows
    it is as the oddest of them, where that is far beyond anything seen, else 0.
    """

    row: int
    oddness: float
    p_value: float
    columns: tuple[OddColumn, ...] = ()
    times: float = 0.0
    picture: Picture | None = None


class AnomalyReport(Value):
    """All that one look at the scores of new rows found.

    It is anomalous where `num_flagged` are too many, or where one is far beyond anything held out.
    `share` of the rows raised an alarm, with a two-sided interval; `rate` is what was stated of
    normal rows, `most` the largest share that is likely where all rows are normal, few held-out
    rows allowed for. Above it, they are too many.
    """

    is_anomalous: bool
    reason: str
    share: float
    low: float
    high: float
    rate: float
    most: float
    num_rows: int
    num_flagged: int
    num_calibration: int
    oddest: tuple[OddRow, ...]

    @property
    def worst(self) -> tuple[str, ...]:
        """The columns that make the oddest rows so, the most responsible first."""
        return _most((each.name, each.gain) for row in self.oddest for each in row.columns)


class Share(Value):
    """How much of an event's oddness is a column's, from 0 to 1."""

    column: str
    share: float


class Event(Value):
    """Steps that belong together and of which one at least is odd.

    `first` and `last` are positions in the table, of rows in the order of time; `began`, `ended`
    and `peaked` say when, None where rows have no dates. `peak` is the highest score, `excess` that
    in units of the threshold. `columns` are those that make it odd, the most responsible first.
    """

    first: int
    last: int
    num_steps: int
    began: datetime | None
    ended: datetime | None
    peaked: datetime | None
    peak: float
    excess: float
    columns: tuple[Share, ...]


class SeriesReport(Value):
    """What one look at new rows of series found.

    `blocks` is the report on blocks of a window's length, by the highest score of each: whether
    more have an alarm than normal series would. `events` are the odd steps, merged. Of the rows
    `num_unscored` have no score, since their stretch is shorter than a window or they lack a value;
    `irregular` says what is not as it should be with times and values, empty where all is well.
    """

    blocks: AnomalyReport
    events: tuple[Event, ...]
    num_unscored: int
    irregular: str

    @property
    def worst(self) -> tuple[str, ...]:
        """The columns that make the events odd, the most responsible first."""
        return _most(
            (each.column, each.share * event.excess)
            for event in self.events
            for each in event.columns
        )


def _most(parts: Iterable[tuple[str, float]]) -> tuple[str, ...]:
    """The few columns with the largest sums."""
    sums: dict[str, float] = {}
    for name, part in parts:
        sums[name] = sums.get(name, 0.0) + part
    return tuple(sorted(sums, key=lambda name: -sums[name])[:_WORST])
