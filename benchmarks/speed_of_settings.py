"""What precision, compiling and the layout of memory bring on the CPU, by the games of recipes."""

import os
import time
from collections.abc import Callable, Iterator
from functools import partial

import torch

from benchmarks.turns import in_turns, times_as_fast
from components.config import AdversarialConfig, Precision
from components.errors import UserError
from components.training.adversarial import AdversarialGame

Make = Callable[[AdversarialConfig], AdversarialGame]
Take = Callable[[AdversarialGame], object]
CHANGES = {
    "`precision: bf16_mixed`": {"precision": Precision.BF16_MIXED},
    "`compile: true`": {"compile": True},
}


def rows_of(
    name: str, config: AdversarialConfig, make: Make, take: Take, rounds: int
) -> Iterator[list[str]]:
    """A line of the page for each setting: how many times as fast, and the seconds it begins with.

    `take` is a turn of a game.
    """
    usual, apart = make(config), make(config)
    for network in (apart.generator, apart.discriminator):
        network.to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]
    games, begun = {"usual": usual, "no channels-last": apart}, {"no channels-last": 0.0}
    for label, change in CHANGES.items():
        try:
            games[label] = make(config.model_copy(update=change))
        except UserError as error:
            yield [name, label, "-", str(error)]
            continue
        begun[label] = _seconds_with_children(partial(take, games[label]))
    found = in_turns({label: partial(take, game) for label, game in games.items()}, rounds + 1)
    for label, seconds in begun.items():
        times = times_as_fast(found[label][1:], found["usual"][1:])
        yield [name, label, str(times), f"{seconds:.0f} s" if label == "`compile: true`" else ""]


def _seconds_with_children(run: Callable[[], object]) -> float:
    """Seconds of the processor, with those of compilers that it starts."""

    def spent() -> float:
        times = os.times()
        return time.process_time() + times.children_user + times.children_system

    began = spent()
    run()
    return spent() - began
