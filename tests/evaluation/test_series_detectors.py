"""Judging detectors in series: by steps, by events, by alarms, with honest intervals."""

import doctest
import importlib

import numpy as np
import pytest

from components.config import NORMAL, EvaluateConfig, Gate, Purpose
from components.errors import UserError
from components.evaluation.anomaly.evaluate import Origin
from components.evaluation.anomaly.placements import place_events
from components.evaluation.anomaly.series_alarms import (
    Detection,
    detect,
    measure_series_alarms,
    rate_interval,
)
from components.evaluation.anomaly.series_case import ScoredSteps, SeriesCase
from components.evaluation.anomaly.series_evaluate import judge_series_detector
from components.evaluation.anomaly.series_ranking import measure_series_ranking
from components.evaluation.anomaly.series_selftest import ORDERS, check_series_self_test
from components.evaluation.evidence import Outcome
from components.evaluation.statistics import clustered_error
from components.models.series.block_threshold import BlockThreshold

GATE = Gate(metric="event_auroc", better_than="chance", worthwhile=0.01)
CONFIG = EvaluateConfig(purpose=Purpose.ANOMALY, anomaly_gates=(GATE,))
AT_TEN = BlockThreshold(value=10.0, rate=1.0, block=5)
MODULES = ("series_alarms", "series_case", "series_catalog", "series_ranking")


def case_of(
    oddness, events, *, segment=20, stretches=None, baselines=None, threshold=AT_TEN, lag=0
):
    kinds = np.full(len(oddness), NORMAL, dtype=object)
    for first, end in events:
        kinds[first:end] = "odd"
    return SeriesCase(
        kinds=kinds,
        stretches=np.array([[0, len(oddness)]] if stretches is None else stretches),
        segment=segment,
        model=ScoredSteps(np.asarray(oddness, dtype=float), threshold, lag),
        config=CONFIG,
        baselines={k: ScoredSteps(v, threshold) for k, v in (baselines or {}).items()},
    )


@pytest.mark.parametrize("name", MODULES)
def test_examples(name):
    module = importlib.import_module(f"components.evaluation.anomaly.{name}")
    assert doctest.testmod(module).failed == 0


@pytest.mark.parametrize("name", ORDERS)
def test_metrics_that_may_be_gated_passed_their_self_test_as_they_are(name):
    check_series_self_test(name)


def test_an_event_is_placed_among_normal_stretches_of_its_own_length():
    oddness = [0, 1, 5, 9, 0, 0, 4, 4, 0, 0]
    case = case_of(oddness, [(2, 4), (6, 7)], segment=5)
    # peaks of two normal steps: (0, 1) 1, (4, 5) 0, (7, 8) 4; of one: 0, 1, 0, 0, 4, 0, 0
    assert place_events(case.model.oddness, case).area() == pytest.approx(
        np.mean([1.0, (6 + 0.5) / 7])
    )


def test_long_events_gain_nothing_by_their_length_alone():
    rng = np.random.default_rng(0)
    events = [(start, start + 60) for start in range(100, 9_900, 200)]
    case = case_of(rng.normal(size=10_000), events, segment=100)
    assert place_events(case.model.oddness, case).area() == pytest.approx(0.5, abs=0.12)


def test_steps_that_no_detector_scores_are_not_judged():
    oddness = np.array([0.0, 1, 2, 30, 4, np.nan, np.nan, np.nan])
    case = case_of(oddness, [(3, 4), (6, 8)], stretches=[[0, 5]], segment=2)
    assert case.events.tolist() == [[3, 4]]
    steps = measure_series_ranking(case).measurements[0]
    assert steps.value == 1.0


def test_alarms_near_an_anomaly_are_not_false_and_a_siren_has_no_excuse():
    oddness = np.zeros(100)
    oddness[[38, 42, 70]] = 20.0
    events = [(40, 44)]
    found = detect(case_of(oddness, events, lag=3).model, case_of(oddness, events, lag=3))
    assert found.delays.tolist() == [2 + 3]
    assert found.false_blocks.sum() == 1 and len(found.false_blocks) == 7 + 10
    siren = case_of(np.full(100, 11.0), events)
    assert detect(siren.model, siren).false_blocks.all()


def test_what_was_missed_has_no_delay():
    case = case_of(np.zeros(100), [(40, 44)])
    names = [found.name for found in measure_series_alarms(case).measurements]
    assert names == ["event_recall", "false_events"]


def test_neighbours_that_say_the_same_make_the_interval_wider():
    rng = np.random.default_rng(0)
    once = rng.normal(size=200)
    influence = np.repeat(once, 10)
    apart = clustered_error(influence, np.arange(2_000))
    together = clustered_error(influence, np.repeat(np.arange(200), 10))
    assert together == pytest.approx(apart * np.sqrt(10))


def test_the_interval_of_events_holds_chance_as_often_as_it_says():
    rng = np.random.default_rng(5)
    below = above = 0
    for _ in range(30):
        noise = np.convolve(rng.normal(size=3_010), np.ones(11), "valid")
        events = [(start, start + 20) for start in range(50, 2_950, 100)]
        found = measure_series_ranking(case_of(noise, events, segment=50)).measurements[1]
        below, above = below + (found.high < 0.5), above + (found.low > 0.5)
    assert below + above <= 8  # two sides of .05 each: 3 expected


def test_the_verdict_compares_with_baselines_and_says_what_it_did_not_find():
    rng = np.random.default_rng(0)
    events = [(start, start + 5) for start in range(50, 2_950, 100)]
    oddness = rng.normal(size=3_000)
    for first, end in events:
        oddness[first:end] += 12.0
    case = case_of(oddness, events, segment=50, baselines={"chance": rng.normal(size=3_000)})
    origin = Origin(num_train=10, num_synthetic=0, target="kind", test_sha256="")
    evidence = judge_series_detector(case, origin)
    assert evidence.verdict.outcome is Outcome.PASSED
    same = case_of(oddness, events, segment=50, baselines={"chance": oddness})
    assert judge_series_detector(same, origin).verdict.outcome is Outcome.REFUSED
    with pytest.raises(UserError, match="at least 5 are needed"):
        judge_series_detector(case_of(oddness, events[:2], baselines={"chance": oddness}), origin)


FIVE = [(start, start + 5) for start in range(100, 1_000, 200)]


def test_a_perfect_separation_of_few_events_is_no_certainty():
    oddness, other = np.random.default_rng(0).random((2, 1_000))
    for first, end in FIVE:
        oddness[first:end] += 9.0
        other[first:end] += 9.0
    case = case_of(oddness, FIVE, segment=40, baselines={"champion": other, "same": 2 * oddness})
    for found in measure_series_ranking(case).measurements:
        assert found.value == 1.0 and found.low < 0.9
        perhaps, equal = found.comparisons
        assert perhaps.value == 0.0 and perhaps.low < -0.1 and perhaps.high > 0.1
        assert equal.value == equal.low == equal.high == 0.0


def test_one_event_found_has_no_mean_delay():
    oddness = np.zeros(1_000)
    oddness[100] = 20.0
    names = [found.name for found in measure_series_alarms(case_of(oddness, FIVE)).measurements]
    assert "detection_delay" not in names
    oddness[300] = 20.0
    delay = measure_series_alarms(case_of(oddness, FIVE)).measurements[-1]
    assert delay.name == "detection_delay" and "of those found" in delay.meaning


@pytest.mark.parametrize(("num_blocks", "share"), [(20, 0.05), (40, 0.03), (100, 0.01)])
def test_the_rate_of_false_events_is_seldom_above_its_upper_bound(num_blocks, share):
    rng, below = np.random.default_rng(0), 0
    for _ in range(500):
        alarmed = rng.random(num_blocks) < share
        found = Detection(np.zeros(1), alarmed, np.arange(num_blocks) // 4, 10)
        below += rate_interval(found, 0.95).high < share * 1_000 / 10
    assert below <= 40  # 25 are meant at most


def test_neither_events_nor_normal_runs_cross_the_border_of_two_series():
    events = [(8, 12)]
    case = case_of(np.arange(20.0), events, stretches=[[0, 10], [10, 20]], segment=5)
    assert case.events.tolist() == [[8, 10], [10, 12]]
    assert case.runs_of(case.is_normal).tolist() == [[0, 8], [12, 20]]
    normal = case_of(np.arange(20.0), [], stretches=[[0, 10], [10, 20]])
    assert normal.runs_of(normal.is_normal).tolist() == [[0, 10], [10, 20]]


def test_an_event_longer_than_every_normal_run_is_placed_by_its_first_steps():
    oddness = np.random.default_rng(0).normal(size=900)
    events = [(100, 400), (500, 510), (600, 610), (700, 710), (800, 810)]
    oddness[300:400] = 50.0  # later than the longest normal run, of 100 steps, would have seen it
    case = case_of(oddness, events, segment=40)
    late = measure_series_ranking(case).measurements[1]
    oddness[100] = 50.0
    early = measure_series_ranking(case_of(oddness, events, segment=40)).measurements[1]
    assert np.isfinite([late.value, early.value]).all() and late.value < early.value
