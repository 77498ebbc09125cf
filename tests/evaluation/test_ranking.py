"""Fidelity metrics rank generators whose worth is known, and no rewriting moves them."""

from collections.abc import Callable
from functools import cache

import pandas as pd
import pytest

from components.data.table import Table
from components.evaluation.case import Metric, canonical
from components.evaluation.catalog import EVALUATORS
from components.evaluation.evidence import Measurement
from tests.evaluation.ranked import GENERATORS, NUM_ROWS, Split, rich_frame, rich_split, split
from tests.evaluation.samplers import case_of, measure, values

FIDELITY = {
    name: evaluator
    for name, evaluator in EVALUATORS.items()
    if evaluator.metrics[0].family == "fidelity"
}
METRICS = {
    metric.name: (name, metric)
    for name, evaluator in FIDELITY.items()
    for metric in evaluator.metrics
    if name not in ("sequences", "markers")  # of tables that have periods, or many columns
}
BY_CLASSIFIER = ("two_sample_auc", "two_sample_sure")


@cache
def rich() -> Split:
    return rich_split()


@cache
def judged(evaluator: str, generator: str) -> dict[str, Measurement]:
    return {m.name: m for m in judge(evaluator, rich(), generator)}


def judge(evaluator: str, rows: Split, generator: str) -> tuple[Measurement, ...]:
    train, test, made = (canonical(t, 0) for t in (rows.train, rows.test, rows.made[generator]))
    return measure(evaluator, case_of(train, test, made)).measurements


def badness(metric: Metric, measurement: Measurement) -> float:
    return measurement.value if metric.goal == "minimise" else -measurement.value


@pytest.mark.parametrize("name", METRICS)
def test_generators_rank_as_they_must(name: str) -> None:
    evaluator, metric = METRICS[name]
    found = {generator: judged(evaluator, generator)[name] for generator in GENERATORS}
    bad = {generator: badness(metric, found[generator]) for generator in GENERATORS}
    blur = found["trees"].high - found["trees"].low
    assert bad["copy"] <= bad["trees"] + blur
    seen = [generator for generator in GENERATORS[2:] if generator not in metric.blind_to]
    for generator in seen:
        assert max(bad["copy"], bad["trees"]) < bad[generator], found
    if len(seen) == 2 and name != "constraints_kept":  # gaps, of which noise has many, break none
        assert bad["marginals"] < bad["noise"], found


@pytest.mark.parametrize("name", METRICS)
def test_what_a_metric_is_blind_to_it_cannot_tell_from_real_rows(name: str) -> None:
    evaluator, metric = METRICS[name]
    for generator in metric.blind_to:
        found = judged(evaluator, generator)[name]
        assert found.reference is not None
        assert found.low - 0.02 <= found.reference <= found.high + 0.02


@pytest.mark.parametrize("name", METRICS)
def test_real_rows_in_the_place_of_synthetic_ones_reach_the_reference(name: str) -> None:
    evaluator, metric = METRICS[name]
    found, worst = (judged(evaluator, generator)[name] for generator in ("trees", "noise"))
    assert found.reference is not None
    if "noise" not in metric.blind_to:
        sign = 1 if metric.goal == "minimise" else -1
        assert sign * found.reference < badness(metric, worst)


def reversed_columns(frame: pd.DataFrame) -> pd.DataFrame:
    return frame[frame.columns[::-1]]


def renamed_categories(frame: pd.DataFrame) -> pd.DataFrame:
    def turned(value: object) -> object:
        return value if pd.isna(value) else str(value).swapcase()[::-1]  # type: ignore[call-overload]

    names = ["city", "region", "channel", "outcome"]
    return frame.assign(**{name: frame[name].astype(object).map(turned) for name in names})


def other_units(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(
        amount=frame["amount"] * 100 + 3, ratio=frame["ratio"] * 9 / 5 + 32, age=frame["age"] * 12
    )


def shuffled_rows(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.sample(frac=1, random_state=3).reset_index(drop=True)


REWRITINGS: tuple[Callable[[pd.DataFrame], pd.DataFrame], ...] = (
    reversed_columns,
    renamed_categories,
    other_units,
)


@cache
def rewritten(rewriting: Callable[[pd.DataFrame], pd.DataFrame]) -> Split:
    frame = rewriting(rich_frame(2 * NUM_ROWS))
    made = {"trees": rewriting(rich().made["trees"].frame)}
    return split(frame, NUM_ROWS, made)


@pytest.mark.parametrize("rewriting", REWRITINGS, ids=lambda r: r.__name__)
@pytest.mark.parametrize("evaluator", [name for name in FIDELITY if name != "sequences"])
def test_rewriting_every_row_changes_nothing(
    evaluator: str, rewriting: Callable[[pd.DataFrame], pd.DataFrame]
) -> None:
    first = judged(evaluator, "trees")
    second = {m.name: m for m in judge(evaluator, rewritten(rewriting), "trees")}
    assert set(first) == set(second)
    for name, found in first.items():
        reach = 0.06 if name in BY_CLASSIFIER else 1e-9
        assert second[name].value == pytest.approx(found.value, abs=reach), name
        assert second[name].reference == pytest.approx(found.reference, abs=reach), name


@pytest.mark.parametrize("evaluator", FIDELITY)
def test_the_order_of_rows_changes_no_bit(evaluator: str) -> None:
    rows = rich()
    turned = Table(shuffled_rows(rows.made["trees"].frame), rows.train.schema)
    again = judge(evaluator, Split(rows.train, rows.test, {"trees": turned}), "trees")
    assert {m.name: m for m in again} == judged(evaluator, "trees")


@pytest.mark.parametrize("name", ["shape", "trend"])
@pytest.mark.parametrize("count", [60, 300])
def test_errors_of_few_rows_are_noise_and_the_reference_says_so(name: str, count: int) -> None:
    frame = rich_frame(3 * count)
    rows = split(frame.iloc[: 2 * count], count, {"fresh": frame.iloc[2 * count :]})
    found = judge(name, rows, "fresh")[0]
    assert found.reference == pytest.approx(found.value, rel=0.3)
    assert found.value > 0.5 / count**0.5
    copied = split(frame.iloc[: 2 * count], count, {"copy": frame.iloc[:count]})
    assert values(measure(name, case_of(copied.train, copied.test, copied.made["copy"]))) == {
        f"{name}_error": 0
    }
