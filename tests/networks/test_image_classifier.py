"""Images of any size and kind become 64 features; large ones are averaged down."""

import pytest
import torch

from components.networks.images.classifier import NUM_FEATURES, ImageClassifier, as_input


@pytest.mark.parametrize("shape", [(1, 4, 4), (3, 28, 28), (1, 5, 40), (3, 100, 64)])
def test_shapes(shape: tuple[int, int, int]) -> None:
    net = ImageClassifier(shape[0], 7)
    images = torch.zeros(2, *shape)
    assert net(images).shape == (2, 7)
    assert net.features(images).shape == (2, NUM_FEATURES)


def test_only_the_means_of_a_large_image_count() -> None:
    net = ImageClassifier(1, 2)
    small = torch.rand(3, 1, 32, 32)
    large = small.repeat_interleave(2, dim=2).repeat_interleave(2, dim=3)
    assert torch.allclose(net(small), net(large), atol=1e-5)


def test_bytes_become_minus_one_to_one_with_channels_first() -> None:
    pixels = torch.tensor([0, 255], dtype=torch.uint8).reshape(1, 1, 2, 1).expand(1, 1, 2, 3)
    found = as_input(pixels)
    assert found.shape == (1, 3, 1, 2)
    assert found[0, 0].tolist() == [[-1.0, 1.0]]
