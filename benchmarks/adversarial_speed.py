"""Steps per second of every GAN of images beside a plain loop, and beside a published one.

    python -m benchmarks.adversarial_speed [--published DIR] [--rounds N] [--only RECIPE,...]
        [--state FILE] [--write docs/speed.md]

DIR is a checkout of github.com/eriklindernoren/PyTorch-GAN; without it, that table is left out.
Recipes have the settings of their `cpu` preset and their own images. What is compared runs in turns
in one process with one thread, and is timed by the processor (see `benchmarks/turns.py`). What was
measured is kept in FILE, so that a killed run goes on: delete it to measure anew.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import torch

from benchmarks.calibration.trials import ROOT
from benchmarks.calibration.wording import table
from benchmarks.kept import Kept
from benchmarks.plain_loop import PlainLoop
from benchmarks.speed_of_settings import rows_of
from benchmarks.turns import Ratio, in_turns, seconds_of, times_as_fast
from components.config import AdversarialConfig, ImageGanConfig, LapganConfig, Params
from components.data.images.schema import schema_of
from components.data.images.sources import read_image_source
from components.models.images.drawing import told_images
from components.models.images.lapgan import level_samples
from components.models.images.lapgan_networks import build_level, empty_pyramid
from components.models.images.networks import build_players
from components.recipes.catalog import recipes_of
from components.recipes.recipe import Family, Preset
from components.training.adversarial import AdversarialGame, Players, RealSamples
from components.training.watched import look_at

STATE = ROOT / ".mintmark" / "benchmarks" / "adversarial_speed.jsonl"
SEED = 0
STEPS_IN_A_TURN = 12
"""A multiple of how often R1 is paid; progress runs from 0 to 1 in them, so that networks grow."""
BARE, PLAIN = "bare", "plain"
PUBLISHED = ("gan", "dcgan", "cgan", "acgan", "wgan_gp")
SETTINGS_OF = ("dcgan_mnist", "acgan_mnist")
"""Recipes by which settings are tried: without a penalty on slopes, and with one."""
PAGE = """# How fast the adversarial trunk is

Written by `python -m benchmarks.adversarial_speed`; do not edit. {0}; every ratio is the median of
{1} rounds in turns, with the least and the most of them, above 1 where ours is faster. Seconds are
the processor's own: with one thread they are the clock's, on a machine that does nothing else. A
step is one update of the generator, with as many of the discriminator as the settings have.

## Beside a plain loop

The `cpu` preset of every recipe of images that trains on the trunk, on its own images. *Bare* is a
plain loop (`benchmarks/plain_loop.py`) of the same networks, losses, penalties, layout of memory
and fused optimiser; *plain* is that loop as torch has it by default. Both come to the weights of
ours (tested), and neither averages the generator, measures gradients, nor looks at what is made:
what is below 1 is the price of that. Ours bears its looks, one each `look_every` steps. Neither
keeps checkpoints here; in a run ours keeps one each 5 seconds. The semi-supervised recipes are not
here: their game has lessons that the plain loop lacks.

{2}
## Beside PyTorch-GAN

Scripts of [PyTorch-GAN](https://github.com/eriklindernoren/PyTorch-GAN) as they are, with their own
settings, and steps of our trunk on copies of their networks (but for the sigmoid, which our losses
bring), with their batches, image sizes and rates. The arithmetic is the same, then, except that
`wgan_gp.py` runs the generator backwards in each step of the critic, and makes its images twice.
Their data are random images in memory: decoding, grids of samples and printing are not counted,
fetching a batch by their loader and reading off the losses are.

{3}
## Settings

*No channels-last* takes back how our models lay out convolutions in memory.

{4}"""


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


def recipe_rows(kept: Kept, only: list[str], rounds: int) -> Iterator[list[str]]:
    """A line of the page for each game of each recipe."""
    for name, recipe in recipes_of(Family.IMAGES).items():
        if only and name not in only:
            continue
        for case in cases_of(name, recipe.presets[Preset.CPU]):
            yield kept.entry(f"{case.name}|{rounds}", partial(_case_row, case, rounds))["row"]


def _case_row(case: Case, rounds: int) -> dict[str, Any]:
    found = measure(case, rounds)
    speed, looks = f"{found.steps_per_second:.1f}", f"{found.look_share:.1%}"
    return {"row": [case.name, speed, looks, *(str(found.times[kind]) for kind in (BARE, PLAIN))]}


def published_rows(kept: Kept, folder: Path, rounds: int) -> Iterator[list[str]]:
    """A line for each script, each in a process of its own: see `benchmarks/published_gan.py`."""
    for name in PUBLISHED:
        yield kept.entry(f"{name}.py|{rounds}", partial(_published, folder, name, rounds))["row"]


def _published(folder: Path, name: str, rounds: int) -> dict[str, Any]:
    asked = ["--published", str(folder), "--name", name, "--rounds", str(rounds)]
    command = [sys.executable, "-m", "benchmarks.published_gan", *asked]
    said = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    found = json.loads(said.splitlines()[-1])
    speeds = [f"{found[kind]:.1f}" for kind in ("ours", "theirs")]
    return {"row": [f"`{name}.py`", *speeds, str(Ratio(**found["times"]))]}


def settings_rows(kept: Kept, rounds: int) -> Iterator[list[str]]:
    """A line for each setting and some recipes."""
    for name in SETTINGS_OF:
        (case,) = cases_of(name, recipes_of(Family.IMAGES)[name].presets[Preset.CPU])
        yield from kept.entry(f"settings|{name}|{rounds}", partial(_settings, case, rounds))["rows"]


def _settings(case: Case, rounds: int) -> dict[str, Any]:
    def make(config: AdversarialConfig) -> AdversarialGame:
        return AdversarialGame(config, case.build(), case.real, SEED)

    return {"rows": list(rows_of(case.name, case.config, make, steps, rounds))}


def page(options: argparse.Namespace) -> str:
    """The page, measured anew."""
    kept, rounds = Kept(options.state), options.rounds
    ours = list(recipe_rows(kept, options.only, rounds))
    published = list(published_rows(kept, options.published, rounds)) if options.published else []
    settings = list(settings_rows(kept, rounds))
    heads = (
        ["game", "steps a second", "of it looks", "times as fast as bare", "as plain"],
        ["script", "ours, steps a second", "theirs", "times as fast"],
        ["game", "setting", "times as fast as without", "to begin with"],
    )
    tables = [
        table(head, rows) for head, rows in zip(heads, (ours, published, settings), strict=True)
    ]
    where = f"{_processor()}, one thread, torch {torch.__version__.partition('+')[0]}"
    return PAGE.format(where, rounds, *tables)


def _processor() -> str:
    """What this machine calls its processor."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def main() -> None:
    """Measure all and write the page."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--published", type=Path)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--only", type=lambda text: text.split(","), default=[])
    parser.add_argument("--state", type=Path, default=STATE)
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(1)
    os.environ |= {"TORCHINDUCTOR_COMPILE_THREADS": "1", "TORCHINDUCTOR_FORCE_DISABLE_CACHES": "1"}
    found = page(options)
    if options.write:
        options.write.write_text(found)


if __name__ == "__main__":
    main()
