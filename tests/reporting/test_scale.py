import pytest

from components.reporting.scale import scales
from tests.reporting import samples


def test_everything_lies_on_the_bar_in_order():
    for scale in scales(samples.evidence()).values():
        assert 0 <= scale.low <= scale.value <= scale.high <= 100
        assert scale.ideal is None or 0 <= scale.ideal <= 100


def test_a_gated_metric_is_zoomed_to_its_threshold():
    scale = scales(samples.evidence())["membership_auc"]
    assert scale.asked is not None and scale.high < scale.asked < 100
    assert (scale.good_from, scale.good_to) == (0.0, scale.asked)


def test_an_ungated_metric_stands_on_its_whole_range():
    scale = scales(samples.evidence())["shape_error"]
    assert (scale.left, scale.right, scale.value) == ("0", "1", 0.61)
    assert scale.asked is None


@pytest.mark.parametrize("bounds", [(None, None), (0.0, None), (0.0, 1.0)])
@pytest.mark.parametrize("value", [0.0, 1e-12, 1.0])
def test_values_without_any_spread_have_a_bar(bounds, value):
    point = samples.measurements()[0].model_copy(
        update={
            "name": "copy_excess",
            "value": value,
            "low": value,
            "high": value,
            "bounds": bounds,
            "reference": None,
        }
    )
    evidence = samples.evidence().model_copy(update={"measurements": (point,)})
    scale = scales(evidence)["copy_excess"]
    assert scale.left != scale.right
