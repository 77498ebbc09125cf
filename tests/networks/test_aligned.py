"""Dense layers whose outcome for a row doesn't depend on the row's place."""

import pytest
import torch
from torch import nn

from components.networks.aligned import AlignedRows


@pytest.mark.parametrize("size_in", [1, 7, 10, 14, 33, 74, 138, 3146])
@pytest.mark.parametrize("size_out", [1, 2, 8, 9, 50])
def test_a_row_comes_out_the_same_at_every_place(size_in, size_out):
    torch.manual_seed(0)
    layer, rows = nn.Linear(size_in, size_out), torch.randn(64, size_in)
    with torch.no_grad(), AlignedRows():
        whole = layer(rows)
        for first in range(1, 40, 3):
            moved = torch.zeros_like(rows)
            moved[:20] = rows[first : first + 20]
            assert torch.equal(layer(moved)[:20], whole[first : first + 20])


def test_it_is_the_same_layer():
    torch.manual_seed(0)
    layer, rows = nn.Linear(10, 3), torch.randn(5, 10, requires_grad=True)
    plain = layer(rows)
    with AlignedRows():
        aligned = nn.Sequential(layer)(rows)
        bare = nn.functional.linear(rows, layer.weight)
    assert torch.allclose(aligned, plain, atol=1e-6)
    assert torch.allclose(bare + layer.bias, plain, atol=1e-6)
    (slope,) = torch.autograd.grad(aligned.sum(), rows)
    assert torch.allclose(slope, layer.weight.sum(0).expand(5, 10), atol=1e-6)
