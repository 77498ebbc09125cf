"""Networks that grow: sizes at each stage, fading in, and what is saved."""

import doctest

import pytest
import torch
from torch import nn
from torch.nn import functional

from components.networks.images import growth
from components.networks.images.canvas import Canvas
from components.networks.images.growth import stage_at
from components.networks.images.progressive import (
    ProgressiveDiscriminatorBody,
    ProgressiveGeneratorBody,
)
from components.networks.layers import PixelNorm, Unconditional, equalised

CANVAS = Canvas(16, 24)
BY = 0.5


def generator() -> ProgressiveGeneratorBody:
    torch.manual_seed(0)
    norm = lambda channels: Unconditional(PixelNorm())  # noqa: E731
    return ProgressiveGeneratorBody(5, 1, CANVAS, 4, BY, hold=equalised, norm=norm)


def discriminator() -> ProgressiveDiscriminatorBody:
    torch.manual_seed(0)
    return ProgressiveDiscriminatorBody(1, CANVAS, 4, BY, hold=equalised)


def made(body: nn.Module) -> torch.Tensor:
    noise = torch.randn(3, 5, generator=torch.Generator().manual_seed(1))
    return body(noise, torch.ones(3, 1))


def test_examples():
    assert doctest.testmod(growth).failed == 0


def test_stages_never_fall_and_end_with_the_last():
    stages = [stage_at(step / 100, BY, 3) for step in range(101)]
    assert stages == sorted(stages) and stages[0] == 0 and stages[50:] == [3.0] * 51
    assert stage_at(0.0, 0.0, 3) == 3.0


@pytest.mark.parametrize(("progress", "block"), [(0.0, 4), (0.32, 2), (0.6, 1)])
def test_images_have_their_full_size_and_the_details_of_their_stage(progress, block):
    body = generator()
    body.grow(progress)
    images = made(body)
    assert images.shape == (3, 1, 16, 24)
    coarse = functional.interpolate(functional.avg_pool2d(images, block), scale_factor=block)
    assert torch.allclose(images, coarse, atol=1e-6)
    assert images.flatten(1).std(dim=1).min() > 0


def test_a_stage_that_is_just_begun_changes_nothing_yet():
    body, judge = generator(), discriminator()
    images = torch.randn(2, 1, 16, 24, generator=torch.Generator().manual_seed(2))
    for each, look in ((body, made), (judge, lambda net: net(images))):
        each.stage = 1.0
        before = look(each)
        each.stage = 1.0 + 1e-6
        assert torch.allclose(before, look(each), atol=1e-4)
        each.stage = 2.0
        assert not torch.allclose(before, look(each), atol=1e-2)


def test_a_discriminator_sees_no_details_beyond_its_stage():
    judge, images = discriminator(), torch.randn(2, 1, 16, 24)
    coarse = functional.interpolate(functional.avg_pool2d(images, 4), scale_factor=4)
    judge.grow(0.0)
    assert torch.allclose(judge(images), judge(coarse), atol=1e-5)
    judge.grow(1.0)
    assert not torch.allclose(judge(images), judge(coarse), atol=1e-2)
    assert judge(images).shape == (2, judge.num_features)


def test_how_far_it_is_grown_is_saved_with_the_weights():
    body, other = generator(), generator()
    body.grow(0.3)
    other.load_state_dict(body.state_dict())
    assert other.stage == body.stage != other.num_stages
    assert torch.equal(made(body), made(other))
