"""Whether the monitors of GANs find every injected fault, and nothing in healthy games.

    python -m benchmarks.stability [--seeds N] [--healthy N] [--state FILE]
        [--write docs/stability.md]

Games of digits, 400 steps each. What was measured is kept in FILE, so that a killed run goes on.
"""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.calibration.trials import ROOT
from benchmarks.calibration.wording import table
from benchmarks.faults import CONFIG, FAULTS, alarms_in, game_with, play
from benchmarks.kept import Kept
from components.config import Action
from components.training.monitors import SIGNS_OF_COLLAPSE

STATE = ROOT / ".mintmark" / "benchmarks" / "stability.jsonl"
SHOWN = (*SIGNS_OF_COLLAPSE, "distance", "discriminator_accuracy")
WHAT = {
    "one_sample": "the generator gets the same noise always",
    "three_classes": "it learns from three of ten classes alone",
    "nan": "a weight is no number from step 200 on",
    "strong_discriminator": "the generator hardly learns, the discriminator does",
    "explosion": "the discriminator's last weights times 10,000 at step 200",
    "oscillation": "from look to look, one of the two alone learns",
    "stuck": "neither learns",
}


def measure(fault: str, seed: int) -> dict[str, Any]:
    """The alarms of one game, the step of the first by the right monitor, and the last gauges."""
    action = Action.STOP if fault == "nan" else Action.WARN
    watch = CONFIG.watch.model_copy(update={"action": action})
    _, told, _ = play(game_with(fault, CONFIG.model_copy(update={"watch": watch}), seed), seed)
    right = f"alarm_{FAULTS.get(fault)}"
    return {
        "alarms": sorted(alarms_in(told)),
        "first": next((look["step"] for look in told if right in look), None),
        "last": {name: told[-1].get(name) for name in SHOWN},
    }


def main() -> None:
    """Measure, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3, help="of each fault")
    parser.add_argument("--healthy", type=int, default=5, help="seeds of healthy games")
    parser.add_argument("--state", type=Path, default=STATE)
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    kept = Kept(options.state)
    games = [(fault, seed) for fault in FAULTS for seed in range(options.seeds)]
    games += [("none", seed) for seed in range(options.healthy)]
    found = {
        game: kept.entry(" ".join(map(str, game)), lambda g=game: measure(*g)) for game in games
    }
    if options.write:
        options.write.write_text(page(found))


def page(found: Mapping[tuple[str, int], Mapping[str, Any]]) -> str:
    """docs/stability.md."""
    healthy = [
        [str(seed), ", ".join(game["alarms"]) or "none"]
        + [f"{game['last'][name]:.2f}" for name in SHOWN]
        for (fault, seed), game in found.items()
        if fault == "none"
    ]
    faults = []
    for fault, kind in FAULTS.items():
        games = [game for (name, _), game in found.items() if name == fault]
        num_found = sum(kind in game["alarms"] for game in games)
        others = sorted({alarm for game in games for alarm in game["alarms"]} - {kind})
        steps = ", ".join(str(game["first"] or "never") for game in games)
        said = [f"{num_found} of {len(games)}", steps, ", ".join(others) or "none"]
        faults.append([WHAT[fault], f"`{kind}`", *said])
    return PAGE.format(
        faults=table(("fault", "monitor", "found", "at step", "others that alarm"), faults),
        healthy=table(("seed", "alarms", *SHOWN), healthy),
    )


PAGE = """# Whether a GAN is trained soundly

While a GAN of images is trained, what it makes is compared with real images at each look
(`look_every`), and monitors read the gauges. What an alarm leads to is a setting:

    mintmark run dcgan_mnist --set train.model.watch.action=roll_back

`warn` says so and goes on (the default), `stop` ends training with what it came to while all was
well, `roll_back` goes back there and on from it at half the rates, three times at most. With
`holdout` a share of the images is held out, the generator that comes nearest to them is kept, and
training ends after `patience` looks without a nearer one. All was well at the last look that shows
no sign of what an alarm is for: most alarms come some looks after the first sign. In the `grace`
(below), signs of a collapse or of too strong a discriminator count for none.

The gauges need no other network: images are put on the 32 main axes of real ones. They become
curves of the run, each with the losses.

| monitor | alarms where |
|---|---|
| `diverged` | a loss, a gauge or a weight is no number |
| `collapsed` | for three looks one of the signs below is there, and gets no weaker |
| `overpowered` | for five looks, the discriminator values the real one higher in 99% of pairs |
| `exploded` | a gradient is 100 times as long as at the median of the looks before |
| `oscillating` | the generator's loss turns at most of ten looks, by .3 of its size and more |
| `stuck` | images are far from real ones, and came no nearer in ten looks |

The signs of a collapse: more than half of 20 kinds of image are made too rarely or too often
(`different_bins`, NDB/K), `gauged_recall` is below .1, images of a class differ less than half as
much as real ones (`spread`), a fifth more than among real ones have a near duplicate
(`near_duplicates`). A gauge whose unit is 0, where real images are all the same, is left out, and
so is the recall there.

With the loss `wasserstein`, `overpowered` and `oscillating` are not asked, with `hinge`
`oscillating` is not: their generator's loss may be any number about 0, and a Wasserstein critic is
meant to tell images apart.

Before the share `grace` (.4) of the steps only the first of them alarms: a generator that has just
begun looks like a collapsed one.

## Faults that were injected

Games of 1,000 digits of 8 x 8 pixels, 400 steps, a look each 20.

{faults}

Further alarms are true as well: a generator that makes one image over and over is found out by the
discriminator.

## Healthy games

{healthy}
"""

if __name__ == "__main__":
    main()
