"""Drawing rows from points by a variational autoencoder, and a bound on how likely rows are."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from components.data.table import Matrix
from components.models.codes.row_codes import ColumnCodes, can_be_drawn, to_codes
from components.models.codes.row_drawing import CHUNK, IMPOSSIBLE, pick
from components.models.codes.tvae_learning import bound
from components.networks.table_vae import TableVae

NUM_POINTS = 8
"""Points that a row's likelihood is estimated from."""

_POINT_STREAM = 0x7E


@dataclass(frozen=True)
class PointDrawing:
    """A trained network, what its codes stand for, and the share of each of the target's codes."""

    network: TableVae
    columns: tuple[ColumnCodes, ...]
    shares: Matrix

    @torch.no_grad()
    def draw(self, num_rows: int, wanted: int | None, rng: np.random.Generator) -> Matrix:
        """At most CHUNK rows in `encode`'s form; the target is drawn first, or as `wanted`.

        The network always sees CHUNK rows: sums in another order, as for another number of rows,
        would now and then give another code.
        """
        network, columns = self.network, self.columns
        uniforms = rng.random((2 + 2 * len(columns), CHUNK))
        points, given = self._points(uniforms[:2], wanted, rng)
        logits = network.told(points, given)
        rows = np.empty((num_rows, len(columns)))
        for i, column in enumerate(columns):
            is_target = i == network.target
            code = given if is_target else pick(logits[i], torch.from_numpy(uniforms[2 + 2 * i]))
            rows[:, i] = column.draw(code.numpy()[:num_rows], uniforms[3 + 2 * i, :num_rows])
        return rows

    def points(self, num_rows: int, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        """So many points, (rows, latent), and the target's code that each was drawn for."""
        return self._points(rng.random((2, num_rows)), None, rng)

    def _points(
        self, uniforms: Matrix, wanted: int | None, rng: np.random.Generator
    ) -> tuple[Tensor, Tensor]:
        """Points, and the target's codes, `wanted` or drawn by the first of (2, rows) uniforms."""
        network, num_rows = self.network, uniforms.shape[1]
        noise = torch.from_numpy(rng.standard_normal((num_rows, network.latent))).float()
        ends = np.cumsum(self.shares)
        target = np.searchsorted(ends, uniforms[0] * ends[-1], side="right").clip(0, len(ends) - 1)
        given = torch.from_numpy(target if wanted is None else np.full(num_rows, wanted))
        component = pick(network.choice[given], torch.from_numpy(uniforms[1]))
        return network.point(component, noise), given

    @torch.no_grad()
    def log_density(self, matrix: Matrix) -> Matrix:
        """A bound on the log density of rows in `encode`'s form: of importance weights' mean.

        After Burda et al. 2016, at the same few points of noise for every row. A value that cannot
        be drawn counts as one in a billion, and as the column's first code to the encoder.
        """
        network = self.network
        random = torch.Generator().manual_seed(_POINT_STREAM)
        noise = torch.randn((NUM_POINTS, 1, network.latent), generator=random)
        total = np.empty(len(matrix))
        for start in range(0, len(matrix), CHUNK):
            rows = slice(start, start + CHUNK)
            found = to_codes(matrix[rows], self.columns)
            is_code = can_be_drawn(matrix[rows], self.columns) & (found >= 0)
            codes = torch.from_numpy(np.where(is_code, found, 0))
            each = [
                -torch.stack(bound(network, codes, points.expand(len(codes), -1))).sum(dim=0)
                for points in noise
            ]
            told = torch.logsumexp(torch.stack(each).double(), dim=0) - np.log(NUM_POINTS)
            shares = self.shares[codes[:, network.target].numpy()]
            total[rows] = told.numpy() + np.log(np.maximum(shares, np.exp(IMPOSSIBLE)))
            total[rows] += IMPOSSIBLE * (~is_code).sum(axis=1)
            for i, column in enumerate(self.columns):
                total[rows] -= column.log_widths(codes[:, i].numpy())
        return total
