"""Classic augmentation: each movement by hand, and what it leaves as it is."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from components.config.classic import ClassicConfig
from components.training.classic import classic_augmentation, moved
from components.training.classification import fit_classifier

ONE = torch.ones(1)
STILL = torch.zeros(1, 2)


def picture() -> Tensor:
    return torch.arange(12.0).reshape(1, 1, 3, 4)


def test_an_image_that_is_not_moved_stays() -> None:
    assert torch.allclose(moved(picture(), 0 * ONE, ONE, STILL, ONE), picture(), atol=1e-5)


def test_a_shift_is_to_the_right_and_down_and_repeats_the_edge() -> None:
    found = moved(picture(), 0 * ONE, ONE, torch.tensor([[0.25, 1 / 3]]), ONE)
    expected = torch.tensor([[0.0, 0, 1, 2], [0, 0, 1, 2], [4, 4, 5, 6]])
    assert torch.allclose(found[0, 0], expected, atol=1e-4)


def test_a_mirror_image_is_from_left_to_right() -> None:
    found = moved(picture(), 0 * ONE, ONE, STILL, -ONE)
    assert torch.allclose(found, picture().flip(-1), atol=1e-5)


@pytest.mark.parametrize("side", [4, 5])
def test_a_quarter_turn_is_clockwise(side: int) -> None:
    image = torch.arange(float(side**2)).reshape(1, 1, side, side)
    found = moved(image, ONE * math.pi / 2, ONE, STILL, ONE)
    assert torch.allclose(found, torch.rot90(image, -1, (2, 3)), atol=1e-3)


def test_a_turn_keeps_shapes_where_an_image_is_not_square() -> None:
    """A point two pixels right of the middle comes to lie two pixels below it."""
    image = torch.zeros(1, 1, 9, 21)
    image[0, 0, 4, 12] = 1.0
    found = moved(image, ONE * math.pi / 2, ONE, STILL, ONE)
    assert found[0, 0].argmax() == 6 * 21 + 10 and found.max() > 0.99


def test_a_size_of_two_shows_the_middle_half() -> None:
    image = torch.zeros(1, 1, 8, 8)
    image[0, 0, 2:6, 2:6] = 1.0
    found = moved(image, 0 * ONE, 2 * ONE, STILL, ONE)
    assert torch.allclose(found[0, 0, 1:-1, 1:-1], torch.ones(6, 6))
    assert found.mean() > image.mean() * 3


def test_each_image_is_moved_on_its_own_and_the_same_dice_fall_alike() -> None:
    augment = classic_augmentation(ClassicConfig())
    assert augment is not None
    images = picture().repeat(5, 1, 1, 1)
    first, again = (augment(images, torch.Generator().manual_seed(3)) for _ in range(2))
    assert torch.equal(first, again) and len(first.unique(dim=0)) == 5


def test_only_flips_give_the_image_or_its_mirror_image() -> None:
    config = ClassicConfig(shift=0, degrees=0, scale=0, flip=True)
    augment = classic_augmentation(config)
    assert augment is not None
    found = augment(picture().repeat(40, 1, 1, 1), torch.Generator().manual_seed(0))
    is_mirrored = torch.isclose(found, picture().flip(-1), atol=1e-4).all(dim=(1, 2, 3))
    is_same = torch.isclose(found, picture(), atol=1e-4).all(dim=(1, 2, 3))
    assert (is_mirrored | is_same).all() and 8 < int(is_mirrored.sum()) < 32


def test_nothing_to_vary_is_no_augmentation() -> None:
    assert classic_augmentation(ClassicConfig(shift=0, degrees=0, scale=0)) is None


def test_a_class_of_no_weight_is_not_learned_and_no_augmentation_changes_no_bit() -> None:
    rng = np.random.default_rng(0)
    images, labels = rng.integers(256, size=(90, 8, 8, 1)).astype(np.uint8), np.arange(90) % 3
    plain = fit_classifier(images, labels, 3, seed=1, steps=20)
    even = fit_classifier(images, labels, 3, seed=1, steps=20, weights=np.ones(3))
    without = fit_classifier(images, labels, 3, seed=1, steps=20, weights=np.array([1.0, 1, 0]))
    still = fit_classifier(images, labels, 3, seed=1, steps=20, augment=lambda x, dice: x)
    assert torch.equal(plain.head.weight, still.head.weight)
    assert torch.allclose(plain.head.weight, even.head.weight, atol=1e-4)
    assert without.head.bias[2] < plain.head.bias[2] - 0.01
