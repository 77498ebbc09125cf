"""What is measured of images: by hand where that can be, and what moves it."""

import numpy as np
import pytest

from components.data.images.bundled import load_bundled_images
from components.data.images.sets import ImageSet
from components.monitoring.image_facts import AXES, ImageFacts, facts_schema


def images(pixels: np.ndarray, labels: list[int] | None = None) -> ImageSet:
    coded = None if labels is None else np.array(labels)
    return ImageSet(pixels.astype(np.uint8), coded, ("a", "b") if labels else (), "")


@pytest.fixture(scope="module")
def digits() -> ImageSet:
    return load_bundled_images("sklearn:digits")


def test_values_by_hand() -> None:
    half = np.zeros((2, 4, 4, 3))
    half[:, :, 2:, 0] = 255  # the right half is red
    facts = ImageFacts.of(images(half, [0, 1]))
    row = facts.frame(images(half[:1], [1])).iloc[0]
    assert row["brightness"] == pytest.approx(1 / 6) and row["red"] == pytest.approx(0.5)
    assert row["green"] == row["blue"] == 0 and row["label"] == "b"
    assert row["contrast"] == pytest.approx(np.sqrt(1 / 6 - 1 / 36))
    assert row["sharpness"] == pytest.approx((1 / 3 / 3 + 0) / 2)  # one step in three, one channel
    assert row["unlike"] == pytest.approx(-3)  # not off the mean image at all


def test_axes_are_told_by_enough_images_and_stand_in_deviations(digits: ImageSet) -> None:
    facts = ImageFacts.of(digits)
    frame = facts.frame(digits)
    along = frame[[f"axis_{i + 1}" for i in range(AXES)]]
    np.testing.assert_allclose(along.std(), 1, rtol=1e-3)
    np.testing.assert_allclose(along.mean(), 0, atol=1e-9)
    np.testing.assert_allclose(along.corr(), np.eye(AXES), atol=1e-6)
    assert "axis_2" not in ImageFacts.of(digits.take(np.arange(60))).frame(digits)
    assert facts_schema(frame).target == "label"


def test_large_images_are_shrunk_and_any_number_is_measured_alike() -> None:
    rng = np.random.default_rng(0)
    large = images(rng.integers(0, 256, (120, 70, 90, 1)))
    facts = ImageFacts.of(large)
    assert facts.mean.shape == (24 * 30,)  # blocks of 3 x 3, the last ones of fewer
    frame = facts.frame(large)
    np.testing.assert_allclose(facts.frame(large.take(np.arange(7))), frame[:7])


def test_labels_are_told_where_both_sides_have_them(digits: ImageSet) -> None:
    bare = ImageSet(digits.images, None, (), "")
    assert "label" in ImageFacts.of(digits).frame(digits)
    assert "label" not in ImageFacts.of(digits).frame(bare)
    assert "label" not in ImageFacts.of(bare).frame(digits)
    assert facts_schema(ImageFacts.of(bare).frame(bare)).target == "brightness"
