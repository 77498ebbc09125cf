"""Games that one process trains, or several together: `python -m tests.training.shared_games`.

In double precision, so that nothing but the order of sums tells them apart.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, distributed

from components.config import ImageGanConfig
from components.data.images.schema import schema_of
from components.models.images.networks import build_players
from components.training.adversarial import AdversarialGame, RealSamples
from components.training.checkpoints import CheckpointStore
from components.training.watched import split_held_out, train_watched
from tests.pictured import digits

COMMON = {"steps": 9, "look_every": 3, "batch_size": 16, "noise_size": 8, "checkpoint_seconds": 0}
GAMES: dict[str, dict[str, Any]] = {
    "all_at_once": {
        "networks": {
            "name": "residual",
            "width": 4,
            "norm": "conditional_batch",
            "scale": "spectral",
            "minibatch_deviation": True,
        },
        "feature_matching": 0.5,
        "augmentation": ["translation", "cutout", "colour"],
        "instance_noise": {},
        "replay": {"slots": 20},
        "holdout": {"share": 0.2, "patience": 9},
        "watch": {"action": "roll_back", "samples": 32},
    },
    "critic": {
        "networks": {"name": "dcgan", "width": 4},
        "conditioning": {"name": "auxiliary"},
        "loss": {"name": "wasserstein"},
        "r1": None,
        "discriminator_steps": 2,
    },
    "growing": {"networks": {"name": "progressive", "width": 4, "grown_by": 1.0}},
}


@contextmanager
def in_double_precision() -> Iterator[None]:
    """Networks and random numbers are double, meanwhile."""
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(torch.float32)


def play(name: str, devices: int, folder: Path) -> dict[str, Any]:
    """The weights that a game ends with, and what is logged on the way."""
    config = ImageGanConfig.model_validate({**COMMON, **GAMES[name], "devices": devices})
    images = digits(120)
    samples = torch.from_numpy(images.images.copy()).permute(0, 3, 1, 2).double() / 127.5 - 1
    told: list[dict[str, float]] = []
    with in_double_precision():
        whole = RealSamples(samples, torch.from_numpy(images.labels))
        real, held_out = split_held_out(whole, config, 0)
        game = AdversarialGame(config, build_players(config, schema_of(images), 0), real, 0)
        weights: dict[str, Tensor] = train_watched(
            game,
            held_out,
            config,
            0,
            seconds=600.0,
            log=lambda step, metrics: told.append({"step": step, **metrics}),
            store=CheckpointStore(folder / name, "the same"),
        )
    return {"weights": weights, "told": told}


def main(rank: int, size: int, folder: Path) -> None:
    """All games in this process of several, which meet at a file; each writes what it came to."""
    meeting = f"file://{folder / 'meeting'}"
    distributed.init_process_group("gloo", init_method=meeting, rank=rank, world_size=size)
    found = {name: play(name, size, folder / f"checkpoints-{rank}") for name in GAMES}
    torch.save(found, folder / f"found-{rank}.pt")
    distributed.destroy_process_group()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))
