"""How a CSV file writes numbers that are read as such: what a number alone does not say."""

import re
from collections.abc import Sequence

from components.data.forms.number_forms import NumberForm
from components.data.forms.number_shapes import kept_digits
from components.data.forms.power_forms import PowerForm

_PLAIN = re.compile(r"([+-]?)(\d+)(?:[.](\d+))?", re.ASCII)
_MOST_DECIMALS = 10
_MISSING = frozenset("NA N/A n/a NaN nan null NULL None <NA> #N/A".split())
"""What pandas reads as a missing number."""


def csv_numbers(cells: Sequence[str]) -> NumberForm | PowerForm | None:
    """The form of cells that are numbers and are written otherwise than Python would.

    With powers of ten, a plus before those above zero, or so many decimals that some end in a
    zero. None where there is no such thing, or not all that are there are written alike.

    >>> form = csv_numbers(["12.50", "", "3.25"])
    >>> form.text_of(8.0)
    '8.00'
    >>> csv_numbers(["1.0e5", "2.5e3"]).text_of(40.0)
    '4.0e1'
    >>> csv_numbers(["+3", "-4", "0"]).text_of(5.0)
    '+5'
    >>> csv_numbers(["12.5", "3.25"])
    """
    stripped = (cell.strip() for cell in cells)
    present = [cell for cell in stripped if cell and cell not in _MISSING]
    found = [_PLAIN.fullmatch(cell) for cell in present]
    matches = [match for match in found if match]
    if len(matches) < len(found):
        return PowerForm.of(present)
    counts = {len(match[3] or "") for match in matches}
    above = [match for match in matches if float(match[0]) > 0]
    has_plus = bool(above) and all(match[1] == "+" for match in above)
    is_even = len(counts) == 1 and 0 < max(counts) <= _MOST_DECIMALS
    is_padded = is_even and any(match[0].endswith("0") for match in matches)
    if not has_plus and not is_padded:
        return None
    return NumberForm(above=("+" if has_plus else "", ""), digits=kept_digits(counts))
