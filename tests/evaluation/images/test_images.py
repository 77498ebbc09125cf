"""Evaluators of images: contracts, hand-computed values, ranks, and what cannot be judged."""

import doctest
import importlib
import pkgutil
from functools import cache

import numpy as np
import pytest

from benchmarks.image_ranks import candidate, digits, thirds
from components.config import EvaluateConfig, Gate, Purpose
from components.data.images import ImageSet
from components.errors import UserError
from components.evaluation import images as package
from components.evaluation.images.case import ImageCase, canonical_images
from components.evaluation.images.catalog import FOR_LABELS, SHARING_GATES, image_metrics
from components.evaluation.images.evaluate import JudgedImages, evaluate_images
from components.evaluation.images.selftest import (
    ORDERS,
    RECORDS,
    _evaluator_of,
    self_test,
    source_hash,
)
from components.evaluation.images.wasserstein import mean_distance, pyramid
from components.evaluation.selftest import read_self_tests

CONFIG = EvaluateConfig(purpose=Purpose.SHARING)
MODULES = [module.name for module in pkgutil.iter_modules(package.__path__)]
TESTED = ("copy", "good", "gaussian", "collapsed", "noise")


@cache
def parts() -> tuple[ImageSet, ImageSet, ImageSet]:
    train, test, more = thirds(digits(), 0, 200)
    return train, test, more


@cache
def judged(kind: str) -> JudgedImages:
    train, test, more = parts()
    return evaluate_images(train, test, candidate(kind, train, more, 0), config=CONFIG)


@pytest.mark.parametrize("name", MODULES)
def test_examples(name: str) -> None:
    assert doctest.testmod(importlib.import_module(f"{package.__name__}.{name}")).failed == 0


@pytest.mark.parametrize("kind", TESTED)
def test_values_lie_inside_bounds_and_intervals(kind: str) -> None:
    known = image_metrics()
    for measurement in judged(kind).evidence.measurements:
        low, high = known[measurement.name].bounds
        assert measurement.low <= measurement.value <= measurement.high
        assert low is None or low <= measurement.low
        assert high is None or measurement.high <= high


@pytest.mark.parametrize("name", ORDERS)
def test_a_metric_that_passed_ranks_few_images_too(name: str) -> None:
    if not read_self_tests(RECORDS)[name].passed:
        pytest.skip("switched off")
    values = {
        kind: {m.name: m.value for m in judged(kind).evidence.measurements} for kind in TESTED
    }
    if name not in values["copy"]:
        pytest.skip("not measured on so few images")
    found = {kind: each[name] for kind, each in values.items()}
    assert self_test(image_metrics()[name], {"digits": found}).reason == ""


def test_every_metric_was_tested_by_the_code_as_it_is() -> None:
    records = read_self_tests(RECORDS)
    assert set(records) == set(image_metrics()), "renew with `python -m benchmarks.image_ranks`"
    stale = [n for n, each in records.items() if each.source != source_hash(_evaluator_of(n))]
    assert not stale, "renew with `python -m benchmarks.image_ranks`"


def test_a_copy_is_refused_for_privacy_and_real_images_are_not() -> None:
    refused = {
        g.gate.metric for g in judged("copy").evidence.verdict.gates if g.outcome == "refused"
    }
    assert refused == {"membership_auc", "copy_excess", "near_copy_excess"}
    assert "refused" not in {g.outcome for g in judged("good").evidence.verdict.gates}


def test_a_gaussian_of_pixels_is_refused() -> None:
    """It has few different bins and high precision: the two-sample test finds it."""
    found = judged("gaussian").evidence
    assert found.measurement("precision").value > 0.8
    assert found.verdict.outcome == "refused"


def test_the_order_of_images_changes_nothing() -> None:
    train, test, more = parts()
    shuffled = more.take(np.random.default_rng(5).permutation(len(more)))
    again = evaluate_images(train, test, shuffled, config=CONFIG)
    assert again.evidence == judged("good").evidence


def test_without_labels_turns_teach_the_features() -> None:
    bare = [ImageSet(each.images, None, (), "") for each in parts()]
    found = evaluate_images(*bare, config=CONFIG).evidence
    assert {g.gate for g in found.verdict.gates} == set(SHARING_GATES)
    assert found.measurement("two_sample_auc").low < 0.6


def test_gates_of_labelled_images_ask_for_utility() -> None:
    asked = {g.gate for g in judged("good").evidence.verdict.gates}
    assert asked == {*FOR_LABELS, *SHARING_GATES}


def test_panels_show_the_training_image_that_was_copied() -> None:
    panel = next(p for p in judged("copy").panels if p.key == "closest")
    made, partner = panel.strips
    assert (made.images == partner.images).all()


def test_levels_of_a_pyramid_add_up_to_the_image() -> None:
    image = np.random.default_rng(0).integers(256, size=(1, 32, 32, 1)).astype(np.uint8)
    fine, coarse = pyramid(image)
    whole = fine + coarse.repeat(2, axis=1).repeat(2, axis=2)
    assert np.allclose(whole * 255, image)


def test_a_shift_is_its_own_distance() -> None:
    points = np.random.default_rng(0).normal(size=(50, 2, 3, 4))
    assert mean_distance(points, points) == 0
    assert mean_distance(points, points + 2) == pytest.approx(2)


def test_a_case_draws_the_same_images_whatever_their_order() -> None:
    train, _, _ = parts()
    moved = train.take(np.arange(len(train))[::-1].copy())
    first, second = (canonical_images(each, 3) for each in (train, moved))
    assert (first.images == second.images).all()
    assert isinstance(ImageCase(first, first, first, CONFIG).halves[0], ImageSet)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda s: s.take(np.arange(20)), "there are 20 synthetic images; at least 50"),
        (
            lambda s: ImageSet(s.images[:, :6], s.labels, s.classes, ""),
            "synthetic images are of 8 x 6 pixels, 1 channels, the training images of 8 x 8",
        ),
        (
            lambda s: ImageSet(s.images, s.labels, ("cat", *s.classes[1:]), ""),
            "synthetic images have the class 'cat'",
        ),
    ],
)
def test_what_cannot_be_judged_says_why(change: object, words: str) -> None:
    train, test, more = parts()
    with pytest.raises(UserError, match=words):
        evaluate_images(train, test, change(more), config=CONFIG)  # type: ignore[operator]


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"purpose": "augmentation"}, "images are judged for sharing"),
        ({"purpose": "sharing", "protocol": "thorough"}, "has no effect on images"),
        (
            {"purpose": "sharing", "sharing_gates": (Gate(metric="tstr_loss", better_than=0.0),)},
            "'tstr_loss' of images",
        ),
        (
            {"purpose": "sharing", "sharing_gates": (Gate(metric="trtr_accuracy", better_than=0),)},
            "switched off",
        ),
    ],
)
def test_settings_that_images_do_not_have_are_refused(
    settings: dict[str, object], words: str
) -> None:
    with pytest.raises(UserError, match=words):
        evaluate_images(*parts(), config=EvaluateConfig.model_validate(settings))
