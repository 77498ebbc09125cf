"""Facts that hold for every evaluator of the catalog."""

import dataclasses

import numpy as np
import pytest

from components.config import Purpose
from components.data.table import Table
from components.errors import UserError
from components.evaluation.case import Case, canonical
from components.evaluation.catalog import EVALUATORS, check_metric, metrics_of
from tests.evaluation.samplers import (
    Bootstrap,
    Marginals,
    case_of,
    fit_marginals,
    measure,
    mixed_split,
    values,
)

UNLIKENESS = ("shape", "trend", "two_sample", "utility")


def sorted_case(target: str, synthetic: Table | None = None) -> Case:
    train, test, _ = mixed_split(80, 60, target=target)
    drawn = synthetic or Table(Marginals(train).sample(90, seed=0), train.schema)
    return case_of(
        canonical(train, 0),
        canonical(test, 0),
        canonical(drawn, 0),
        purpose=Purpose.AUGMENTATION,
        make_and_fit=fit_marginals,
    )


@pytest.mark.parametrize("target", ["is_member", "age"])
@pytest.mark.parametrize("name", EVALUATORS)
def test_values_lie_inside_bounds_and_intervals(name: str, target: str) -> None:
    known = {metric.name: metric for metric in EVALUATORS[name].metrics}
    found = measure(name, sorted_case(target)).measurements
    assert found or EVALUATORS[name].needs
    for measurement in found:
        record = known[measurement.name]
        low, high = (
            edge if edge is not None else sign * np.inf
            for edge, sign in zip(record.bounds, (-1, 1), strict=True)
        )
        assert low <= measurement.low <= measurement.value <= measurement.high <= high
        assert measurement.bounds == record.bounds
        assert not measurement.meaning.endswith(".")


@pytest.mark.parametrize("name", EVALUATORS)
def test_shuffled_rows_change_nothing(name: str) -> None:
    train, _, _ = mixed_split(80, 60, target="is_member")
    drawn = Table(Bootstrap(train).sample(90, seed=0), train.schema)
    shuffled = drawn.take(np.random.default_rng(9).permutation(len(drawn)))
    first, second = (measure(name, sorted_case("is_member", rows)) for rows in (drawn, shuffled))
    assert first == second


@pytest.mark.parametrize("name", UNLIKENESS)
def test_real_rows_score_better_than_marginals(name: str) -> None:
    train, test, _ = mixed_split(200, 150)
    loose = Table(Marginals(train).sample(200, seed=0), train.schema)
    real, worse = (values(measure(name, case_of(train, test, rows))) for rows in (train, loose))
    metric = EVALUATORS[name].metrics[0]
    if name == "utility":
        metric = metrics_of(Purpose.SHARING)["tstr"]
    sign = 1 if metric.goal == "minimise" else -1
    assert sign * real[metric.name] <= sign * worse[metric.name]


def test_names_are_distinct() -> None:
    names = [metric.name for evaluator in EVALUATORS.values() for metric in evaluator.metrics]
    assert len(names) == len(set(names))


def test_an_unknown_metric_names_the_known_ones() -> None:
    with pytest.raises(UserError, match=r"'charm'.*copy_excess"):
        check_metric("charm", Purpose.SHARING)
    with pytest.raises(UserError, match="augmentation_gain"):
        check_metric("augmentation_gain", Purpose.SHARING)


def test_records_are_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        EVALUATORS["shape"].metrics[0].name = "other"  # type: ignore[misc]
