"""Gauges of samples that are known: real ones, copies of one, one kind of them, noise."""

import math

import pytest
import torch

from components.config import Watch
from components.training.gauges import learn_reference, measure, sliced_distance
from components.training.stability import find_alarms
from tests.pictured import digits

NUM_MADE = 256


def _digits() -> tuple[torch.Tensor, torch.Tensor]:
    found = digits(1797)
    images = torch.from_numpy(found.images.copy()).permute(0, 3, 1, 2) / 127.5 - 1
    return images, torch.from_numpy(found.labels)


IMAGES, LABELS = _digits()
REFERENCE = learn_reference(IMAGES[:1000], LABELS[:1000], NUM_MADE, 0)
OTHERS = slice(1000, 1000 + NUM_MADE)


def test_other_real_samples_are_well():
    found = measure(REFERENCE, IMAGES[OTHERS], LABELS[OTHERS])
    assert found["different_bins"] <= 0.25 and found["gauged_recall"] > 0.7
    assert found["spread"] == pytest.approx(1, abs=0.15) and found["near_duplicates"] == 0
    assert found["distance"] < 0.25


def test_one_sample_over_and_over_is_collapsed():
    found = measure(REFERENCE, IMAGES[:1].expand(NUM_MADE, -1, -1, -1), LABELS[OTHERS])
    assert found["different_bins"] >= 0.7 and found["gauged_recall"] < 0.01
    assert found["spread"] < 1e-6 and found["near_duplicates"] == 1


def test_classes_that_are_left_out_show_in_bins_not_in_duplicates():
    kept = torch.nonzero(LABELS < 3)[:NUM_MADE, 0]
    found = measure(REFERENCE, IMAGES[kept], LABELS[kept])
    assert found["different_bins"] > 0.5 and found["near_duplicates"] == 0


def test_one_sample_a_class_shows_in_the_spread():
    each = torch.stack([IMAGES[LABELS == code][0] for code in range(10)])
    labels = torch.arange(NUM_MADE) % 10
    found = measure(REFERENCE, each[labels], labels)
    assert found["spread"] == pytest.approx(0, abs=1e-6) and found["near_duplicates"] == 1


def test_noise_is_far():
    noise = torch.rand(IMAGES[OTHERS].shape, generator=torch.Generator().manual_seed(0)) * 2 - 1
    found = measure(REFERENCE, noise, LABELS[OTHERS])
    assert found["distance"] > 0.5 and found["gauged_recall"] < 0.1


def test_a_distance_is_how_far_samples_were_moved():
    """Along each direction d of length 1, the shift is |v . d|, and quantiles move by as much."""
    points = REFERENCE.points
    shift = torch.zeros(points.shape[1], dtype=torch.float64)
    shift[0] = 3.0
    unit = (points @ REFERENCE.directions).std(dim=0, correction=0).mean()
    expected = (3.0 * REFERENCE.directions[0]).abs().mean() / unit
    assert sliced_distance(REFERENCE, points) == 0
    assert sliced_distance(REFERENCE, points + shift) == pytest.approx(float(expected))


def test_few_samples_can_be_gauged_too():
    for count in (1, 2, 3):
        reference = learn_reference(IMAGES[:count], LABELS[:count], NUM_MADE, 0)
        found = measure(reference, IMAGES[:NUM_MADE], LABELS[:NUM_MADE])
        assert all(math.isfinite(value) for value in found.values())


def _icons(count: int, kinds: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Digits, two of five of which are one of so many icons, each always the same; the first."""
    kind = torch.arange(count) % 5
    which = torch.where(kind < 2, torch.arange(count) // 5 % kinds, kinds + torch.arange(count))
    return IMAGES[which], LABELS[which]


def test_duplicates_that_real_samples_have_too_are_no_collapse():
    reference = learn_reference(*_icons(1000, 5), NUM_MADE, 0)
    again, labels = _icons(1797 - 5, 5)
    found = measure(reference, again[-NUM_MADE:], labels[-NUM_MADE:])
    assert reference.near_duplicates == pytest.approx(0.4, abs=0.03)
    assert found["near_duplicates"] == pytest.approx(0, abs=0.03)
    one = measure(reference, IMAGES[:1].expand(NUM_MADE, -1, -1, -1), labels[:NUM_MADE])
    assert one["near_duplicates"] == pytest.approx(0.6, abs=0.03)


def test_what_has_no_unit_is_left_out():
    every = torch.arange(200) % 4
    reference = learn_reference(IMAGES[every], every, NUM_MADE, 0)  # a class is one drawing
    noisy = IMAGES[every] + 0.05 * torch.randn(
        IMAGES[every].shape, generator=torch.Generator().manual_seed(0)
    )
    assert measure(reference, noisy, every).keys() == {
        "different_bins",
        "gauged_recall",
        "distance",
    }
    reference = learn_reference(IMAGES[:1].expand(9, -1, -1, -1), every[:9], NUM_MADE, 0)
    found = measure(reference, noisy, every)
    assert found.keys() == {"different_bins"}
    assert find_alarms([found] * 3, 0, Watch()) == ()
