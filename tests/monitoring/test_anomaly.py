import numpy as np
import pandas as pd
import pytest
from scipy.stats import betabinom

from components.errors import UserError
from components.models.calibration import Calibration
from components.monitoring.anomaly import Tally, find_anomalies, judge_tally


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


def test_one_score_far_beyond_all_is_told_although_one_may_be_flagged():
    rng = np.random.default_rng(1)
    scores, scale = rng.normal(size=500) ** 2, Calibration.of(rng.normal(size=400) ** 2)
    assert not find_anomalies(scores, scale, rate=0.05).is_anomalous
    scores[321] = 100 * max(scores.max(), scale.kept[0])
    report = find_anomalies(scores, scale, rate=0.05)
    assert report.is_anomalous and report.num_flagged <= report.most * 500
    assert report.oddest[0].row == 321 and report.oddest[0].times == pytest.approx(100, rel=0.5)
    assert report.oddest[1].times == 0 and "; 1 of these rows is far beyond all" in report.reason


@pytest.mark.parametrize("freedom", [1, 3])
def test_heavy_tailed_scores_of_normal_rows_are_seldom_far_beyond(freedom: int):
    rng = np.random.default_rng(2)
    far = sum(
        find_anomalies(
            rng.standard_t(freedom, 300) ** 2,
            Calibration.of(rng.standard_t(freedom, 200) ** 2),
            rate=0.05,
        )
        .oddest[0]
        .times
        > 0
        for _ in range(500)
    )
    assert far <= 4  # of 500 looks, half a one is expected at most


def test_a_row_is_explained_by_its_oddest_columns():
    rows = pd.DataFrame({"age": [1.5, 212.0], "visits": [1, 2], "city": ["Cork", "Oslo"]})
    told = pd.DataFrame({"age": [0.0, 9.0], "visits": [1.0, 0.0], "city": [0.5, 7.0]})
    scale = Calibration.of(np.arange(99.0))
    tally = Tally.of(np.array([1.0, 500.0]), rows, scale.threshold(0.05))
    report = judge_tally(tally, scale, rate=0.05, explained=told)
    found = [(column.name, column.value, column.gain) for column in report.oddest[0].columns]
    assert found == [("age", "212", 9.0), ("city", "Oslo", 7.0)]
    assert report.oddest[1].columns[-1].value == "Cork" and report.worst == (
        "age",
        "city",
        "visits",
    )
    assert type(report).model_validate_json(report.model_dump_json()) == report


def test_tallies_of_batches_add_up_to_that_of_all_rows():
    rng = np.random.default_rng(3)
    scores, rows = rng.normal(size=500), pd.DataFrame({"place": np.arange(500)})
    parts = [
        Tally.of(scores[i : i + 70], rows.iloc[i : i + 70].reset_index(drop=True), 1.5, i)
        for i in range(0, 500, 70)
    ]
    added, whole = sum(parts[1:], parts[0]), Tally.of(scores, rows, 1.5)
    assert (added.num_rows, added.num_flagged) == (whole.num_rows, whole.num_flagged)
    assert added.rows["place"].tolist() == added.rows.index.tolist() == whole.rows.index.tolist()


def test_how_many_may_be_flagged_is_counted_for_very_many_rows():
    scale = Calibration.of(np.arange(9_999.0))
    bare = pd.DataFrame(index=range(10))
    tally = Tally(3_000_000, 150_000, bare, np.zeros(10))
    report = judge_tally(tally, scale, rate=0.05)
    passing = scale.stated_rate(0.05) * 10_000
    counted = betabinom(3_000_000, passing, 10_000 - passing)
    expected = counted.mean() + 2.33 * counted.std()
    assert report.most * 3_000_000 == pytest.approx(expected, rel=0.01)


def test_what_cannot_be_stated_is_refused():
    with pytest.raises(UserError, match="at least 99 can"):
        find_anomalies(np.zeros(3), Calibration.of(np.arange(50.0)), rate=0.01)
    with pytest.raises(UserError, match="no row"):
        find_anomalies(np.zeros(0), Calibration.of(np.arange(50.0)), rate=0.05)
