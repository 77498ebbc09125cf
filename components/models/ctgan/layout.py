"""Where things stand in a network's row, and how raw outputs become such rows."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from components.data.gan_encoding import Array, ColumnCode

TINY = 1e-7


@dataclass(frozen=True)
class Layout:
    """All columns' slots first, then the scores.

    `groups` are the widths of the columns that have slots; `gates` holds, for each score, the slot
    that says "continuous", or `num_slots` where the score is always used.
    """

    groups: tuple[int, ...]
    gates: tuple[int, ...]

    @property
    def num_slots(self) -> int:
        """Number of places that are one-hot."""
        return sum(self.groups)

    @property
    def width(self) -> int:
        """Number of places in a row."""
        return self.num_slots + len(self.gates)


def lay_out(codes: Sequence[ColumnCode]) -> Layout:
    """The layout of rows with these columns."""
    groups = tuple(code.num_slots for code in codes if code.num_slots)
    gates, slot = [], 0
    for code in codes:
        slot += code.num_slots
        if code.is_continuous:
            gates.append(slot - 1 if code.num_slots else sum(groups))
    return Layout(groups, tuple(gates))


def one_hot_slots(positions: Tensor, layout: Layout) -> Tensor:
    """Slots, float32 of shape (rows, num_slots), from where the ones stand."""
    slots = torch.zeros(len(positions), layout.num_slots, device=positions.device)
    return slots.scatter_(1, positions.long(), 1.0)


def slot_positions(slots: Tensor, layout: Layout) -> Array:
    """Where the ones stand, shape (rows, groups): the inverse of `one_hot_slots`."""
    positions: Array = slots.nonzero()[:, 1].reshape(len(slots), len(layout.groups)).numpy()
    return positions


def activate(raw: Tensor, layout: Layout, *, temperature: float, random: torch.Generator) -> Tensor:
    """Rows, shape (rows, width), from raw outputs of that shape.

    Slots are drawn: exactly one-hot, with the gradient of a softmax at `temperature` (the
    straight-through Gumbel-softmax of Jang et al. 2017). A score is 0 where it is not used.
    """
    logits, scores = raw[:, : layout.num_slots], raw[:, layout.num_slots :]
    soft = [
        functional.softmax(part / temperature, dim=1)
        for part in (logits + gumbel(logits.shape, random)).split(layout.groups, dim=1)
    ]
    drawn = [functional.one_hot(part.argmax(dim=1), part.shape[1]) for part in soft]
    always = torch.ones(len(raw), 1, device=raw.device)
    approximate, exact = torch.cat([*soft, always], dim=1), torch.cat([*drawn, always], dim=1)
    slots = exact + (approximate - approximate.detach())
    return torch.cat([slots[:, :-1], scores * slots[:, list(layout.gates)]], dim=1)


def gumbel(shape: torch.Size, random: torch.Generator) -> Tensor:
    """Standard Gumbel noise, on the device of `random`."""
    uniform = torch.rand(shape, generator=random, device=random.device)
    uniform.clamp_(TINY, 1 - TINY)
    return -torch.log(-torch.log(uniform))
