"""What is drawn of columns whose synthetic rows have categories that training rows do not."""

import numpy as np
import pytest

from components.data.table import Table
from components.evaluation.drawn import with_unknown_as_other
from components.evaluation.evidence import ColumnFidelity
from components.evaluation.fidelity.histograms import histogram
from tests.procedural import mixed_table


@pytest.mark.parametrize("missing", [0, 30])
def test_unknown_categories_are_drawn_as_other_not_as_missing(missing: int) -> None:
    real = mixed_table(400)
    real = Table(real.frame.assign(city=real.frame.city.fillna("Cork")), real.schema)
    city = np.array(["(other)"] * 60 + [None] * missing + ["Cork"] * (140 - missing), object)
    synthetic = Table(real.frame.iloc[:200].assign(city=city), real.schema)
    place = [column.name for column in real.schema.learned].index("city")
    sides = real.matrix[:, place], synthetic.matrix[:, place]
    bars = histogram(real.schema["city"], *sides)
    drawn = ColumnFidelity(column="city", error=0.1, **vars(bars))

    (column,) = with_unknown_as_other((drawn,), synthetic)
    shares = dict(zip(column.labels, column.synthetic, strict=True))
    assert shares["other"] == pytest.approx(0.3) and sum(shares.values()) == pytest.approx(1.0)
    assert shares.get("missing", 0.0) == pytest.approx(missing / 200)
    assert ("missing" in shares) == bool(missing)
    assert sum(column.real) == pytest.approx(1.0)
    (same,) = with_unknown_as_other((drawn,), Table(real.frame, real.schema))
    assert same == drawn
