"""Times of day and durations of Arrow: as what is learned from, and made values as such again."""

import pyarrow as pa
import pyarrow.compute as pc

_MICROS = 1_000_000
_DAY = "1970-01-01"
_IN_SECOND = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}


def clock_texts(times: pa.ChunkedArray) -> pa.ChunkedArray:
    """Times of day as text: hours, minutes and seconds, and six decimals where it has some.

    Parts of a microsecond are left out.

    >>> times = pa.chunked_array([pa.array([29_730_000_000, 500_000], pa.time64("us"))])
    >>> clock_texts(times).to_pylist()
    ['08:15:30', '00:00:00.500000']
    """
    texts = times.cast(pa.time64("us"), safe=False).cast(pa.large_string())
    return pc.replace_substring(texts, ".000000", "")


def times_of_day(values: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray:
    """Numbers of seconds, or such texts, as times of day of this type.

    Raises ArrowException where one is no time of a day, or finer than the type.

    >>> times_of_day(pa.chunked_array([[29_730, None]]), pa.time32("s")).to_pylist()
    [datetime.time(8, 15, 30), None]
    >>> times_of_day(pa.chunked_array([["08:15:30.5"]]), pa.time32("ms")).to_pylist()
    [datetime.time(8, 15, 30, 500000)]
    """
    if pa.types.is_string(values.type) or pa.types.is_large_string(values.type):
        times = pc.binary_join_element_wise(
            pa.scalar(_DAY, values.type), values, pa.scalar(" ", values.type)
        )
        return times.cast(pa.timestamp("us")).cast(kind)
    seconds = values.cast(pa.float64())
    if pc.any(pc.or_(pc.less(seconds, 0), pc.greater_equal(seconds, 86_400))).as_py():
        raise pa.ArrowInvalid("a number of seconds is beyond a day")
    micros = pc.round(pc.multiply(seconds, _MICROS)).cast(pa.int64())
    return micros.cast(pa.time64("us")).cast(kind)


def seconds_of(durations: pa.ChunkedArray) -> pa.ChunkedArray:
    """Durations as numbers of seconds.

    >>> seconds_of(pa.chunked_array([pa.array([5_400_250, None], pa.duration("ms"))])).to_pylist()
    [5400.25, None]
    """
    counts = durations.cast(pa.int64())
    if durations.type.unit == "s":
        return counts
    return pc.divide(counts.cast(pa.float64(), safe=False), float(_IN_SECOND[durations.type.unit]))


def durations_of(values: pa.ChunkedArray, kind: pa.DurationType) -> pa.ChunkedArray:
    """Numbers of seconds as durations of this type, to the nearest that it has.

    Raises ArrowException where one is too long for it.

    >>> durations_of(pa.chunked_array([[5400.25, None]]), pa.duration("ms")).to_pylist()
    [datetime.timedelta(seconds=5400, microseconds=250000), None]
    """
    if pa.types.is_integer(values.type) and kind.unit == "s":
        return values.cast(pa.int64()).cast(kind)
    counts = pc.round(pc.multiply(values.cast(pa.float64(), safe=False), _IN_SECOND[kind.unit]))
    return counts.cast(pa.int64()).cast(kind)
