"""Learners of real rows are taught once for all that is judged by the same rows."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from components.data.table import Table
from components.evaluation import utility
from components.evaluation.learners import LEARNERS, fit_learner
from tests.evaluation.samplers import Marginals, case_of, measure, mixed_split


@pytest.fixture
def taught(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """How many rows each learner was taught by."""
    rows: list[int] = []

    def counted(learner: str, train: Any, *others: Any, **settings: Any) -> Any:
        rows.append(len(train))
        return fit_learner(learner, train, *others, **settings)

    monkeypatch.setattr(utility, "fit_learner", counted)
    utility._TAUGHT.forget()
    yield rows
    utility._TAUGHT.forget()


def test_a_second_generator_teaches_its_own_rows_alone(taught: list[int]) -> None:
    train, test, more = mixed_split(120, 80, target="is_member", extra=60)
    measure("utility", case_of(train, test, train))
    taught.clear()
    second = measure("utility", case_of(train, test, more))
    assert taught == [len(more)] * len(LEARNERS)
    utility._TAUGHT.forget()
    assert measure("utility", case_of(train, test, more)).measurements == second.measurements


def test_other_real_rows_or_seeds_are_taught_anew(taught: list[int]) -> None:
    train, test, more = mixed_split(120, 80, target="is_member", extra=60)
    for case in (case_of(train, test, more), case_of(more, test, train)):
        before = len(taught)
        measure("utility", case)
        assert len(taught) - before > len(LEARNERS)


def test_ten_rows_of_a_patient_that_say_the_same_count_as_one() -> None:
    train, test, _ = mixed_split(150, 90, target="is_member")
    drawn = Table(Marginals(train).sample(150, seed=0), train.schema)
    places = np.repeat(np.arange(len(test)), 10)
    visits = test.take(places)
    visits = Table(visits.frame.assign(patient=places), test.schema)
    once = measure("utility", case_of(train, test, drawn)).measurements
    apart = measure("utility", case_of(train, visits, drawn)).measurements
    together = measure(
        "utility", replace(case_of(train, visits, drawn), group_column="patient")
    ).measurements
    for name in ("trtr", "tstr", "tstr_loss"):
        wanted, narrow, found = (
            next(each for each in all_ if each.name == name) for all_ in (once, apart, together)
        )
        assert found.value == pytest.approx(wanted.value)
        assert found.high - found.low == pytest.approx(wanted.high - wanted.low, rel=0.1)
        assert narrow.high - narrow.low < 0.5 * (wanted.high - wanted.low)
