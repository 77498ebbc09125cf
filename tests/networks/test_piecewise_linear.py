"""Curves looked up side by side, against numpy's own interpolation."""

import numpy as np
import pytest
import torch

from components.networks.programs.column_range import ColumnRange
from components.networks.programs.piecewise_linear import PiecewiseLinear


def test_each_curve_as_numpy_interpolates_it():
    random = np.random.default_rng(0)
    curves = [(np.sort(random.normal(size=n)), random.normal(size=n)) for n in (1, 2, 7, 400)]
    module = PiecewiseLinear([(torch.from_numpy(x), torch.from_numpy(y)) for x, y in curves])
    values = random.normal(scale=2, size=(500, 4))
    got = module(torch.from_numpy(values), torch.arange(4)).numpy()
    for i, (x, y) in enumerate(curves):
        np.testing.assert_allclose(got[:, i], np.interp(values[:, i], x, y), atol=1e-9)


@pytest.mark.filterwarnings("error")
def test_values_may_lie_in_any_order_in_memory():
    curve = (torch.tensor([0.0, 1.0]).double(), torch.tensor([0.0, 2.0]).double())
    module = PiecewiseLinear([curve] * 3)
    values = torch.rand(5, 3, dtype=torch.float64)
    torch.set_warn_always(True)
    try:
        found = module(values.t().contiguous().t(), torch.arange(3))
    finally:
        torch.set_warn_always(False)
    assert torch.equal(found, module(values, torch.arange(3)))


def test_values_beyond_the_ends_and_on_a_jump():
    x, y = torch.tensor([0.0, 1, 1, 2]).double(), torch.tensor([5.0, 5, 9, 9]).double()
    module = PiecewiseLinear([(x, y), (torch.zeros(1).double(), torch.full((1,), 3.0).double())])
    values = torch.tensor([[-7.0], [0.99], [1.0], [7.0]]).double()
    assert module(values, torch.tensor([0])).flatten().tolist() == [5, 5, 9, 9]
    assert module(values, torch.tensor([1])).flatten().tolist() == [3, 3, 3, 3]


def test_large_numbers_keep_their_digits():
    micros = torch.tensor([1.6e15, 1.6e15 + 2], dtype=torch.float64)
    module = PiecewiseLinear([(torch.tensor([0.0, 1.0], dtype=torch.float64), micros)])
    middle = module(torch.tensor([[0.5]], dtype=torch.float64), torch.tensor([0]))
    assert middle.item() == 1.6e15 + 1


def test_rows_are_clipped_then_rounded_and_missing_stays():
    bounds = np.array([[0.0, -np.inf, 0.0], [1.3, np.inf, 1e16], [10.0, 0.0, 1.0], [1, 1, 86.4e9]])
    module = ColumnRange(*torch.from_numpy(bounds))
    rows = np.array([[-2.0, 7.123, 1.6e15], [0.25, np.nan, 86.4e9 + 7], [9.0, 0.0, np.nan]])
    expected = [[0.0, 7.123, 18519 * 86.4e9], [0.2, np.nan, 86.4e9], [1.3, 0.0, np.nan]]
    np.testing.assert_array_equal(module(torch.from_numpy(rows)).numpy(), expected)
