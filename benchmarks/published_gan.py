"""A published GAN's own script in turns with our trunk on equal networks; prints JSON.

    python -m benchmarks.published_gan --published DIR --name NAME [--rounds N]

The script runs as it is, from DIR. What it imports of torchvision is stood in for: its data are
random images that need no decoding, and grids of samples are not saved, which spares it both. Each
line that it prints ends one of its steps; now and then it waits for as many of ours, which are
steps of `AdversarialGame` on copies of its networks, with its batches, rates and loss.
"""

import argparse
import copy
import json
import os
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import asdict
from functools import partial
from pathlib import Path
from statistics import median
from types import ModuleType
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.data import TensorDataset

from benchmarks.adversarial_speed import SEED, seconds_of_a_look
from benchmarks.turns import LEAST_SECONDS, seconds_of, times_as_fast
from components.config import AdversarialConfig, PlainLoss, WassersteinLoss
from components.networks.opinion import Opinion
from components.training.adversarial import AdversarialGame, Players, RealSamples

NUM_IMAGES, NUM_CLASSES = 5_000, 10
SIGMOID = PlainLoss(name="non_saturating")
SETTINGS: dict[str, dict[str, Any]] = {
    "gan": {"loss": SIGMOID},
    "dcgan": {"loss": SIGMOID},
    "cgan": {"loss": PlainLoss(name="least_squares")},
    "acgan": {"loss": SIGMOID},
    "wgan_gp": {"loss": WassersteinLoss(drift=0), "discriminator_steps": 5},
}
"""What of our settings is each script's own; the rest is `_config`'s."""
TOLD = ("cgan", "acgan")
"""Scripts whose networks are told the class; a discriminator that finds it is told the image."""


class _Enough(Exception):
    """Raised in the midst of a script when all is measured."""


class _Generator(nn.Module):
    """A published generator as the trunk asks for it."""

    def __init__(self, inner: nn.Module, name: str) -> None:
        super().__init__()
        self.inner, self.is_told = inner, name in TOLD

    def forward(self, noise: Tensor, labels: Tensor) -> Tensor:
        made: Tensor = self.inner(noise, labels) if self.is_told else self.inner(noise)
        return made


class _Discriminator(nn.Module):
    """A published discriminator as the trunk asks for it: without the sigmoid, which is its last.

    Our losses bring their own.
    """

    def __init__(self, inner: nn.Module, name: str) -> None:
        super().__init__()
        self.inner, self.is_told = inner, name == "cgan"
        for part in (getattr(inner, "adv_layer", None), getattr(inner, "model", None)):
            if isinstance(part, nn.Sequential) and isinstance(part[-1], nn.Sigmoid):
                part[-1] = nn.Identity()

    def forward(self, images: Tensor, labels: Tensor) -> Opinion:
        said = self.inner(images, labels) if self.is_told else self.inner(images)
        values, logits = said if isinstance(said, tuple) else (said, None)
        return Opinion(values.squeeze(1), values, logits)


class Turns:
    """Stands in for a script's `print`: counts its steps, and takes ours in between."""

    def __init__(self, name: str, rounds: int) -> None:
        self.name, self.rounds = name, rounds
        self.game: AdversarialGame | None = None
        self.theirs: list[float] = []  # seconds of a step, turn by turn
        self.ours: list[float] = []
        self.count, self.began = 0, 0.0

    def __call__(self, said: object) -> None:
        """A line was printed; those that end no step are settings. Raises _Enough at the end."""
        if not str(said).startswith("[Epoch"):
            return
        if self.game is None:
            self._begin(sys._getframe(1).f_globals)
        else:
            self.count += 1
        spent = time.process_time() - self.began
        if self.count and spent >= LEAST_SECONDS:
            self.theirs.append(spent / self.count)
            self.ours.append(seconds_of(partial(self._game().step, 0.0), self.count))
            if len(self.ours) == self.rounds:
                raise _Enough
            self.count, self.began = 0, time.process_time()

    def _begin(self, script: Mapping[str, Any]) -> None:
        """Our game on copies of the networks that this script has."""
        size, noise = script["opt"].img_size, script["opt"].latent_dim
        generator = _Generator(copy.deepcopy(script["generator"]), self.name)
        discriminator = _Discriminator(copy.deepcopy(script["discriminator"]), self.name)
        players = Players(generator, discriminator, noise, auxiliary_weight=1.0)
        self.game = AdversarialGame(_config(self.name), players, _real(size), SEED)
        self.game.step(0.0)
        self.began = time.process_time()

    def _game(self) -> AdversarialGame:
        assert self.game is not None
        return self.game

    def found(self) -> dict[str, Any]:
        """Steps per second of both, and how many times as fast ours is; it bears its looks."""
        game = self._game()
        looks = seconds_of_a_look(game) / game.config.look_every
        ours = [seconds + looks for seconds in self.ours]
        return {
            "ours": 1 / median(ours),
            "theirs": 1 / median(self.theirs),
            "times": asdict(times_as_fast(ours, self.theirs)),
        }


def _config(name: str) -> AdversarialConfig:
    """The script's settings: those that it has where no option is given."""
    return AdversarialConfig(
        r1=None,
        batch_size=64,
        generator_rate=2e-4,
        discriminator_rate=2e-4,
        momentum=0.5,
        scaling=0.999,
        **SETTINGS[name],
    )


def _real(size: int) -> RealSamples:
    """Random images of so many pixels a side, and random classes."""
    random = torch.Generator().manual_seed(SEED)
    shape = (NUM_IMAGES, 1, size, size)
    images = torch.randint(256, shape, generator=random, dtype=torch.uint8)
    return RealSamples(images, torch.randint(NUM_CLASSES, (NUM_IMAGES,), generator=random))


def _stand_ins() -> dict[str, ModuleType]:
    """As much of torchvision as the scripts ask for: a dataset of images of the size asked for."""
    parts = {
        name: ModuleType(f"torchvision.{name}") for name in ("transforms", "datasets", "utils")
    }
    transforms = {"Resize": lambda size: size, "Compose": lambda asked: asked[0]}
    transforms |= {name: lambda *asked: None for name in ("ToTensor", "Normalize")}
    vars(parts["transforms"]).update(transforms)
    vars(parts["datasets"])["MNIST"] = _dataset
    vars(parts["utils"])["save_image"] = lambda *asked, **options: None
    whole = ModuleType("torchvision")
    vars(whole).update(parts)
    return {"torchvision": whole} | {part.__name__: part for part in parts.values()}


def _dataset(folder: str, *, train: bool, download: bool, transform: int) -> TensorDataset:
    real = _real(transform)
    return TensorDataset(real.samples.float() / 127.5 - 1, real.conditions)


def run(script: Path, turns: Turns) -> None:
    """Run the script in a folder that is thrown away, until all turns are taken."""
    sys.modules.update(_stand_ins())
    sys.argv = [script.name]
    source = compile(script.read_text(), str(script), "exec")
    with tempfile.TemporaryDirectory() as folder:
        inner = Path(folder, "implementations", script.stem)
        inner.mkdir(parents=True)
        before = Path.cwd()
        os.chdir(inner)  # it makes folders beside it, and two above
        try:
            exec(source, {"__name__": "__main__", "print": turns})
        except _Enough:
            return
        finally:
            os.chdir(before)
    raise AssertionError(f"{script} ended before all was measured")


def main() -> None:
    """Measure one script."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--published", type=Path, required=True)
    parser.add_argument("--name", choices=list(SETTINGS), required=True)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    torch.set_num_threads(1)
    turns = Turns(options.name, options.rounds)
    folder = options.published.absolute()
    run(folder / "implementations" / options.name / f"{options.name}.py", turns)
    print(json.dumps(turns.found()))


if __name__ == "__main__":
    main()
