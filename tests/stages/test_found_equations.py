"""Equations that are found in training rows, and none where there are none."""

import numpy as np
import pandas as pd
import pytest

from components.config import Combination, Inequality, Product, Sum
from components.data.preparation import prepare_table
from components.data.sources import read_source
from components.stages.discovery import discover
from tests.computed import CONSTRAINTS, computed_frame


def found(frame: pd.DataFrame, target: str = "outcome") -> list[str]:
    schema = discover(prepare_table(frame, target), 0)
    return [str(c) for c in schema.constraints if isinstance(c, Sum | Product)]


@pytest.mark.parametrize("gaps", [False, True])
def test_all_are_found_and_no_others(gaps: bool) -> None:
    def told(text: str) -> tuple[str, frozenset[str]]:
        total, _, computed = text.partition(" = ")
        return total, frozenset(computed.split(" + "))

    names = found(computed_frame(1_200, gaps=gaps))
    assert {told(name) for name in names} == {told(str(c)) for c in CONSTRAINTS}
    assert len(names) == len(CONSTRAINTS)


def test_long_sums_are_found() -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.gamma(2, 9, (400, 5)).round(2), columns=list("abcde"))
    frame = frame.assign(all=frame[list("abcd")].sum(axis=1).round(2), outcome=np.arange(400) % 2)
    assert found(frame) == ["all = a + b + c + d"]


def test_columns_shuffled_keep_none() -> None:
    rng = np.random.default_rng(0)
    frame = computed_frame(1_200, gaps=False)
    for name in frame.columns.drop("outcome"):
        frame[name] = rng.permutation(frame[name].to_numpy())
    assert found(frame) == []


@pytest.mark.parametrize("name", ["iris", "wine", "breast_cancer", "diabetes"])
def test_ordinary_tables_keep_none(name: str) -> None:
    frame = read_source(f"sklearn:{name}").frame
    assert found(frame, frame.columns[-1]) == []


def test_what_goes_with_them_is_found_too() -> None:
    schema = discover(prepare_table(computed_frame(1_200), "outcome"), 0)
    others = [c for c in schema.constraints if not isinstance(c, Sum | Product)]
    assert all(isinstance(c, Inequality | Combination) for c in others)
    assert {"hits <= tries"} <= {str(c) for c in others}


def test_that_a_share_is_no_more_than_the_whole_is_not_said_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    net = np.random.default_rng(0).gamma(2, 9, 400).round(2)
    frame = pd.DataFrame({"net": net, "tax": (0.2 * net).round(2), "outcome": np.arange(400) % 2})
    with caplog.at_level("INFO"):
        assert found(frame) == ["tax = 0.2 * net"]
    assert "no constraint" not in caplog.text
