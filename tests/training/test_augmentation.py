"""Augmentations: what they leave alone, what they do, and that gradients pass."""

import pytest
import torch

from components.config import Augmentation
from components.training.augmentation import AUGMENTATIONS, augment, cut_out, recolour, translate


def _random(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_each_image_is_moved_as_a_whole_and_black_comes_in():
    images = torch.zeros(200, 1, 16, 16)
    images[:, :, 8, 8] = 1.0
    moved = translate(images, _random())
    assert moved.sum().item() == 200
    places = {divmod(int(image.argmax()), 16) for image in moved[:, 0]}
    assert places == {(y, x) for y in range(6, 11) for x in range(6, 11)}


def test_what_is_moved_out_is_gone():
    images = torch.ones(200, 2, 8, 8)
    left = translate(images, _random()).mean(dim=(1, 2, 3))
    assert set((left * 64).round().int().tolist()) == {64, 56, 49}


def test_cutout_blanks_a_quarter_at_most():
    left = cut_out(torch.ones(500, 1, 8, 8), _random()).mean(dim=(1, 2, 3))
    assert left.min() == 0.75 and left.max() <= 1 - 4 / 64


def test_colour_keeps_what_is_brighter_brighter():
    images = torch.rand(50, 1, 6, 6, generator=_random())
    changed = recolour(images, _random())
    assert torch.equal(changed.flatten(1).argsort(), images.flatten(1).argsort())
    assert not torch.allclose(changed.mean(dim=(1, 2, 3)), images.mean(dim=(1, 2, 3)), atol=0.1)


@pytest.mark.parametrize("kind", list(Augmentation))
def test_gradients_pass_and_the_numbers_are_those_of_the_generator(kind):
    images = torch.rand(4, 3, 9, 7, generator=_random()).requires_grad_(True)
    changed = augment(images, [kind], _random(3))
    assert changed.shape == images.shape
    changed.sum().backward()
    assert images.grad is not None and images.grad.abs().sum() > 0
    assert torch.equal(changed, augment(images, [kind], _random(3)))
    assert not torch.equal(changed, augment(images, [kind], _random(4)))


def test_every_kind_has_its_function():
    assert set(AUGMENTATIONS) == set(Augmentation)
