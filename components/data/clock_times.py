"""Times of day in Arrow's own types: as text to be learned from, and made values as such again."""

import pyarrow as pa
import pyarrow.compute as pc

_MICROS = 1_000_000
_DAY = "1970-01-01"


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
