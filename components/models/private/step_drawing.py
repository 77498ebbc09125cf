"""Drawing rows by tables of shares: column after column, each given one or two before it."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from components.data.table import Matrix
from components.models.codes.row_codes import ColumnCodes, RowCodes, can_be_drawn, to_codes
from components.models.private.graph import Groups, Step
from components.models.streaming import chunk_sizes

IMPOSSIBLE = 1e-9
"""The share that a value counts as which is never drawn."""


@dataclass(frozen=True)
class StepDrawing:
    """The steps in their order, what codes stand for, and the group of each."""

    steps: tuple[Step, ...]
    columns: tuple[ColumnCodes, ...]
    groups: tuple[Groups, ...]

    def draw(self, num_rows: int, target: int | None, seed: int) -> Matrix:
        """Rows in `encode`'s form; the first are the same however many follow."""
        return np.concatenate(list(self.parts(num_rows, target, seed)))

    def parts(self, num_rows: int, target: int | None, seed: int) -> Iterator[Matrix]:
        """The rows of `draw`, some at a time."""
        rng = np.random.default_rng(seed)
        return (self._draw_some(size, target, rng) for size in chunk_sizes(num_rows))

    def _draw_some(self, num_rows: int, target: int | None, rng: np.random.Generator) -> Matrix:
        uniforms = rng.random((num_rows, 2, len(self.columns)))
        codes = np.zeros((num_rows, len(self.columns)), dtype=np.int64)
        for k, step in enumerate(self.steps):
            if k == 0 and target is not None:
                codes[:, step.position] = target
            else:
                codes[:, step.position] = self._picked(step, codes, uniforms[:, 0, k])
        values = [
            column.draw(codes[:, i], uniforms[:, 1, i]) for i, column in enumerate(self.columns)
        ]
        return np.column_stack(values)

    def log_density(self, matrix: Matrix) -> Matrix:
        """The log density of rows in `encode`'s form, the columns' terms added in their order.

        A value that cannot be drawn counts as one in a billion, and as the first code to others.
        """
        codes = to_codes(matrix, self.columns)
        is_code = can_be_drawn(matrix, self.columns) & (codes >= 0)
        found = np.where(is_code, codes, 0)
        total = np.zeros(len(matrix))
        for step in self.steps:
            i = step.position
            given = (self.groups[j][found[:, j]] for j in step.given)
            shares = step.shares[(*given, found[:, i])]
            total += np.log(np.maximum(np.where(is_code[:, i], shares, 0.0), IMPOSSIBLE))
            total -= self.columns[i].log_widths(codes[:, i])
        return total

    def _picked(self, step: Step, codes: RowCodes, uniforms: Matrix) -> RowCodes:
        """The codes that uniforms pick, given those drawn before."""
        ends = ends_of(step)
        line = np.zeros(len(codes), dtype=np.int64)
        for j, size in zip(step.given, step.shares.shape, strict=False):
            line = line * size + self.groups[j][codes[:, j]]
        at = np.searchsorted(ends.ravel(), uniforms + line, side="right")
        picked: RowCodes = np.clip(at - line * ends.shape[1], 0, ends.shape[1] - 1)
        return picked


def ends_of(step: Step) -> Matrix:
    """Where each code's stretch of a uniform ends, one line for each value of what is given.

    Line r is moved up by r, so that the whole increases.
    """
    ends = np.cumsum(step.shares.reshape(-1, step.shares.shape[-1]), axis=1)
    ends /= ends[:, -1:]
    return ends + np.arange(len(ends))[:, None]
