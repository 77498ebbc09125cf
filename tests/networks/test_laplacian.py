"""The Laplacian pyramid: exact on bytes, whatever the size."""

import doctest

import pytest
import torch

from components.networks.images import laplacian
from components.networks.images.laplacian import (
    as_floats,
    as_residual,
    doubled,
    halved,
    packed,
    packed_classes,
    packed_coarse,
    pyramid_sides,
    restored,
    with_halves,
)

SIZES = [(8, 8, 1), (9, 11, 3), (28, 28, 1), (25, 40, 3), (33, 17, 1)]


def random_images(height: int, width: int, channels: int, rows: int = 5) -> torch.Tensor:
    random = torch.Generator().manual_seed(height)
    return torch.randint(256, (rows, channels, height, width), generator=random).to(torch.uint8)


def test_examples():
    assert doctest.testmod(laplacian).failed == 0


@pytest.mark.parametrize(("height", "width", "channels"), SIZES)
def test_residuals_give_every_byte_back(height, width, channels):
    sides = pyramid_sides(height, width, coarsest=4)
    images = level = random_images(height, width, channels)
    residuals = []
    for finer, coarser in zip(sides[::-1], sides[-2::-1], strict=False):
        below = halved(level)
        assert below.shape[2:] == coarser
        residuals.append(level.to(torch.int16) - doubled(below, finer).to(torch.int16))
        level = below
    for residual in residuals[::-1]:
        level = restored(level, residual)
    assert level.dtype == torch.uint8 and torch.equal(level, images)


@pytest.mark.parametrize(("height", "width", "channels"), SIZES)
def test_images_are_given_the_halves_that_are_asked_for(height, width, channels):
    images = as_floats(random_images(height, width, channels))
    coarse = halved(random_images(width, height, channels).transpose(2, 3))
    coarse[..., :2, :3] = torch.tensor([0, 128, 255], dtype=torch.uint8)
    images.requires_grad_(True)
    found = with_halves(images, as_floats(coarse))
    assert found.shape == images.shape and found.abs().max() <= 1 + 1e-6
    as_bytes = ((found.detach() + 1) * 127.5).round().to(torch.uint8)
    assert (halved(as_bytes).int() - coarse.int()).abs().max() <= 1
    found.square().sum().backward()
    assert images.grad is not None and images.grad.isfinite().all() and images.grad.any()


def test_real_images_have_their_halves_already():
    images = random_images(28, 28, 3)
    found = with_halves(as_floats(images), as_floats(halved(images)))
    assert ((found - as_floats(images)).abs() * 127.5).max() <= 2


def test_an_even_image_leaves_nothing_out():
    flat = torch.full((2, 3, 10, 7), 93, dtype=torch.uint8)
    assert torch.equal(doubled(halved(flat), (10, 7)), flat)


def test_halving_doubles_no_error_whatever_the_layout():
    images = random_images(28, 28, 3)
    scattered = images.to(memory_format=torch.channels_last)
    assert torch.equal(halved(images), halved(scattered))
    assert torch.equal(doubled(images, (55, 56)), doubled(scattered, (55, 56)))
    assert torch.equal(doubled(images[2:3], (55, 56)), doubled(images, (55, 56))[2:3])


def test_floats_and_bytes_stand_for_one_another():
    levels = torch.arange(256, dtype=torch.uint8).reshape(1, 1, 16, 16)
    base = torch.zeros_like(levels)
    residual = as_residual(as_floats(levels) - as_floats(base))
    assert torch.equal(residual, levels.to(torch.int16))
    assert as_residual(torch.tensor([5.0, -5.0])).tolist() == [255, -255]


def test_what_goes_beyond_bytes_is_cut():
    coarse = torch.full((1, 1, 4, 4), 200, dtype=torch.uint8)
    for change, expected in ((100, 255), (-210, 0), (-100, 100)):
        residual = torch.full((1, 1, 8, 8), change, dtype=torch.int16)
        assert restored(coarse, residual).unique().tolist() == [expected]


def test_a_level_is_told_class_and_coarser_image_at_once():
    coarse, classes = random_images(5, 4, 3), torch.tensor([3, 0, 400, 1, 2])
    told = packed(coarse, classes)
    assert torch.equal(packed_classes(told), classes)
    assert torch.equal(packed_coarse(told, 3, (5, 4)), coarse)
