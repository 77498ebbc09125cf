"""The target of records of cells: where it stands, and how far a classifier contradicts it."""

import torch
from torch import Tensor
from torch.nn import functional


class ClassLabel:
    """A target of classes: one more cell, from -1 for the first class to 1 for the last."""

    def __init__(self, num_classes: int) -> None:
        self.num_outputs = num_classes

    def put(self, cells: Tensor, labels: Tensor) -> Tensor:
        """Records, shape (rows, cells + 1), of cells and classes."""
        label = 2 * labels.to(cells.dtype) / max(self.num_outputs - 1, 1) - 1
        return torch.cat([cells, label[:, None]], dim=1)

    def removed(self, records: Tensor) -> Tensor:
        """The records with 0 for their target."""
        return functional.pad(records[:, :-1], (0, 1))

    def contradiction(self, outputs: Tensor, records: Tensor, labels: Tensor) -> Tensor:
        """The cross-entropy of logits (rows, classes), the paper's |label - C| for any classes."""
        return functional.cross_entropy(outputs, labels)


class NumberLabel:
    """A target that is a number: the cell at `position`, which the generator makes too.

    Where some rows lack it, the cell at `gate` is at most `present` in those that have it.
    """

    num_outputs = 1

    def __init__(self, position: int, gate: int | None, present: float) -> None:
        self.position, self.gate, self.present = position, gate, present

    def put(self, cells: Tensor, labels: Tensor) -> Tensor:
        """The records are the cells."""
        return cells

    def removed(self, records: Tensor) -> Tensor:
        """The records with 0 for their target."""
        kept = torch.ones(records.shape[1], device=records.device)
        kept[self.position] = 0.0
        return records * kept

    def contradiction(self, outputs: Tensor, records: Tensor, labels: Tensor) -> Tensor:
        """E|target - C| where there is a target (Park et al. 2018, eq. 5), C of shape (rows, 1)."""
        error = (records[:, self.position] - outputs[:, 0]).abs()
        if self.gate is None:
            return error.mean()
        has_target = (records[:, self.gate] <= self.present).to(error.dtype)
        return (error * has_target).sum() / has_target.sum().clamp(min=1)


Label = ClassLabel | NumberLabel
