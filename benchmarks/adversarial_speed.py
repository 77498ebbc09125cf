"""Steps per second of every GAN of images beside a plain loop, and beside a published one.

    python -m benchmarks.adversarial_speed [--published DIR] [--rounds N] [--only RECIPE,...]
        [--write docs/speed.md]

DIR is a checkout of github.com/eriklindernoren/PyTorch-GAN; without it, that table is left out.
Recipes have the settings of their `cpu` preset and their own images. What is compared runs in turns
in one process with one thread, and is timed by the processor (see `benchmarks/turns.py`).
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import torch

from benchmarks.calibration.wording import table
from benchmarks.plain_loop import PlainLoop
from benchmarks.turns import Ratio, in_turns, seconds_of, times_as_fast
from components.config import AdversarialConfig, ImageGanConfig, LapganConfig, Params
from components.data.image_schema import schema_of
from components.data.image_sources import read_image_source
from components.models.image_drawing import told_images
from components.models.image_networks import build_players
from components.models.lapgan import level_samples
from components.models.lapgan_networks import build_level, empty_pyramid
from components.recipes.catalog import recipes_of
from components.recipes.recipe import Family, Preset
from components.training.adversarial import AdversarialGame, Players, RealSamples
from components.training.watched import look_at

SEED = 0
STEPS_IN_A_TURN = 12
"""A multiple of how often R1 is paid; progress runs from 0 to 1 in them, so that networks grow."""
BARE, PLAIN = "bare", "plain"
PUBLISHED = ("gan", "dcgan", "cgan", "acgan", "wgan_gp")


@dataclass(frozen=True)
class Case:
    """A game that a recipe trains: a GAN, or one level of a pyramid of them."""

    name: str
    config: AdversarialConfig
    build: Callable[[], Players]
    real: RealSamples


@dataclass(frozen=True)
class Speed:
    """Steps per second, the share of time that looks take, and how many times as fast as what."""

    steps_per_second: float
    look_share: float
    times: Mapping[str, Ratio]


def cases_of(name: str, params: Params) -> Iterator[Case]:
    """The games of a recipe, untrained; none where it trains no GAN on the trunk."""
    config = params.train.model
    if not isinstance(config, ImageGanConfig | LapganConfig) or params.prepare.images is None:
        return
    images = read_image_source(params.prepare.data, params.prepare.images).images
    images = told_images(images, config.conditioning)
    schema = schema_of(images)
    if isinstance(config, ImageGanConfig):
        (real,) = level_samples(images, 1)
        yield Case(name, config, partial(build_players, config, schema, SEED), real)
        return
    for number, real in enumerate(level_samples(images, len(empty_pyramid(config, schema).sizes))):
        side = real.samples.shape[2]
        build = partial(build_level, config, schema, number, SEED)
        yield Case(f"{name}, {side} pixels", config, build, real)


def measure(case: Case, rounds: int) -> Speed:
    """A game beside the plain loop: one tuned as ours is, and one by torch's defaults."""
    game = AdversarialGame(case.config, case.build(), case.real, SEED)
    loops = {
        kind: PlainLoop(case.config, case.build(), case.real, SEED, tuned=kind == BARE)
        for kind in (BARE, PLAIN)
    }
    return speed_of(game, {kind: partial(steps, loop) for kind, loop in loops.items()}, rounds)


def speed_of(
    game: AdversarialGame, others: Mapping[str, Callable[[], object]], rounds: int
) -> Speed:
    """A game beside others that take as many steps in a turn; it bears its share of the looks."""
    runs: dict[str, Callable[[], object]] = {"ours": partial(steps, game), **others}
    in_turns(runs, 1)
    found = in_turns(runs, rounds)
    looks = seconds_of_a_look(game) * STEPS_IN_A_TURN / game.config.look_every
    ours = [seconds + looks for seconds in found["ours"]]
    return Speed(
        STEPS_IN_A_TURN / median(ours),
        looks / median(ours),
        {name: times_as_fast(ours, found[name]) for name in others},
    )


def steps(loop: AdversarialGame | PlainLoop) -> None:
    """A turn of a loop."""
    for number in range(STEPS_IN_A_TURN):
        loop.step(number / STEPS_IN_A_TURN)


def seconds_of_a_look(game: AdversarialGame) -> float:
    """What gauging costs each time; 0 where nobody watches."""
    if game.config.watch is None and game.config.holdout is None:
        return 0.0
    return seconds_of(look_at(game, None, game.config, SEED).gauges)


def measure_published(folder: Path, name: str, rounds: int) -> dict[str, Any]:
    """What `benchmarks/published_gan.py` finds, in a process of its own."""
    asked = ["--published", str(folder), "--name", name, "--rounds", str(rounds)]
    command = [sys.executable, "-m", "benchmarks.published_gan", *asked]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found: dict[str, Any] = json.loads(said.splitlines()[-1])
    return found


def recipe_rows(only: list[str], rounds: int) -> Iterator[list[str]]:
    """A line of the page for each game of each recipe."""
    for name, recipe in recipes_of(Family.IMAGES).items():
        if only and name not in only:
            continue
        for case in cases_of(name, recipe.presets[Preset.CPU]):
            found = measure(case, rounds)
            row = [
                case.name,
                f"{found.steps_per_second:.1f}",
                f"{found.look_share:.1%}",
                str(found.times[BARE]),
                str(found.times[PLAIN]),
            ]
            print(*row, sep=" | ", flush=True)
            yield row


def main() -> None:
    """Measure all and write the page."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--published", type=Path)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--only", type=lambda text: text.split(","), default=[])
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(1)
    rows = list(recipe_rows(options.only, options.rounds))


if __name__ == "__main__":
    main()
