"""Networks of images on every canvas, and the layers they are made of."""

import doctest
import math

import pytest
import torch
from torch import nn

from components.networks.images import canvas as canvas_module
from components.networks.images.canvas import Canvas
from components.networks.layers import (
    ClassVectors,
    ConditionalBatchNorm,
    MinibatchDeviation,
    PixelNorm,
    equalised,
    free,
    spectral,
)


def test_examples():
    assert doctest.testmod(canvas_module).failed == 0


@pytest.mark.parametrize("sides", [(4, 4), (5, 9), (8, 8), (25, 25), (28, 28), (33, 70), (64, 64)])
def test_a_canvas_holds_the_image_and_gives_it_back(sides):
    canvas, images = Canvas(*sides), torch.rand(2, 3, *sides)
    framed = canvas.frame(images)
    assert framed.shape[2:] == canvas.sides
    assert torch.equal(canvas.cut(framed), images)
    assert framed.sum().item() == pytest.approx(images.sum().item(), rel=1e-5)
    wider = [more - side for more, side in zip(canvas.sides, sides, strict=True)]
    assert all(0 <= more < 2**canvas.doublings for more in wider)


def test_spectral_layers_have_a_largest_singular_value_of_one():
    torch.manual_seed(0)
    layer = spectral(nn.Linear(6, 4))
    for _ in range(50):
        layer(torch.zeros(1, 6))
    assert torch.linalg.matrix_norm(layer.weight, 2).item() == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize(
    ("layer", "inputs"),
    [
        (nn.Linear(50, 400), 50),
        (nn.Conv2d(8, 300, 3), 72),
        (nn.ConvTranspose2d(60, 90, 4, stride=2), 240),
    ],
)
def test_equalised_weights_have_the_deviation_of_he(layer, inputs):
    torch.manual_seed(0)
    held = equalised(layer)
    assert held.weight.std().item() == pytest.approx(math.sqrt(2 / inputs), rel=0.05)
    assert [name for name, _ in held.named_parameters()] == [
        "bias",
        "parametrizations.weight.original",
    ]


@pytest.mark.parametrize("hold", [free, spectral, equalised])
def test_class_vectors_begin_about_as_long_as_the_weights_of_the_value(hold):
    torch.manual_seed(0)
    value, vectors = hold(nn.Linear(512, 1)), hold(ClassVectors(10, 512))
    lengths = vectors.weight.norm(dim=0) / value.weight.norm()
    assert 0.3 < lengths.min() and lengths.max() < 3


def test_pixel_norm_gives_each_place_a_mean_square_of_one():
    normed = PixelNorm()(torch.tensor([[3.0, 4.0]]))
    assert normed.flatten().tolist() == pytest.approx([3 / 12.5**0.5, 4 / 12.5**0.5])


def test_minibatch_deviation_is_told_within_groups():
    features = torch.tensor([[0.0, 0.0], [0.0, 0.0], [2.0, 0.0], [0.0, 0.0]])
    told = MinibatchDeviation(group=2)(features)
    assert torch.equal(told[:, :2], features)
    assert told[:, 2].tolist() == pytest.approx([0.5, 0, 0.5, 0], abs=1e-3)


def test_rows_that_no_group_divides_are_one_group():
    assert MinibatchDeviation(group=2)(torch.tensor([[0.0], [3.0], [6.0]]))[
        :, 1
    ].tolist() == pytest.approx([6**0.5] * 3)


def test_a_conditional_norm_begins_without_effect_of_the_condition():
    norm, x = ConditionalBatchNorm(3, 2), torch.randn(8, 3, 2, 2)
    condition = nn.functional.one_hot(torch.arange(8) % 2, 2).float()
    assert torch.allclose(norm(x, condition), nn.BatchNorm2d(3)(x), atol=1e-5)
    with torch.no_grad():
        norm.shift.weight[:, 1] = 5.0
    assert (norm(x, condition) - nn.BatchNorm2d(3)(x)).mean(dim=(1, 2, 3)).tolist() == (
        pytest.approx([0, 5] * 4, abs=1e-4)
    )
