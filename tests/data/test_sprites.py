"""Sprites show what their captions say, and captions say it word by word."""

import doctest

import numpy as np

from components.data.images import captions, sprites
from components.data.images.bundled import load_bundled_images
from components.data.images.captions import attributes
from components.data.images.sprites import CAPTIONS, COLOURS, draw_sprites


def test_examples():
    assert doctest.testmod(captions).failed == doctest.testmod(sprites).failed == 0


def test_the_same_seed_draws_the_same_sprites():
    first, again, other = (draw_sprites(80, seed=seed) for seed in (3, 3, 4))
    assert np.array_equal(first.images, again.images)
    assert not np.array_equal(first.images, other.images)


def test_factors_can_be_measured_in_the_pixels():
    """Size, colour and place, with no learning at all."""
    drawn = draw_sprites(400)
    size, colour, _, place = (place[drawn.labels] for place in attributes(CAPTIONS))
    values = drawn.images.astype(float)
    inside = values.max(axis=3) > 100
    middle = (inside * (np.arange(32) + 0.5)).sum(axis=(1, 2)) / inside.sum(axis=(1, 2))
    assert ((middle > 16) == (place == 1)).all()
    width = inside.any(axis=1).sum(axis=1)
    assert ((width < 10.8) == (size == 1)).all()
    shown = (values * inside[..., None]).sum(axis=(1, 2)) / inside.sum(axis=(1, 2))[:, None]
    known = np.array([COLOURS[name] for name in sorted(COLOURS)], dtype=float)
    apart = np.linalg.norm(shown[:, None] - 0.92 * known, axis=2)
    assert (apart.argmin(axis=1) == colour).all()


def test_shapes_of_one_size_cover_differently():
    drawn = draw_sprites(800)
    size, _, shape, _ = (place[drawn.labels] for place in attributes(CAPTIONS))
    covered = (drawn.images.max(axis=3) > 100).sum(axis=(1, 2))
    cross, disc, square, triangle = (
        covered[(size == 0) & (shape == code)].mean() for code in range(4)
    )
    assert triangle < cross < min(disc, square) or cross < triangle < min(disc, square)


def test_they_are_bundled():
    drawn = load_bundled_images("procedural:sprites")
    assert len(drawn) == 4_000 and drawn.classes == CAPTIONS == tuple(sorted(CAPTIONS))
    assert (np.bincount(drawn.labels) == 50).all()
