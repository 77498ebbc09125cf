"""What another strength would cost: told by held-out rows, only where there is a knob."""

from pathlib import Path

import pytest

from components.config import CopulaConfig, PrivateConfig
from components.racing.trade_off import trade_off
from tests.procedural import mixed_table


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MINTMARK_HOME", str(tmp_path))


@pytest.mark.slow
def test_more_epsilon_is_more_alike_and_the_chosen_value_is_in_the_middle() -> None:
    curves = trade_off(PrivateConfig(epsilon=8.0), mixed_table(1_500), seed=0)
    by_metric = {curve.y_title: curve for curve in curves}
    assert set(by_metric) == {"tstr_loss", "two_sample_auc"}
    for curve in curves:
        assert curve.x == (2.0, 4.0, 8.0, 16.0, 32.0) and curve.x_title == "epsilon"
        assert all(
            low <= value <= high
            for low, value, high in zip(curve.low, curve.y, curve.high, strict=True)
        )
    likeness = by_metric["two_sample_auc"].y
    assert likeness[0] > likeness[-1]


def test_nothing_is_told_where_there_is_no_knob_or_hardly_a_row() -> None:
    assert trade_off(CopulaConfig(), mixed_table(300), seed=0) == ()
    assert trade_off(PrivateConfig(), mixed_table(100), seed=0) == ()
