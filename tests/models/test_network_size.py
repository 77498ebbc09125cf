"""Building what a saved model's files cannot fill is refused before it is made."""

from pathlib import Path

import pytest
import torch
from torch import nn

from components.errors import UserError
from components.models.network_size import SPARE, no_larger_than


def test_a_network_of_the_size_of_its_weights_is_made(tmp_path: Path) -> None:
    (tmp_path / "weights.safetensors").write_bytes(bytes(1000))
    with no_larger_than(tmp_path):
        made = nn.Linear(10, 10)
        drawn = torch.randn(3, generator=torch.Generator().manual_seed(1))
    assert made.weight.device.type == "cpu" and made.weight.shape == (10, 10)
    assert torch.equal(drawn, torch.randn(3, generator=torch.Generator().manual_seed(1)))


def test_a_larger_one_is_refused_at_once(tmp_path: Path) -> None:
    side = 2 * int((SPARE / 4) ** 0.5)
    with pytest.raises(UserError, match="larger networks than there are weights"):
        with no_larger_than(tmp_path):
            nn.Linear(side, side)


def test_so_are_small_ones_without_end(tmp_path: Path) -> None:
    made = []
    with pytest.raises(UserError), no_larger_than(tmp_path):
        while True:
            made.append(nn.Linear(512, 512))
    assert len(made) < SPARE / (512 * 512 * 4)
