"""DCGAN's networks at every side, and records as matrices."""

import pytest
import torch

from components.networks.dcgan import DcganDiscriminator, DcganGenerator
from components.networks.record_matrix import side_of, to_cells, to_matrix


@pytest.mark.parametrize("side", [4, 8, 16, 64])
def test_images_have_the_side_and_lie_between_minus_one_and_one(side: int):
    generator = DcganGenerator(inputs=5, channels=3, side=side, width=2)
    images = generator(10 * torch.randn(6, 5))
    assert images.shape == (6, 3, side, side) and images.abs().max() <= 1
    discriminator = DcganDiscriminator(channels=3, side=side, width=2, outputs=2)
    assert discriminator(images).shape == (6, 2)
    assert discriminator.features(images).shape == (6, discriminator.head.in_features)


def test_a_side_that_is_no_power_of_two_is_our_own_mistake():
    with pytest.raises(AssertionError, match="6 is no power of two"):
        DcganDiscriminator(channels=1, side=6, width=2)


def test_what_a_discriminator_says_of_a_row_does_not_depend_on_the_others():
    torch.manual_seed(0)
    discriminator, images = DcganDiscriminator(1, 8, 4), torch.randn(5, 1, 8, 8)
    assert torch.allclose(discriminator(images)[2:3], discriminator(images[2:3]), atol=1e-6)


@pytest.mark.parametrize(
    ("cells", "side"), [(0, 4), (1, 4), (16, 4), (17, 8), (31, 8), (65, 16), (2001, 64)]
)
def test_the_matrix_is_the_least_that_holds_a_record(cells: int, side: int):
    assert side_of(cells) == side


def test_a_record_is_laid_out_row_by_row_with_zeros_behind():
    cells = torch.arange(1.0, 12.0).reshape(1, 11)
    matrix = to_matrix(cells, 4)
    assert matrix[0, 0].tolist() == [[1, 2, 3, 4], [5, 6, 7, 8], [9, 10, 11, 0], [0, 0, 0, 0]]
    assert torch.equal(to_cells(matrix, 11), cells)
