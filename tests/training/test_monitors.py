"""Each monitor on looks worked out by hand: what it finds, and what it leaves alone."""

import math

import pytest

from components.config import Watch
from components.training.monitors import (
    MONITORS,
    collapsed,
    diverged,
    exploded,
    oscillating,
    overpowered,
    stuck,
)
from components.training.stability import find_alarms

WELL = {
    "generator_loss": 1.0,
    "generator_gradient": 1.0,
    "discriminator_gradient": 1.0,
    "discriminator_accuracy": 0.8,
    "different_bins": 0.2,
    "gauged_recall": 0.7,
    "spread": 0.95,
    "near_duplicates": 0.0,
    "distance": 0.2,
}
PATIENCE = 5


def looks(*changes: dict[str, float]) -> list[dict[str, float]]:
    return [{**WELL, **change} for change in changes]


@pytest.mark.parametrize("kind", MONITORS)
def test_nothing_is_wrong_where_all_is_well(kind):
    assert MONITORS[kind](looks(*[{}] * 30), PATIENCE) is None
    assert MONITORS[kind](looks({}), PATIENCE) is None
    assert MONITORS[kind]([{}], PATIENCE) is None


@pytest.mark.parametrize(
    "sign",
    [
        {"different_bins": 0.51},
        {"gauged_recall": 0.09},
        {"spread": 0.49},
        {"near_duplicates": 0.21},
    ],
    ids=str,
)
def test_a_sign_of_collapse_counts_once_it_lasts_three_looks(sign):
    (name,) = sign
    assert collapsed(looks(sign, sign), PATIENCE) is None
    assert collapsed(looks(sign, {}, sign), PATIENCE) is None
    said = collapsed(looks({}, sign, sign, sign), PATIENCE)
    assert said is not None and name in said


def test_a_sign_that_weakens_is_no_collapse():
    nearer = [{"gauged_recall": recall} for recall in (0.03, 0.05, 0.07)]
    assert collapsed(looks(*nearer), PATIENCE) is None
    assert collapsed(looks(*reversed(nearer)), PATIENCE) is not None


def test_signs_that_take_turns_are_no_collapse():
    assert collapsed(looks({"spread": 0.4}, {"different_bins": 0.9}, {"spread": 0.4}), 5) is None


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_what_is_no_number_is_found_at_once_and_in_the_grace(value):
    bad = looks({"generator_loss": value})
    assert diverged(bad, PATIENCE) == "generator_loss is no number"
    assert [alarm.kind for alarm in find_alarms(bad, 1, Watch())] == ["diverged"]


def test_looks_of_the_grace_are_no_signs_of_collapse():
    bad = looks(*[{"spread": 0.0}] * 5)
    assert [alarm.kind for alarm in find_alarms(bad, 2, Watch())] == ["collapsed"]
    assert find_alarms(bad, 3, Watch()) == find_alarms(bad, 5, Watch()) == ()


def test_other_alarms_wait_until_the_grace_is_over_and_see_all_looks():
    bad = looks({}, {}, {"generator_gradient": 1e3})
    assert find_alarms(bad, 3, Watch()) == ()
    assert [alarm.kind for alarm in find_alarms(bad, 2, Watch())] == ["exploded"]


def test_a_discriminator_is_too_strong_after_so_many_looks():
    sure = {"discriminator_accuracy": 0.995}
    assert overpowered(looks(*[sure] * 4), PATIENCE) is None
    assert overpowered(looks(*[sure] * 4, {}, *[sure] * 4), PATIENCE) is None
    assert "99.5%" in (overpowered(looks(*[sure] * 5), PATIENCE) or "")


@pytest.mark.parametrize("name", ["generator_gradient", "discriminator_gradient"])
def test_a_gradient_explodes_at_100_times_its_median(name):
    assert exploded(looks({}, {}, {name: 99.0}), PATIENCE) is None
    assert "101 times" in (exploded(looks({}, {}, {name: 101.0}), PATIENCE) or "")


def test_a_loss_oscillates_where_it_turns_at_most_looks_by_much_of_its_size():
    up, down, little = {"generator_loss": 2.0}, {"generator_loss": 0.5}, {"generator_loss": 0.9}
    assert "turned 8 times" in (oscillating(looks(*[up, down] * 5), PATIENCE) or "")
    assert oscillating(looks(*[{}, little] * 5), PATIENCE) is None
    assert oscillating(looks(*[up] * 5, *[down] * 5), PATIENCE) is None


def test_it_is_stuck_where_it_is_far_and_comes_no_nearer():
    far = {"distance": 0.8}
    assert stuck(looks(*[far] * 10), PATIENCE) is None
    assert "0.80" in (stuck(looks(*[far] * 11), PATIENCE) or "")
    nearing = [{"distance": 2.0 - 0.05 * i} for i in range(12)]
    assert stuck(looks(*nearing), PATIENCE) is None
