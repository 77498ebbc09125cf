"""How far beyond anything seen a number is: a stated chance, whatever the tail."""

from collections.abc import Callable

import numpy as np
import pytest
from scipy.signal import lfilter

from components.models.calibration import Calibration
from components.monitoring.tails import Tail

Draw = Callable[[np.random.Generator, int], np.ndarray]
KINDS: dict[str, Draw] = {
    "normal": lambda rng, n: rng.normal(size=n),
    "squared normal": lambda rng, n: rng.normal(size=n) ** 2,
    "uniform": lambda rng, n: rng.random(n),
    "exponential": lambda rng, n: rng.exponential(size=n),
    "lognormal": lambda rng, n: rng.lognormal(0, 1.5, n),
    "student 2": lambda rng, n: rng.standard_t(2, n),
    "cauchy": lambda rng, n: rng.standard_cauchy(n),
    "cauchy squared": lambda rng, n: rng.standard_cauchy(n) ** 2,
    "counts": lambda rng, n: rng.poisson(2, n).astype(float),
    "mostly nothing": lambda rng, n: rng.lognormal(0, 1.5, n) * (rng.random(n) < 0.2),
}


def tail_of(numbers: np.ndarray) -> Tail:
    tail = Tail.of(numbers)
    assert tail is not None
    return tail


def test_the_chance_by_hand() -> None:
    seen = np.concatenate([np.zeros(50), np.linspace(0.1, 1, 39), np.exp(np.arange(1, 12))])
    seen = seen.reshape(10, 10).T.ravel()  # what is large is ten apart
    tail = tail_of(seen)  # the ten largest of 100 begin at e^2, beyond e^1
    middle = float(np.median(seen))
    logs = np.log((np.exp(np.arange(2, 12)) - middle) / (np.e - middle))
    assert (tail.num_beyond, tail.start) == (10, pytest.approx(np.e))
    further = np.log((1e9 - middle) / (np.e - middle))
    expected = 11 / 101 * (1 + further / logs.sum()) ** -10
    assert tail.chance(1e9) == pytest.approx(expected)
    assert tail.times(2 * float(np.exp(11)) - middle) == pytest.approx(2.0)
    assert tail.chance(1.0) == 1.0


@pytest.mark.parametrize("name", KINDS)
def test_healthy_numbers_are_seldom_far_beyond_whatever_their_tail(name: str) -> None:
    rng = np.random.default_rng(0)
    draws = [(tail_of(KINDS[name](rng, 300)), KINDS[name](rng, 300).max()) for _ in range(400)]
    alarms = sum(tail.is_far(float(largest), 300, 0.02) for tail, largest in draws)
    assert alarms <= 17  # 8 are expected at most; 18 or more in one of 700 such tests


@pytest.mark.parametrize("name", ["normal", "uniform", "exponential", "counts"])
def test_what_is_a_hundred_times_further_than_anything_is_told(name: str) -> None:
    numbers = KINDS[name](np.random.default_rng(1), 4_000)
    tail = tail_of(numbers)
    assert tail.is_far(100 * float(numbers.max()), 10_000, 1e-4)
    assert not tail.is_far(1.2 * float(numbers.max()), 10_000, 1e-4)


def test_a_scale_keeps_enough_to_tell_its_tail() -> None:
    scores = np.random.default_rng(2).lognormal(size=5_000)
    kept, whole = Tail.of_scale(Calibration.of(scores)), tail_of(scores)
    assert kept is not None and kept.num_beyond == 50 and 40 < whole.num_beyond <= 50
    assert kept.furthest == whole.furthest and kept.middle == pytest.approx(whole.middle, rel=0.1)
    assert kept.chance(1e6) == pytest.approx(whole.chance(1e6), rel=0.5)


def test_neighbours_that_are_large_together_count_as_one() -> None:
    numbers = np.random.default_rng(3).permutation(np.exp(np.arange(200) / 20))
    tail = tail_of(np.repeat(numbers, 5))  # the fifty largest are ten, five times each
    assert (tail.num_beyond, tail.num_seen) == (10, 1_000)


def test_one_stretch_of_large_numbers_tells_little_and_ends() -> None:
    for length in (6, 13, 400):
        numbers = np.append(np.zeros(1_000), np.arange(1.0, length))
        tail = Tail.of(numbers)
        assert tail is None or (tail.num_beyond == 1 and tail.chance(1e9) > 1e-6)


@pytest.mark.parametrize("freedom", [2, 1_000])
def test_healthy_series_are_seldom_far_beyond(freedom: int) -> None:
    rng = np.random.default_rng(4)

    def drawn(num_rows: int) -> np.ndarray:
        steps = rng.standard_t(freedom, num_rows + 200)
        return np.asarray(lfilter([1.0], [1.0, -0.9], steps)[200:])

    draws = [(tail_of(drawn(500)), drawn(500).max()) for _ in range(300)]
    alarms = sum(tail.is_far(float(largest), 500, 0.02) for tail, largest in draws)
    assert alarms <= 14  # 6 are expected at most


def test_few_numbers_or_equal_ones_tell_no_tail() -> None:
    assert Tail.of(np.arange(8.0)) is None
    assert Tail.of(np.append(np.zeros(500), 9.0)) is None
    assert Tail.of(np.empty(0)) is None
    assert Tail.of_scale(Calibration.of(np.arange(3.0))) is None
