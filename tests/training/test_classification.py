"""The classifier of images: it learns, repeats, and knows nothing of other images of a batch."""

import numpy as np
import pytest

from benchmarks.image_ranks import digits, thirds
from components.data.images.sets import Pixels
from components.training.classification import (
    chances_of,
    features_of,
    fit_classifier,
    fit_turns,
    middle_square,
)

TRAIN, TEST, _ = thirds(digits(), 0, 200)
LABELS = np.arange(len(TRAIN)) if TRAIN.labels is None else TRAIN.labels


def test_it_learns_digits() -> None:
    net = fit_classifier(TRAIN.images, LABELS, 10, seed=0)
    chances = chances_of(net, TEST.images)
    assert np.allclose(chances.sum(axis=1), 1, atol=1e-5)
    assert (chances.argmax(axis=1) == TEST.labels).mean() > 0.8
    apart = features_of(net, TEST.images[:7])
    assert np.allclose(features_of(net, TEST.images)[:7], apart, atol=1e-4)


def test_the_same_seed_gives_the_same_weights() -> None:
    few, labels = TRAIN.images[:64], LABELS[:64]
    first, again, other = (fit_classifier(few, labels, 10, seed=seed) for seed in (1, 1, 2))
    for ours, theirs in zip(first.parameters(), again.parameters(), strict=True):
        assert (ours == theirs).all()
    assert (first.head.weight != other.head.weight).any()


def test_turns_are_told_from_one_another() -> None:
    """A bright upper edge says how far an image was turned; its square is cut from the middle."""
    images = np.random.default_rng(0).integers(60, size=(50, 8, 12, 1)).astype(np.uint8)
    images[:, :3] += 190
    net = fit_turns(images, seed=0)
    turned = np.ascontiguousarray(np.rot90(middle_square(images), 2, axes=(1, 2)))
    assert (chances_of(net, middle_square(images)).argmax(axis=1) == 0).all()
    assert (chances_of(net, turned).argmax(axis=1) == 2).all()


@pytest.mark.parametrize(("shape", "cut"), [((4, 6), (4, 4)), ((7, 4), (4, 4)), ((3, 3), (3, 3))])
def test_a_middle_square_loses_either_side_alike(
    shape: tuple[int, int], cut: tuple[int, int]
) -> None:
    images: Pixels = np.arange(np.prod(shape), dtype=np.uint8).reshape(1, *shape, 1)
    found = middle_square(images)
    assert found.shape == (1, *cut, 1)
    top, left = (shape[0] - cut[0]) // 2, (shape[1] - cut[1]) // 2
    assert found[0, 0, 0, 0] == images[0, top, left, 0]
