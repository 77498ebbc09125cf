import numpy as np
import pandas as pd
import pytest
from scipy.stats import betabinom

from components.errors import UserError
from components.models.calibration import Calibration
from components.monitoring.anomaly import find_anomalies


def test_batches_of_normal_rows_seldom_raise_the_alarm_however_few_rows_were_held_out():
    rng = np.random.default_rng(0)
    for held_out, rows in ((40, 300), (400, 50), (1_000, 1_000)):
        alarms = sum(
            find_anomalies(
                rng.normal(size=rows), Calibration.of(rng.normal(size=held_out)), rate=0.05
            ).is_anomalous
            for _ in range(300)
        )
        assert alarms <= 9  # 3 are expected at 99% confidence, 9 or more in 1 of 250 such tests


def test_how_many_may_be_flagged_is_a_quantile_of_the_beta_binomial():
    scale = Calibration.of(np.arange(99.0))
    report = find_anomalies(np.zeros(200), scale, rate=0.05)
    assert round(report.most * 200) == betabinom(200, 5, 95).ppf(0.99)


def test_a_batch_with_a_tenth_of_odd_rows_raises_it_and_names_them():
    rng = np.random.default_rng(0)
    scores = rng.normal(size=200)
    scores[50:70] += 8
    report = find_anomalies(scores, Calibration.of(rng.normal(size=1_000)), rate=0.01)
    assert report.is_anomalous and report.low > report.rate and report.num_flagged >= 20
    assert {odd.row for odd in report.oddest} <= set(range(50, 70))
    assert "of 200 rows" in report.reason


def test_a_row_is_explained_by_its_oddest_columns():
    told = pd.DataFrame({"age": [0.0, 9.0], "visits": [1.0, 2.0], "city": [0.5, 7.0], "x": [0, 0]})
    scale = Calibration.of(np.arange(99.0))
    report = find_anomalies(np.array([1.0, 500.0]), scale, rate=0.05, explained=told)
    assert report.oddest[0].columns == (("age", 9.0), ("city", 7.0), ("visits", 2.0))
    assert type(report).model_validate_json(report.model_dump_json()) == report


def test_what_cannot_be_stated_is_refused():
    with pytest.raises(UserError, match="at least 99 can"):
        find_anomalies(np.zeros(3), Calibration.of(np.arange(50.0)), rate=0.01)
    with pytest.raises(UserError, match="no row"):
        find_anomalies(np.zeros(0), Calibration.of(np.arange(50.0)), rate=0.05)
