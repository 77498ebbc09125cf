import numpy as np
import pytest

from components.errors import UserError
from components.models.calibration import Calibration, held_out_rows


def test_p_values_of_normal_rows_are_small_no_more_often_than_they_say():
    """Split conformal prediction is valid for any number of held-out rows, on average over them."""
    rng = np.random.default_rng(0)
    for held_out in (19, 57, 400, 3_000):
        found = np.concatenate(
            [
                Calibration.of(rng.normal(size=held_out)).p_values(rng.normal(size=50))
                for _ in range(400)
            ]
        )
        for rate in (0.05, 0.1, 0.3):
            # 20,000 rows, of which 50 share a scale: four standard errors are allowed
            error = np.sqrt(rate * (1 - rate) * (1 / len(found) + 1 / (400 * held_out)))
            assert (found <= rate).mean() <= rate + 4 * error


def test_equal_scores_are_no_reason_for_an_alarm():
    scale = Calibration.of(np.zeros(100))
    assert (scale.p_values(np.zeros(5)) == 1).all()
    assert not (np.zeros(5) > scale.threshold(0.05)).any()


@pytest.mark.parametrize("rate", [0.01, 0.05, 0.2])
def test_a_row_is_above_the_threshold_exactly_where_its_p_value_is_at_most_the_rate(rate):
    rng = np.random.default_rng(1)
    for held_out in (99, 250, 5_000):
        scale, new = Calibration.of(rng.normal(size=held_out)), rng.normal(size=2_000)
        assert ((new > scale.threshold(rate)) == (scale.p_values(new) <= rate)).all()
        assert scale.stated_rate(rate) <= rate


def test_a_sketch_of_many_scores_is_small_and_errs_on_the_safe_side_by_little():
    rng = np.random.default_rng(2)
    scores, new = rng.normal(size=200_000), rng.normal(size=1_000)
    scale = Calibration.of(scores)
    exact = (1 + (scores[None, :] >= new[:100, None]).sum(axis=1)) / (1 + len(scores))
    found = scale.p_values(new[:100])
    assert len(scale.kept) < 400
    assert (found >= exact).all() and (found <= 1.05 * exact + 1e-4).all()


def test_what_is_saved_is_the_same_scale(tmp_path):
    scale = Calibration.of(np.random.default_rng(0).normal(size=1_000))
    scale.save(tmp_path / "calibration.json")
    assert Calibration.load(tmp_path / "calibration.json") == scale


def test_too_few_rows_cannot_state_a_small_rate():
    with pytest.raises(UserError, match="at least 19 can"):
        Calibration.of(np.arange(18.0)).threshold(0.05)


def test_rows_are_held_out_once_and_the_same_every_time():
    fitted, held_out = held_out_rows(101, 0.2, seed=3)
    assert len(held_out) == 20
    assert sorted([*fitted, *held_out]) == list(range(101))
    assert (held_out_rows(101, 0.2, seed=3)[1] == held_out).all()
