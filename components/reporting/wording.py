"""Numbers and names as people read them."""

import math

from components.evaluation.metric_names import label

_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_NOTHING = 1e-9
"""What rounding in sums leaves of 0."""
_MINUS = "\u2212"
_TIMES = "\u00d7"


def number(value: float, *, signed: bool = False) -> str:
    """A set value, such as an ideal or a threshold: as `measured`, without zeros at the end."""
    return _signed(value, _trim(_magnitude(abs(value))), signed=signed)


def measured(value: float, *, signed: bool = False) -> str:
    """A measured value to three significant digits, with at most four after the point.

    Never "-0"; a true minus sign; thousands apart; powers of ten from a million and below 0.0001.
    """
    return _signed(value, _magnitude(abs(value)), signed=signed)


def told_apart(value: float, other: float) -> str:
    """A measured value, with as many digits as it takes to read otherwise than `other`.

    >>> told_apart(0.5496, 0.55), told_apart(0.5, 0.55)
    ('0.5496', '0.500')
    """
    shown = measured(value)
    for digits in range(4, 8):
        if value == other or number(value) != number(other) or shown != measured(value):
            break
        finer = f"{abs(value):.{digits}f}"
        if float(finer) != round(abs(other), digits):
            shown = _signed(value, finer, signed=False)
    return shown


def _signed(value: float, magnitude: str, *, signed: bool) -> str:
    if magnitude == "0" or math.isnan(value):
        return magnitude
    return (_MINUS if value < 0 else "+" if signed else "") + magnitude


def _magnitude(value: float) -> str:
    """A value that is not negative, in digits."""
    if not math.isfinite(value):
        return "∞" if math.isinf(value) else "not a number"
    if value < _NOTHING:
        return "0"
    if value >= 999_999.5 or value < 0.00005:
        mantissa, exponent = f"{value:.2e}".split("e")
        return f"{mantissa}{_TIMES}10{str(int(exponent)).translate(_SUPERSCRIPTS)}"
    decimals = min(4, max(0, 2 - math.floor(math.log10(value))))
    return f"{value:,.{decimals}f}"


def _trim(digits: str) -> str:
    """The digits without zeros at the end, those of a power's factor included."""
    factor, times, power = digits.partition(_TIMES)
    return (factor.rstrip("0").rstrip(".") if "." in factor else factor) + times + power


def count(value: int) -> str:
    """A whole number with thousands apart."""
    return f"{value:,}"


def percent(share: float) -> str:
    """A share as a percentage: to a tenth from 10% up, to two significant digits below."""
    if abs(share) >= 0.1:
        return f"{_trim(f'{share * 100:,.1f}')}%".replace("-", _MINUS)
    return f"{number(float(f'{share * 100:.2g}'))}%"


def interval(low: float, high: float, *, signed: bool = False) -> str:
    """Both ends of a measured interval."""
    return f"{measured(low, signed=signed)} to {measured(high, signed=signed)}"


def title(name: str) -> str:
    """A metric's name as a heading: `membership_auc` becomes "Membership AUC"."""
    return capitalised(label(name))


def capitalised(text: str) -> str:
    """The text with its first letter large."""
    return text[:1].upper() + text[1:]


def sentence(text: str) -> str:
    """The text as a sentence, with a capital and a full stop, a comma at its end left out."""
    return capitalised(text.rstrip(", ")) + ("" if text.endswith((".", "!", "?")) else ".")


def shorten(text: str, limit: int) -> str:
    """The text on one line of at most `limit` characters, cut in the middle where it is longer."""
    flat = " ".join(text.split())
    if len(flat) <= limit:
        return flat
    tail = (limit - 1) // 3
    return f"{flat[: limit - 1 - tail]}…{flat[len(flat) - tail :]}"
