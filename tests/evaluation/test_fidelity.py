import numpy as np
import pytest

from components.data.table import Table
from components.evaluation.evidence import Measurement
from components.evaluation.fidelity.histograms import histogram
from components.evaluation.fidelity.shape import column_distance
from components.evaluation.fidelity.trend import cramers_v
from tests.evaluation.samplers import (
    Marginals,
    case_of,
    measure,
    mixed_split,
    process_table,
    values,
)
from tests.procedural import mixed_table


def test_missing_values_count() -> None:
    full, half = np.arange(10.0), np.arange(10.0)
    half[::2] = np.nan
    assert column_distance(full, half, discrete=False).value == 0.5
    nothing = np.full(10, np.nan)
    assert column_distance(full, nothing, discrete=False).value == 1.0
    assert column_distance(nothing, nothing, discrete=False).value == 0.0


def test_shape_of_the_same_rows_is_perfect_and_of_marginals_good() -> None:
    train, test, more = mixed_split(extra=200)
    assert values(measure("shape", case_of(train, test, train)))["shape_error"] == 0
    found = measure("shape", case_of(train, test, more)).measurements[0]
    assert found.low < found.value < found.high < 0.15
    assert found.reference == pytest.approx(found.value, abs=0.04)


def test_shape_interval_matches_a_bootstrap_in_order_of_size() -> None:
    train, test, shifted = (process_table(300, seed) for seed in (0, 1, 2))
    frame = shifted.frame.assign(**{f"x{i}": shifted.frame[f"x{i}"] + 1 for i in range(10)})
    found = measure("shape", case_of(train, test, Table(frame, train.schema))).measurements[0]
    error = (found.high - found.value) / 1.645
    redrawn = []
    for seed in range(10, 40):
        again = process_table(300, seed).frame
        moved = again.assign(**{f"x{i}": again[f"x{i}"] + 1 for i in range(10)})
        other = case_of(process_table(300, seed + 100), test, Table(moved, train.schema))
        redrawn.append(values(measure("shape", other))["shape_error"])
    assert error == pytest.approx(np.std(redrawn), rel=0.5)


def test_trend_finds_what_marginals_lose() -> None:
    train, test, _ = mixed_split()
    synthetic = Table(Marginals(train).sample(240, seed=0), train.schema)
    assert values(measure("trend", case_of(train, test, train)))["trend_error"] == 0
    found = measure("trend", case_of(train, test, synthetic))
    worst = found.pairs[0]
    assert worst.error >= found.pairs[-1].error
    assert len(found.pairs) == 9 * 8 // 2
    reference = found.measurements[0].reference
    assert reference is not None and found.measurements[0].value > reference


def test_numeric_pairs_compare_correlations() -> None:
    rng = np.random.default_rng(0)
    table = process_table(500, 0)
    x0 = rng.normal(size=500)
    real = Table(table.frame.assign(x0=x0, x1=x0), table.schema)
    other = Table(table.frame.assign(x0=x0, x1=-x0), table.schema)
    pairs = measure("trend", case_of(real, real, other)).pairs
    assert (pairs[0].first, pairs[0].second) == ("x0", "x1")
    assert pairs[0].error == pytest.approx(1.0)
    assert pairs[0].real == pytest.approx(1.0)


def test_cramers_v_of_independent_codes_is_small() -> None:
    rng = np.random.default_rng(0)
    assert cramers_v(rng.integers(0, 5, 500), rng.integers(0, 5, 500)) < 0.1


def two_sample(train: Table, test: Table, synthetic: Table) -> Measurement:
    return measure("two_sample", case_of(train, test, synthetic)).measurements[0]


def test_two_sample_ranks_fresh_rows_before_marginals_before_noise() -> None:
    train, test, more = mixed_split(300, 300, extra=300)
    loose = Table(Marginals(train).sample(300, seed=0), train.schema)
    noise = more.frame.assign(age=-1, ratio=99.0)
    fresh = two_sample(train, test, more)
    assert fresh.low < 0.53 and abs(fresh.value - 0.5) < 0.07
    apart = two_sample(train, test, loose).value
    assert fresh.value + 0.05 < apart < two_sample(train, test, Table(noise, train.schema)).value


@pytest.mark.parametrize("name", ["age", "amount", "city", "seen", "is_member", "outcome"])
def test_histograms_hold_all_rows(name: str) -> None:
    from components.data.table import encode

    table = mixed_table(400)
    matrix = encode(table.frame, table.schema)
    place = [column.name for column in table.schema.learned].index(name)
    values_, column = matrix[:, place], table.schema[name]
    bars = histogram(column, values_[:200], values_[200:] * (0 if name == "city" else 1))
    assert sum(bars.real) == pytest.approx(1) and sum(bars.synthetic) == pytest.approx(1)
    assert len(bars.labels) == len(bars.real) == len(bars.synthetic) <= 22
