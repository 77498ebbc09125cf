import numpy as np
import pytest
import torch

from components.networks.images.deformation import Deformation
from components.training.registration import AT_ONCE, blurred, register, register_pairs
from tests.pictured import digits, sheared_bars


def pairs(count: int = 40) -> tuple[torch.Tensor, torch.Tensor]:
    bars = torch.from_numpy(sheared_bars(2 * count)[0]).permute(0, 3, 1, 2) / 255
    return bars[:count], bars[count:]


def test_fields_bring_bars_onto_one_another() -> None:
    sources, targets = pairs()
    found = register(sources, targets, knots=6, smoothness=0.02)
    made = Deformation(20, 20, 6)(sources, found.fields)
    before, after = (((images - targets) ** 2).mean() for images in (sources, made))
    assert after < 0.15 * before
    assert found.left.mean() < 0.1


def test_a_shear_is_found_where_the_bar_is() -> None:
    straight, leaning = (
        torch.from_numpy(sheared_bars(1, shear=shear)[0]).permute(0, 3, 1, 2) / 255
        for shear in (0.0, 0.3)
    )
    field = register(straight, leaning, knots=6, smoothness=0.02).fields[0]
    right = field[0, :, 2:4].mean(dim=1)  # of six knots from the top down, amid each row
    assert right[4] - right[1] == pytest.approx(0.3 * (4 - 1) * 2 / 5, abs=0.1)
    assert field[1].abs().max() < 0.2


def test_the_dearer_slopes_are_the_smoother_are_fields() -> None:
    slopes = []
    for smoothness in (0.002, 0.02, 0.2):
        fields = register(*pairs(), knots=6, smoothness=smoothness).fields
        slopes.append(float((fields.diff(dim=2) ** 2).mean() + (fields.diff(dim=3) ** 2).mean()))
    assert slopes[0] > slopes[1] > slopes[2] > 0


def test_no_pair_bears_on_another() -> None:
    sources, targets = pairs()
    whole = register(sources, targets, knots=4, smoothness=0.02)
    some = register(sources[3:7], targets[3:7], knots=4, smoothness=0.02)
    assert torch.allclose(whole.fields[3:7], some.fields, atol=2e-3)


@pytest.mark.parametrize("grey", [0, 255])
def test_constant_images_are_left_as_they_are(grey: int) -> None:
    flat = torch.full((3, 1, 8, 8), grey / 255)
    found = register(flat, flat, knots=6, smoothness=0.02)
    assert found.left.tolist() == pytest.approx([0, 0, 0], abs=1e-6)
    assert torch.isfinite(register(flat, 1 - flat, knots=6, smoothness=0.02).fields).all()


def test_a_blur_keeps_what_is_constant_and_spreads_what_is_not() -> None:
    assert torch.allclose(blurred(torch.ones(1, 3, 5, 9), 0.1), torch.ones(1, 3, 5, 9))
    spot = torch.zeros(1, 1, 9, 9)
    spot[0, 0, 4, 4] = 1
    found = blurred(spot, 0.2)[0, 0]
    assert found[4, 4] == found.max() and torch.allclose(found, found.T) and found[4, 4] < 0.1


def test_pairs_are_registered_in_parts_and_told_of() -> None:
    images, told = digits(60).images, []
    first, second = np.random.default_rng(0).integers(60, size=(2, AT_ONCE + 10))

    def registered(seconds: float | None) -> int:
        found = register_pairs(
            images,
            first,
            second,
            knots=3,
            smoothness=0.02,
            seconds=seconds,
            tell=lambda done, left: told.append((done, left)),
        )
        assert len(found.fields) == len(found.left)
        return len(found.left)

    assert registered(None) == AT_ONCE + 10
    assert [done for done, _ in told] == [AT_ONCE, AT_ONCE + 10]
    assert registered(0.0) == AT_ONCE
    first = second = np.empty(0, np.int64)
    assert registered(None) == 0
