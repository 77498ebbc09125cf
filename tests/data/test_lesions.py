"""Procedural lesions: what each factor does to the picture, and what kinds have in common."""

from dataclasses import replace

import numpy as np
import pytest

from components.data.images.bundled import load_bundled_images
from components.data.images.lesions import (
    CASES,
    HEMANGIOMA,
    KINDS,
    Factors,
    draw_factors,
    draw_lesions,
)
from components.data.images.lesions import render as drawn


def one(**changes: float) -> Factors:
    """A round, even, sharp lesion in the middle, but for what is changed."""
    values = {
        name: np.array([value])
        for name, value in {
            "across": 0.0,
            "down": 0.0,
            "radius": 8.0,
            "stretch": 1.0,
            "tilt": 0.0,
            "blur": 0.3,
            "depth": 60.0,
            "unevenness": 0.0,
            "rim": 0.0,
            **changes,
        }.items()
    }
    none = np.zeros((1, 5))
    return Factors(labels=np.array([0]), nodules=none, places=none, **values)


def change(factors: Factors, other: Factors) -> np.ndarray:
    """How one picture differs from the other, in the same tissue."""
    first, second = (
        drawn(each, seed=0, noise=0)[0, ..., 0].astype(int) for each in (factors, other)
    )
    return second - first


def test_a_lesion_is_as_dark_as_its_depth_and_as_wide_as_its_radius() -> None:
    made = change(one(depth=0.0), one())
    assert made[15, 15] == pytest.approx(-60, abs=1)
    assert made[15, 27] == 0 and made[3, 15] == 0
    assert (made < -30).sum() == pytest.approx(np.pi * 8**2, rel=0.05)


def test_a_lesion_lies_where_its_place_says() -> None:
    made = change(one(depth=0.0), one(across=5.0, down=-4.0, radius=4.0))
    y, x = np.mean(np.argwhere(made < -30), axis=0)
    assert (y, x) == (pytest.approx(15.5 - 4, abs=0.2), pytest.approx(15.5 + 5, abs=0.2))


def test_stretch_makes_it_flatter_and_tilt_turns_it() -> None:
    flat = change(one(depth=0.0), one(stretch=0.5)) < -30
    assert flat.any(axis=1).sum() == 8 and flat.any(axis=0).sum() == 16
    upright = change(one(depth=0.0), one(stretch=0.5, tilt=np.pi / 2)) < -30
    assert (upright == flat.T).all()


def test_a_nodule_is_bright_at_its_angle() -> None:
    bright = np.array([[80.0, 0, 0, 0, 0]])
    made = change(one(), replace(one(), nodules=bright))
    y, x = np.unravel_index(made.argmax(), made.shape)
    assert made.max() > 30 and x > 19 and abs(y - 15.5) < 2, "angle 0 is to the right"


def test_only_hemangiomas_have_nodules_and_kinds_have_their_cases() -> None:
    lesions = draw_lesions(seed=3)
    assert lesions.labels is not None and lesions.classes == KINDS
    assert tuple(np.bincount(lesions.labels)) == CASES
    factors = draw_factors(lesions.labels, seed=3)
    assert ((factors.nodules > 0).sum(axis=1) > 1).tolist() == (
        lesions.labels == HEMANGIOMA
    ).tolist()


def test_seeds_are_patients() -> None:
    first, again, other = (draw_lesions((5, 5, 5), seed=seed).images for seed in (1, 1, 2))
    assert (first == again).all() and (first != other).any(axis=(1, 2, 3)).all()


def test_half_of_the_bundled_ones_are_the_published_cases() -> None:
    lesions = load_bundled_images("procedural:lesions")
    assert lesions.labels is not None
    assert (np.bincount(lesions.labels) == 2 * np.array(CASES)).all()
