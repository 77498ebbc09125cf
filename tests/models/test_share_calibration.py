"""Networks whose shares are wrong give the training rows' after calibration, and nothing else."""

from collections.abc import Sequence

import numpy as np
import pytest
import torch
from torch import Tensor

from components.data.schema import Column, ColumnKind
from components.models.codes.marginal_bias import marginal_bias
from components.models.codes.point_drawing import PointDrawing
from components.models.codes.row_codes import ColumnCodes, RowCodes, to_codes
from components.models.codes.row_drawing import CHUNK, RowDrawing
from components.models.codes.share_calibration import calibrate_columns, calibrate_points
from components.networks.any_order import AnyOrder, Coded
from components.networks.table_vae import TableVae

SIZES = (2, 4)
SHARES = ((0.3, 0.7), (0.4, 0.3, 0.2, 0.1))
CODED = [Coded(size) for size in SIZES]


def test_a_bias_makes_the_mean_probabilities_the_shares() -> None:
    logits = torch.tensor([[2.0, 0.0, -1.0], [0.0, 0.0, 3.0], [1.0, -1.0, 0.5]])
    shares = torch.tensor([0.2, 0.5, 0.3])
    found = torch.softmax(logits + marginal_bias(logits, shares), dim=1).mean(dim=0)
    assert found.tolist() == pytest.approx(shares.tolist(), abs=0.005)


def test_where_all_rows_are_told_the_same_the_bias_is_the_ratio_of_shares() -> None:
    found = marginal_bias(torch.zeros(5, 2), torch.tensor([0.2, 0.8]))
    assert float(found[1] - found[0]) == pytest.approx(np.log(4), abs=1e-3)


def columns_of_levels() -> tuple[ColumnCodes, ...]:
    """Codes of two columns of categories."""
    found = []
    for i, size in enumerate(SIZES):
        names = tuple(map(str, range(size)))
        column = Column(name=f"c{i}", kind=ColumnKind.CATEGORICAL, dtype="str", categories=names)
        values = np.repeat(np.arange(float(size)), 5)
        found.append(ColumnCodes.of(values, column, crowd=1, most=size))
    return tuple(found)


def training_codes() -> Tensor:
    parts = [
        np.repeat(np.arange(len(shares)), np.multiply(shares, 1000).round().astype(int))
        for shares in SHARES
    ]
    return torch.from_numpy(np.column_stack(parts))


def disturbed(network: AnyOrder) -> AnyOrder:
    """The network with weights, so that columns depend on one another, and shares far off."""
    torch.manual_seed(1)
    torch.nn.init.normal_(network.level_out, std=0.2)
    torch.nn.init.normal_(network.bias, std=1.0)
    return network.eval().requires_grad_(False)


def shares_of(codes: RowCodes) -> list[Sequence[float]]:
    return [
        (np.bincount(column, minlength=size) / len(codes)).tolist()
        for column, size in zip(codes.T, SIZES, strict=True)
    ]


def test_columns_that_are_drawn_one_after_another_have_the_training_rows_shares() -> None:
    torch.manual_seed(0)
    columns = columns_of_levels()
    drawing = RowDrawing(disturbed(AnyOrder(CODED, 16, 1)), columns, (0, 1))
    nothing = np.full((4 * CHUNK, 2), np.nan)

    def drawn() -> list[Sequence[float]]:
        rows = drawing.complete(nothing, np.zeros(nothing.shape, dtype=bool), seed=0)
        return shares_of(to_codes(rows, columns))

    before = np.concatenate(drawn())
    calibrate_columns(drawing, training_codes(), seed=0)
    after = np.concatenate(drawn())
    goal = np.concatenate(SHARES)
    assert np.abs(before - goal).max() > 0.1
    assert after == pytest.approx(goal, abs=0.02)


def test_columns_that_are_told_at_once_have_the_training_rows_shares() -> None:
    torch.manual_seed(0)
    columns = columns_of_levels()
    network = TableVae(CODED, 0, width=16, blocks=1, latent=2, components=3)
    disturbed(network.decoder)
    drawing = PointDrawing(network.eval().requires_grad_(False), columns, np.array(SHARES[0]))

    def drawn() -> list[Sequence[float]]:
        rng = np.random.default_rng(0)
        rows = np.concatenate([drawing.draw(CHUNK, None, rng) for _ in range(4)])
        return shares_of(to_codes(rows, columns))

    before = drawn()[1]
    calibrate_points(drawing, training_codes(), seed=0)
    after = drawn()[1]
    assert np.abs(np.subtract(before, SHARES[1])).max() > 0.1
    assert after == pytest.approx(SHARES[1], abs=0.02)


def test_what_one_column_says_of_another_stays() -> None:
    torch.manual_seed(0)
    network = disturbed(AnyOrder(CODED, 16, 1))
    drawing = RowDrawing(network, columns_of_levels(), (0, 1))
    inputs, outputs = network.inputs(), network.outputs()

    def odds_ratios() -> Tensor:
        told = [
            torch.log_softmax(network.told(inputs[code][None], outputs, 1), 1) for code in (0, 1)
        ]
        between = told[0] - told[1]
        return between - between[:, :1]

    before = odds_ratios()
    calibrate_columns(drawing, training_codes(), seed=0)
    torch.testing.assert_close(odds_ratios(), before, rtol=0, atol=1e-5)
    assert float(before.abs().max()) > 0.01
