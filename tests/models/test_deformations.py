"""How images of a class differ is learned, and new ones differ so; see also the contract."""

import logging
from pathlib import Path

import numpy as np
import pytest
import torch

from components.config import DeformationsConfig
from components.data.images.sets import ImageSet
from components.errors import UserError
from components.models.catalog import load_image_model
from components.models.contract import Budget
from components.models.images.deformations import UNCOMPARED, Deformations, told_apart
from components.models.images.pairs import pairs_across, pairs_near, pairs_within
from components.registry.packaging.flavors import export
from tests.pictured import digits, lean_of, sheared_bars

SMALL = DeformationsConfig(pairs=40)


def bars(count: int = 40, classes: int = 1) -> ImageSet:
    """Bars that lean more or less; of a second class, lying bars that do."""
    standing = sheared_bars(count)[0].astype(np.uint8)
    if classes == 1:
        return ImageSet(standing, np.zeros(count, np.int64), ("bar",), "")
    both = np.concatenate([standing, standing.transpose(0, 2, 1, 3)])
    return ImageSet(both, np.repeat([0, 1], count), ("lying", "standing")[::-1], "")


def fitted(images: ImageSet, **settings: object) -> Deformations:
    model = Deformations(DeformationsConfig.model_validate({"pairs": 60, **settings}))
    model.fit(images, seed=0)
    return model


def drawn(model: Deformations, count: int, seed: int = 0, **options: object) -> np.ndarray:
    parts = model.draw_images(count, seed=seed, **options)  # type: ignore[arg-type]
    return np.concatenate([part.images for part in parts])


def test_one_bar_leans_in_images_made_of_it_as_bars_do() -> None:
    straight = ImageSet(
        np.concatenate([bars().images, sheared_bars(1, shear=0.0)[0].astype(np.uint8)]),
        np.repeat([0, 1], [40, 1]),
        ("leaning", "seen once"),
        "",
    )
    model = fitted(straight, cautious=False)
    leans = lean_of(drawn(model, 300, condition={"label": "seen once"}))
    assert np.abs(leans).max() < 0.6  # fields lead from one bar to another: by .6 at most
    assert np.abs(leans).mean() > 0.05 and abs(leans.mean()) < 0.05
    # differences of two even draws of -.3 to .3 deviate by .245, an even part of them by .141
    assert leans.std() == pytest.approx(0.141, abs=0.035)


def test_bars_that_are_made_lean_in_the_range_of_real_ones() -> None:
    leans = lean_of(drawn(fitted(bars(), strength=0.5, cautious=False), 300))
    assert np.mean(np.abs(leans) < 0.35) > 0.9
    assert leans.std() == pytest.approx(lean_of(bars().images).std(), rel=0.3)


def test_images_are_deformed_less_where_fields_do_not_tell_classes_apart() -> None:
    apart, alike = bars(classes=2), bars(80)
    shuffled = ImageSet(alike.images, np.arange(80) % 2, ("a", "b"), "")
    assert fitted(apart).strength_ > 0.8
    assert fitted(shuffled).strength_ < 0.2
    assert fitted(bars()).strength_ == UNCOMPARED
    assert fitted(shuffled, cautious=False).strength_ == 1.0
    assert told_apart(np.float32([3, 4]), np.float32([1, 2])) == 0.0


def test_images_repeat_whatever_number_is_drawn() -> None:
    model = fitted(digits(60))
    whole = drawn(model, 300, seed=3)
    for count in (1, 7, 256, 257):
        assert np.array_equal(drawn(model, count, seed=3), whole[:count])


def test_the_program_makes_the_same_kind_of_images_without_our_code(tmp_path: Path) -> None:
    model = fitted(bars(classes=2))
    export(model.export_program(), tmp_path / "bars.pt2")
    program = torch.export.load(tmp_path / "bars.pt2").module()
    draws = torch.rand(400, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    made = program(draws).numpy()
    assert made.shape == (400, 20, 20, 1) and made.dtype == np.uint8
    assert np.array_equal(program(draws[7:9]).numpy(), made[7:9])
    is_first = draws[:, 0].numpy() < 0.5
    for side, label in ((is_first, "standing"), (~is_first, "lying")):
        asked = drawn(model, 400, condition={"label": label})
        assert np.abs(made[side].mean(axis=0) - asked.mean(axis=0)).mean() < 3


def test_where_no_class_has_two_images_they_are_drawn_as_they_are(
    caplog: pytest.LogCaptureFixture,
) -> None:
    seen = digits()
    firsts = seen.take(np.array([np.flatnonzero(seen.labels == c)[0] for c in range(10)]))
    with caplog.at_level(logging.WARNING):
        model = fitted(firsts)
    assert "no class has two images" in caplog.text
    assert {image.tobytes() for image in drawn(model, 200)} == {
        image.tobytes() for image in firsts.images
    }


@pytest.mark.parametrize("shape", [(4, 4, 1), (4, 9, 3), (40, 5, 1), (64, 48, 3)])
def test_any_size_is_taken_also_less_than_the_knots(shape: tuple[int, ...]) -> None:
    noise = np.random.default_rng(0).integers(256, size=(6, *shape), dtype=np.uint8)
    images = ImageSet(noise, np.arange(6) % 2, ("a", "b"), "")
    model = Deformations(SMALL)
    model.fit(images, seed=0)
    assert drawn(model, 9).shape == (9, *shape)


def test_constant_images_stay_constant() -> None:
    greys = np.array([0, 80, 255], np.uint8)[:, None, None, None].repeat(8, 1).repeat(8, 2)
    made = drawn(fitted(ImageSet(greys, np.zeros(3, np.int64), ("grey",), "")), 50)
    assert np.ptp(made.reshape(50, -1), axis=1).max() == 0
    assert set(np.unique(made)) == {0, 80, 255}


def test_images_without_labels_are_paired_with_those_near_them() -> None:
    both = bars(classes=2)
    first, second = pairs_near(both.images, 100, np.random.default_rng(0))
    assert (first != second).all() and (both.labels[first] == both.labels[second]).all()
    model = fitted(ImageSet(both.images, None, (), ""))
    assert model.strength_ == UNCOMPARED and drawn(model, 5).shape == (5, 20, 20, 1)
    assert fitted(ImageSet(both.images[:1], None, (), "")).fields_.shape == (1, 2, 6, 6)


def test_pairs_are_of_one_class_or_of_two_and_all_occur() -> None:
    labels = np.array([2, 0, 1, 0, 2, 2])
    first, second = pairs_within(labels, 500, np.random.default_rng(0))
    assert (labels[first] == labels[second]).all() and (first != second).all()
    assert len(set(zip(first, second, strict=True))) == 2 + 6
    first, second = pairs_across(labels, 500, np.random.default_rng(0))
    assert len(first) == 500 and (labels[first] != labels[second]).all()
    assert len(pairs_across(np.zeros(4, np.int64), 500, np.random.default_rng(0))[0]) == 0


def test_a_fit_ends_when_its_time_is_over() -> None:
    model = Deformations(DeformationsConfig(pairs=1_000))
    model.fit(digits(60), seed=0, budget=Budget(seconds=0.0))
    assert len(model.fields_) == 200


@pytest.mark.parametrize(
    ("array", "changed"),
    [
        ("images", np.zeros((60, 8, 9, 1), np.uint8)),
        ("counts", np.full(10, 7)),
        ("counts", np.array([70, -10, *[0] * 8])),
        ("fields", np.full((3, 2, 6, 6), np.nan, np.float32)),
        ("fields", np.zeros((0, 2, 6, 6), np.float32)),
        ("fields", np.zeros((3, 2, 5, 6), np.float32)),
    ],
)
def test_arrays_that_do_not_fit_together_are_refused(tmp_path, array, changed) -> None:
    model = fitted(digits(60))
    setattr(model, f"{array}_", changed)
    model.save(tmp_path)
    with pytest.raises(UserError, match="cannot be read"):
        load_image_model(tmp_path)
