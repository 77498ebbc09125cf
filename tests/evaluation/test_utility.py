"""Learners of real rows are taught once for all that is judged by the same rows."""

from collections.abc import Iterator
from typing import Any

import pytest

from components.evaluation import utility
from components.evaluation.learners import LEARNERS, fit_learner
from tests.evaluation.samplers import case_of, measure, mixed_split


@pytest.fixture
def taught(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """How many rows each learner was taught by."""
    rows: list[int] = []

    def counted(learner: str, train: Any, *others: Any, **settings: Any) -> Any:
        rows.append(len(train))
        return fit_learner(learner, train, *others, **settings)

    monkeypatch.setattr(utility, "fit_learner", counted)
    utility._LAST.clear()
    yield rows
    utility._LAST.clear()


def test_a_second_generator_teaches_its_own_rows_alone(taught: list[int]) -> None:
    train, test, more = mixed_split(extra=100)
    measure("utility", case_of(train, test, train))
    taught.clear()
    second = measure("utility", case_of(train, test, more))
    assert taught == [len(more)] * len(LEARNERS)
    utility._LAST.clear()
    assert measure("utility", case_of(train, test, more)).measurements == second.measurements


def test_other_real_rows_or_seeds_are_taught_anew(taught: list[int]) -> None:
    train, test, more = mixed_split(extra=100)
    for case in (case_of(train, test, more), case_of(more, test, train)):
        before = len(taught)
        measure("utility", case)
        assert len(taught) - before > len(LEARNERS)
