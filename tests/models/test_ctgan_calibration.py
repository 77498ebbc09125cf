"""Calibration makes a generator's marginals those that were asked for."""

import torch

from components.models.ctgan.calibration import calibrate, probabilities, uncalibrated
from components.models.ctgan.layout import Layout, activate

LAYOUT = Layout(groups=(3, 2), gates=(4, 5))
"""Three categories; a spike and a score; a score that is always used."""


def _raw() -> torch.Tensor:
    random = torch.Generator().manual_seed(0)
    return 0.5 + torch.randn(20_000, LAYOUT.width, generator=random)


def test_slots_get_the_shares_asked_for():
    random = torch.Generator().manual_seed(1)
    shares = torch.tensor([0.7, 0.2, 0.1, 0.4, 0.6])
    calibration = calibrate(_raw(), shares, LAYOUT, random)
    rows = activate(calibration.shift(_raw()), LAYOUT, temperature=1.0, random=random)
    assert torch.allclose(rows[:, :5].mean(dim=0), shares, atol=0.01)


def test_scores_are_measured_where_they_are_used():
    random = torch.Generator().manual_seed(1)
    calibration = calibrate(_raw(), torch.full((5,), 0.5), LAYOUT, random)
    middle = len(probabilities()) // 2
    assert torch.allclose(calibration.score_knots[:, middle], torch.tensor(0.5).double(), atol=0.05)


def test_without_calibration_scores_are_normal():
    knots = uncalibrated(LAYOUT).score_knots
    assert torch.allclose(torch.special.ndtr(knots[0]), probabilities())


def test_slots_are_one_hot_and_unused_scores_zero():
    rows = activate(_raw(), LAYOUT, temperature=0.5, random=torch.Generator().manual_seed(0))
    assert torch.equal(rows[:, :3].sum(dim=1), torch.ones(len(rows)))
    assert set(rows[:, :5].unique().tolist()) == {0.0, 1.0}
    assert (rows[rows[:, 4] == 0, 5] == 0).all()
