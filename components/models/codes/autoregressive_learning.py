"""Teaching a network what each column is like given any others."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from components.config import AutoregressiveConfig
from components.models.codes.row_codes import ColumnCodes
from components.networks.any_order import AnyOrder, Coded
from components.training.devices import find_device
from components.training.learner import AveragedLearner

MOST_ASKED = 64
"""Of more columns, so many at random are asked for in a step."""

MOST_JUDGED = 256
MOST_CELLS = 65_536
"""A batch has no more rows than give so many cells."""

OWN_DECAY = 10.0
"""How much more the weights that one code has of its own decay."""
ROWS_OF_DECAY = 4_000
"""Rows with which weights decay as the settings say."""
MOST_DECAY = 0.5
"""A step of decay takes no more of a weight than this."""
HELD_OUT_ORDERS = 0x0D
UNKNOWN = 0.5
"""The rows that a code has beyond those it has, when its first logit is set."""


def build_network(config: AutoregressiveConfig, columns: Sequence[ColumnCodes]) -> AnyOrder:
    """An untrained network for these columns."""
    coded = [Coded(c.num_codes, c.num_levels if c.is_ordered else 0) for c in columns]
    return AnyOrder(coded, config.hidden_size, config.blocks)


class ColumnLessons:
    """Rows of codes, and the network that learns to tell each code from others of its row.

    In a lesson every row of a batch has an order of its columns, that of drawing or a random one,
    and each asked column is told given those before it. `codes`, int64 of shape (rows, columns),
    lies on the device of the settings, and so does every random draw.
    """

    def __init__(
        self,
        config: AutoregressiveConfig,
        columns: Sequence[ColumnCodes],
        codes: Tensor,
        sequence: Sequence[int],
        seed: int,
    ) -> None:
        self.config = config
        self.device = find_device(config.device)
        self.random = torch.Generator(self.device).manual_seed(seed)
        self.codes = codes.to(self.device)
        num_columns = codes.shape[1]
        self.batch_size = min(config.batch_size, len(codes), max(MOST_CELLS // num_columns, 16))
        place = torch.empty(num_columns, dtype=torch.int64)
        place[torch.tensor(sequence)] = torch.arange(num_columns)
        self.place = place.to(self.device)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            network = build_network(config, columns)
        begin_with_shares(network, codes)
        self.network = network.to(self.device)
        self.learner = AveragedLearner(
            self.network,
            decaying(self.network, _decay(config, len(codes)), MOST_DECAY / config.rate),
            rate=config.rate,
            ema_decay=config.ema_decay,
            random=self.random,
        )
        self.averaged = self.learner.averaged

    def step(self, progress: float) -> Mapping[str, Tensor]:
        """A lesson on one batch."""
        rows = torch.randint(
            len(self.codes), (self.batch_size,), generator=self.random, device=self.device
        )
        asked = self._asked()
        is_before = _is_before(self._places(len(rows), self.random), asked)
        loss = surprise(self.network, self.codes[rows], asked, is_before).mean()
        self.learner.descend(loss, progress)
        return {"loss": loss.detach()}

    def _asked(self) -> Tensor:
        """The positions of the columns that this lesson is about, ascending."""
        num_columns = len(self.place)
        order = torch.randperm(num_columns, generator=self.random, device=self.device)
        return order[:MOST_ASKED].sort().values

    def _places(self, num_rows: int, random: torch.Generator) -> Tensor:
        """Where each column comes in each row's order, shape (rows, columns)."""
        size = (num_rows, len(self.place))
        places = torch.rand(size, generator=random, device=self.device).argsort(1).argsort(1)
        places[: round(num_rows * (1 - self.config.any_order))] = self.place
        return places

    def judged(self, held_out: Tensor) -> float:
        """The surprise of held-out rows of codes, plus a price on how much less learned rows have.

        That is the gap, which an attack on membership reads (Yeom et al. 2018, Privacy risk in
        machine learning, theorem 2): as many learned rows, in the same orders.
        """
        unseen = self.surprise_of(held_out)
        if not self.config.gap_weight or not len(held_out):
            return unseen
        gap = unseen - self.surprise_of(self.codes[: len(held_out)])
        return unseen + self.config.gap_weight * gap

    @torch.no_grad()
    def surprise_of(self, codes: Tensor) -> float:
        """The mean negative log likelihood of rows of codes, in orders as in lessons.

        It is that of the averaged network, and of the same orders whenever it is asked for. Of more
        than `MOST_JUDGED` columns, the same ones speak for all.
        """
        random = torch.Generator(self.device).manual_seed(HELD_OUT_ORDERS)
        codes, places, total = codes.to(self.device), self._places(len(codes), random), 0.0
        columns = torch.randperm(len(self.place), generator=random, device=self.device)
        judged = columns[:MOST_JUDGED].sort().values
        for asked in judged.split(MOST_ASKED):
            for start in range(0, len(codes), self.batch_size):
                rows = slice(start, start + self.batch_size)
                is_before = _is_before(places[rows], asked)
                told = surprise(self.averaged.module, codes[rows], asked, is_before)
                total += float(told.sum())
        return total / max(len(codes), 1) * len(columns) / len(judged)

    def weights(self) -> dict[str, Tensor]:
        """See `AveragedLearner`."""
        return self.learner.weights()

    def state(self) -> dict[str, Any]:
        """See `AveragedLearner`."""
        return self.learner.state()

    def restore(self, state: Mapping[str, Any]) -> None:
        """See `AveragedLearner`."""
        self.learner.restore(state)


def surprise(network: AnyOrder, codes: Tensor, asked: Tensor, is_before: Tensor) -> Tensor:
    """The negative log likelihood of each asked code, given those before it: (rows, asked).

    `is_before` is 1 for the columns that each asked one is given, shape (rows, asked, columns).
    """
    known = torch.matmul(is_before, network.embedded(codes, network.inputs()))
    hidden, outputs = network.hidden(known, asked), network.outputs()
    told = [
        functional.cross_entropy(
            network.logits(hidden[:, k], outputs, column), codes[:, column], reduction="none"
        )
        for k, column in enumerate(asked.tolist())
    ]
    return torch.stack(told, dim=1)


def _is_before(places: Tensor, asked: Tensor) -> Tensor:
    """1 where a row knows a column before an asked one, shape (rows, asked, columns)."""
    return (places[:, None, :] < places[:, asked, None]).float()


@torch.no_grad()
def begin_with_shares(network: AnyOrder, codes: Tensor) -> None:
    """Set the first logits to the codes' shares, so that nothing of that has to be learned."""
    for values, start, size in zip(codes.T, network.starts, network.sizes, strict=True):
        counts = torch.bincount(values, minlength=size) + UNKNOWN
        network.bias[start : start + size] = torch.log(counts / counts.sum())


def _decay(config: AutoregressiveConfig, num_rows: int) -> float:
    """The decay for so many rows, in inverse proportion: a prior that weighs as so many rows do."""
    return config.weight_decay * ROWS_OF_DECAY / max(num_rows, 1)


def decaying(network: nn.Module, decay: float, most: float = math.inf) -> list[dict[str, Any]]:
    """The weights in groups: own ones decay most, biases, which hold the shares, not at all.

    No decay is above `most`.
    """
    own, decay = min(decay * OWN_DECAY, most), min(decay, most)
    groups: dict[float, list[nn.Parameter]] = {own: [], decay: [], 0.0: []}
    for name, parameter in network.named_parameters():
        is_own = name.endswith(("own_in", "own_out"))
        alone = 0.0 if parameter.ndim == 1 else decay
        groups[own if is_own else alone].append(parameter)
    return [{"params": params, "weight_decay": much} for much, params in groups.items()]
