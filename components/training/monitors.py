"""Monitors of a game: whether it has collapsed, or does not converge, by its gauges over time.

Each is a plain function of the looks so far, which says what is wrong or nothing. Limits were set
on digits and MNIST, where healthy runs stay far from them: `docs/stability.md`.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from statistics import mean, median

Looks = Sequence[Mapping[str, float]]
"""The gauges of each look, the newest last."""
Monitor = Callable[[Looks, int], str | None]
"""Given the looks since training began or went back, and a patience: what is wrong, or None."""

SIGNS_OF_COLLAPSE = {
    "different_bins": (0.5, 1),
    "gauged_recall": (0.1, -1),
    "spread": (0.5, -1),
    "near_duplicates": (0.2, 1),
}
"""Limits, and whether more (1) or less (-1) than these is worse."""
AGAIN = 3
SURE = 0.99
EXPLODED = 100.0
SWUNG, LEAST_TURNS = 0.3, 0.7
FAR, BETTER = 0.5, 0.01
"""A distance of half the real deviation is far; it gets better by a hundredth at least."""


def collapsed(looks: Looks, patience: int) -> str | None:
    """Samples are few in kind, or nearly the same, and it gets no better.

    One sign must be there at this look and at the two before, and no weaker by now: different bins
    above .5, recall below .1, a spread below half the real one, near duplicates a fifth more.
    """
    last = looks[-AGAIN:]
    said = []
    for name, (limit, worse) in SIGNS_OF_COLLAPSE.items():
        values = [worse * look[name] for look in last if name in look]
        if len(values) == AGAIN and min(values) > worse * limit and values[-1] >= values[0]:
            said.append(f"{name} is {last[-1][name]:.2f} (limit {limit:g})")
    return f"made samples are few in kind: {', '.join(said)}" if said else None


def diverged(looks: Looks, patience: int) -> str | None:
    """A loss or gauge of this look is no number."""
    bad = [name for name, value in looks[-1].items() if not math.isfinite(value)]
    return f"{', '.join(bad)} is no number" if bad else None


def overpowered(looks: Looks, patience: int) -> str | None:
    """For `patience` looks the discriminator tells samples apart almost surely."""
    last = [look.get("discriminator_accuracy", 0.0) for look in looks[-patience:]]
    if len(last) < patience or min(last) <= SURE:
        return None
    return f"the discriminator is right in {min(last):.1%} of pairs or more, {patience} looks on"


def exploded(looks: Looks, patience: int) -> str | None:
    """A gradient is 100 times as long as at the median of the looks before."""
    for name in ("generator_gradient", "discriminator_gradient"):
        lengths = [look[name] for look in looks if name in look]
        if len(lengths) > 2 and lengths[-1] > EXPLODED * (usual := median(lengths[:-1])) > 0:
            return f"{name} is {lengths[-1]:.3g}, {lengths[-1] / usual:.0f} times what is usual"
    return None


def oscillating(looks: Looks, patience: int) -> str | None:
    """The generator's loss swings back and forth, by .3 of its size and more, look after look.

    Over twice `patience` looks there are .7 as many turns as there can be.
    """
    turns = _turns(looks[-2 * patience :])
    if len(turns) < 2 * patience - 2 or sum(turns) < LEAST_TURNS * len(turns):
        return None
    return f"the generator's loss turned {sum(turns)} times in {2 * patience} looks"


def _turns(looks: Looks) -> list[bool]:
    """Whether the generator's loss turned, by much of its size, between each look's neighbours."""
    losses = [look["generator_loss"] for look in looks if "generator_loss" in look]
    steps = [after - before for before, after in pairwise(losses)]
    least = SWUNG * mean(map(abs, losses)) if losses else 0.0
    return [
        before * after < 0 and min(abs(before), abs(after)) > least
        for before, after in pairwise(steps)
    ]


def stuck(looks: Looks, patience: int) -> str | None:
    """Samples are far from real ones and came no nearer in twice `patience` looks."""
    apart = [look["distance"] for look in looks if "distance" in look]
    if len(apart) <= 2 * patience or apart[-1] < FAR:
        return None
    before, since = min(apart[: -2 * patience]), min(apart[-2 * patience :])
    if since < (1 - BETTER) * before:
        return None
    return f"the distance to real samples is {apart[-1]:.2f}, no less than {2 * patience} looks ago"


MONITORS: dict[str, Monitor] = {
    "diverged": diverged,
    "collapsed": collapsed,
    "overpowered": overpowered,
    "exploded": exploded,
    "oscillating": oscillating,
    "stuck": stuck,
}
"""Every monitor by name. A new one is a function and a line here."""

EARLY_SIGNS = ("collapsed", "overpowered")
"""What is usual of a game that has just begun: these monitors see no looks of the grace."""

MISLED: Mapping[str, frozenset[str]] = {
    "wasserstein": frozenset({"overpowered", "oscillating"}),
    "hinge": frozenset({"oscillating"}),
}
"""By the loss, monitors that are not asked: the generator's loss may be any number about 0, so that
nothing is much of its size; and a Wasserstein critic is meant to tell samples apart."""


def _seems_collapsed(looks: Looks, patience: int) -> bool:
    return any(
        worse * looks[-1][name] > worse * limit
        for name, (limit, worse) in SIGNS_OF_COLLAPSE.items()
        if name in looks[-1]
    )


def _seems_overpowered(looks: Looks, patience: int) -> bool:
    return looks[-1].get("discriminator_accuracy", 0.0) > SURE


def _seems_oscillating(looks: Looks, patience: int) -> bool:
    """The loss turned at one of the last `patience` looks: more than it may rest in between."""
    return any(_turns(looks[-2 * patience :])[1 - patience :])


def _seems_stuck(looks: Looks, patience: int) -> bool:
    apart = [look["distance"] for look in looks if "distance" in look]
    return len(apart) > 1 and apart[-1] >= max(FAR, (1 - BETTER) * min(apart[:-1]))


SIGNS: dict[str, Callable[[Looks, int], bool]] = {
    "collapsed": _seems_collapsed,
    "overpowered": _seems_overpowered,
    "oscillating": _seems_oscillating,
    "stuck": _seems_stuck,
}
"""Whether the newest look is one of those that a monitor of several looks will alarm for."""
