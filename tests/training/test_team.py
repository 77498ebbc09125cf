"""Several processes that train one game come to what one comes to."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from components.config import ImageGanConfig
from components.errors import UserError
from components.networks.layers import MinibatchDeviation
from components.training.across_rows import SharedBatchNorm, share
from components.training.team import ALONE, Team, find_team
from tests.training.shared_games import GAMES, play

PAIR = [Team(rank, 2) for rank in range(2)]


def test_rows_are_shared_so_that_groups_of_minibatch_deviation_stay_together():
    features = torch.randn((16, 5), generator=torch.Generator().manual_seed(0))
    layer = MinibatchDeviation(group=4)
    for team in PAIR:
        assert torch.equal(layer(team.own(features)), team.own(layer(features)))
    assert torch.equal(ALONE.own(features), features)


def test_a_shared_norm_of_one_process_is_the_norm_it_stands_for():
    norm = nn.BatchNorm2d(3)
    norm.weight.data.uniform_(0.5, 2.0)
    network = nn.Sequential(norm, nn.ReLU())
    share(network, ALONE, 8)
    shared = network[0]
    assert isinstance(shared, SharedBatchNorm)
    assert norm.state_dict().keys() == shared.state_dict().keys()
    for _ in range(2):
        x = 3 + 2 * torch.randn(8, 3, 4, 4)
        torch.testing.assert_close(shared(x), norm(x))
    for before, after in zip(norm.buffers(), shared.buffers(), strict=True):
        torch.testing.assert_close(before, after)
    torch.testing.assert_close(shared.eval()(x), norm.eval()(x))


def test_what_cannot_be_shared_is_refused():
    with pytest.raises(ValueError, match="batch_size = 9 cannot be shared by devices = 2"):
        ImageGanConfig(batch_size=9, devices=2)
    with pytest.raises(ValueError, match="batch_size = 2 cannot be shared by devices = 2"):
        ImageGanConfig(batch_size=2, devices=2)
    with pytest.raises(UserError, match="5 samples cannot be shared evenly by devices = 2"):
        share(nn.Linear(1, 1), PAIR[0], 5)
    with pytest.raises(UserError, match="minibatch_deviation compares 4 samples at a time"):
        share(nn.Sequential(MinibatchDeviation()), PAIR[0], 12)


def test_a_process_that_met_no_others_trains_alone():
    assert find_team(1) == find_team(2) == ALONE


@pytest.mark.slow
def test_two_processes_come_to_what_one_comes_to(tmp_path: Path):
    """To ten digits, in double precision: sums come in another order."""
    command = [sys.executable, "-m", "tests.training.shared_games"]
    started = [subprocess.Popen([*command, str(rank), "2", str(tmp_path)]) for rank in range(2)]
    assert [process.wait() for process in started] == [0, 0]
    first, second = (torch.load(tmp_path / f"found-{rank}.pt") for rank in range(2))
    for name in GAMES:
        alone = play(name, 1, tmp_path / "alone")
        _assert_close(first[name], alone)
        assert all(
            map(torch.equal, first[name]["weights"].values(), second[name]["weights"].values())
        )
        assert second[name]["told"] == []
    assert (tmp_path / "checkpoints-0").is_dir() and not (tmp_path / "checkpoints-1").exists()


def _assert_close(found: dict[str, Any], alone: dict[str, Any]) -> None:
    assert [look.keys() for look in found["told"]] == [look.keys() for look in alone["told"]]
    for mine, other in zip(found["told"], alone["told"], strict=True):
        assert mine == pytest.approx(other, rel=1e-8, abs=1e-10)
    for key, value in alone["weights"].items():
        torch.testing.assert_close(found["weights"][key], value, rtol=1e-8, atol=1e-10)
