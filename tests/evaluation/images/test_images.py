"""Evaluators of images: contracts, hand-computed values, ranks, and what cannot be judged."""

import doctest
import hashlib
import importlib
import pkgutil
from collections.abc import Iterator
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from benchmarks.image_ranks import candidate, digits, thirds
from components.config import EvaluateConfig, Gate, Purpose
from components.data.images.sets import UNKNOWN, ImageSet, Labels, Pixels
from components.errors import UserError
from components.evaluation import images as package
from components.evaluation.case import Findings
from components.evaluation.images import case as case_module
from components.evaluation.images import evaluate as evaluate_module
from components.evaluation.images.bins import different, measure_bins
from components.evaluation.images.captions import measure_captions
from components.evaluation.images.case import (
    ImageCase,
    ImageFindings,
    canonical_images,
    flattened,
)
from components.evaluation.images.catalog import (
    FOR_LABELS,
    IMAGE_EVALUATORS,
    SHARING_GATES,
    image_metrics,
)
from components.evaluation.images.copies import COPIES, measure_copies
from components.evaluation.images.evaluate import JudgedImages, evaluate_images
from components.evaluation.images.frechet import frechet, measure_frechet
from components.evaluation.images.halves import Halved, unbiased_interval, widened_interval
from components.evaluation.images.moved_copies import measure_moved_copies
from components.evaluation.images.selftest import (
    ORDERS,
    RECORDS,
    self_test,
)
from components.evaluation.images.spectrum import ring_powers, slope
from components.evaluation.images.utility import measure_utility
from components.evaluation.images.wasserstein import mean_distance, pyramid
from components.evaluation.selftest import evaluator_of, read_self_tests, source_hash
from components.networks.images.classifier import ImageClassifier
from components.training.classification import fit_classifier

CONFIG = EvaluateConfig(purpose=Purpose.SHARING)
MODULES = [module.name for module in pkgutil.iter_modules(package.__path__)]
STEPS = 60
TESTED = ("copy", "good", "gaussian", "collapsed", "noise")


@pytest.fixture(autouse=True, scope="module")
def networks_are_fitted_once() -> Iterator[None]:
    """The same images and seed give the same network, so it is kept; it learns for few steps."""
    fitted: dict[str, ImageClassifier] = {}

    def fit(images: Pixels, labels: Labels, num_classes: int, *, seed: int) -> ImageClassifier:
        given = (
            images.tobytes(),
            labels.tobytes(),
            repr((images.shape, num_classes, seed)).encode(),
        )
        key = hashlib.sha256(b"".join(given)).hexdigest()
        if key not in fitted:
            fitted[key] = fit_classifier(images, labels, num_classes, seed=seed, steps=STEPS)
        return fitted[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(case_module, "fit_classifier", fit)
        yield


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
    stale = [
        n
        for n, each in records.items()
        if each.source != source_hash(evaluator_of(n, IMAGE_EVALUATORS.values()))
    ]
    assert not stale, "renew with `python -m benchmarks.image_ranks`"


def test_a_copy_is_refused_for_privacy_and_real_images_are_not() -> None:
    refused = {
        g.gate.metric for g in judged("copy").evidence.verdict.gates if g.outcome == "refused"
    }
    assert refused == {"membership_auc", "copy_excess", "near_copy_excess", "moved_copy_excess"}
    assert "refused" not in {g.outcome for g in judged("good").evidence.verdict.gates}


def test_a_gaussian_of_pixels_is_refused() -> None:
    """It has few different bins and high precision: the two-sample test finds it."""
    found = judged("gaussian").evidence
    assert found.measurement("precision").value > 0.8
    assert found.verdict.outcome == "refused"


@cache
def judged_bare(shuffle: bool) -> JudgedImages:
    """Without labels; perhaps with the synthetic images in another order."""
    train, test, more = (ImageSet(each.images, None, (), "") for each in parts())
    if shuffle:
        more = more.take(np.random.default_rng(5).permutation(len(more)))
    return evaluate_images(train, test, more, config=CONFIG)


def test_the_order_of_images_changes_nothing() -> None:
    first, again = (judged_bare(shuffle) for shuffle in (False, True))
    assert again.evidence == first.evidence


def test_without_labels_turns_teach_the_features() -> None:
    found = judged_bare(False).evidence
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


def test_halves_take_a_distances_bias_off() -> None:
    """Alike sets: the plain Frechet distance is far from 0 for 200 rows of 16 columns."""
    rows = np.random.default_rng(0).normal(size=(2, 200, 16))
    halved = Halved.of(frechet, rows[0], rows[1], seed=0)
    found = unbiased_interval(halved, confidence=0.95)
    assert halved.value > 0.6 and found.value < 0.2 and found.low == 0
    again = Halved.of(frechet, rows[0], rows[1], seed=0)
    assert again == halved


def test_a_feature_that_hardly_any_image_has_does_not_outweigh_all() -> None:
    """One training image has the last feature a little, two synthetic ones more."""
    train, test, made = np.random.default_rng(0).normal(size=(3, 200, 8))
    for each, images, height in ((train, 1, 0.001), (test, 0, 0.0), (made, 2, 1.0)):
        each[:, -1] = np.where(np.arange(200) < images, height, 0.0)
    case = ImageCase(*parts(), CONFIG)
    vars(case)["features"] = (train, test, made)
    (found,) = measure_frechet(case).findings.measurements
    assert found.value < 0.3


def test_a_lower_bound_allows_for_all_the_bias_there_may_be() -> None:
    """Half the error's growth is (3/2)^.5 - 1 of a bias that falls with the root of the rows."""
    growth = 2 * (1.5**0.5 - 1) * 0.5
    found = widened_interval(Halved(value=2.0, error=0.0, growth=growth), confidence=0.95)
    assert (found.value, found.high) == (2.0, 2.0) and found.low == pytest.approx(1.5)


def test_bins_differ_beyond_two_standard_errors() -> None:
    """50 and 80 of 200: shares .25 and .4, pooled .325, error .0468, 3.2 of them."""
    real, made = (np.repeat([0, 1], [n, 200 - n]) for n in (50, 80))
    assert different(real, made, 2).all()
    assert not different(real, np.repeat([0, 1], [58, 142]), 2).any()


def test_mirrored_and_moved_copies_are_found_among_others() -> None:
    """A fifth copies training images, mirrored and a pixel to the left; plain pixels miss it."""
    train, test, more = parts()
    images = more.images.copy()
    images[:40] = np.roll(train.images[:40, :, ::-1], -1, axis=2)
    case = ImageCase(train, test, ImageSet(images, more.labels, more.classes, ""), CONFIG)
    (moved,) = measure_moved_copies(case).findings.measurements
    near = measure_copies(case).findings.measurements[1]
    assert 0.12 < moved.low < moved.value < 0.25 and near.value < 0.05


def test_copies_among_images_that_were_not_drawn_count_too() -> None:
    """Half of the training images take part, so half of the copies are seen."""
    train, test, _ = parts()
    half = train.take(np.arange(100))
    case = ImageCase(half, test.take(np.arange(100)), train, CONFIG, num_train=200)
    (exact, _) = measure_copies(case).findings.measurements
    assert exact.value == 1.0


def test_a_class_that_is_taught_wrongly_is_named() -> None:
    train, test, more = parts()
    assert more.labels is not None
    swapped = np.where(more.labels == 3, 7, more.labels)
    case = ImageCase(train, test, ImageSet(more.images, swapped, more.classes, ""), CONFIG)
    found = measure_utility(case)
    worst = found.findings.measurements[-1]
    assert worst.meaning.endswith("(3)") and worst.value > 0.6 and worst.low > 0.2
    assert found.panels[0].strips[0].captions[0] == "3"


def test_what_lies_outside_is_what_precision_and_recall_count() -> None:
    found = judged("gaussian")
    panel = next(p for p in found.panels if p.key == "outside")
    shares = [1 - found.evidence.measurement(name).value for name in ("precision", "recall")]
    assert panel.meaning.startswith(f"{shares[0]:.0%} of the synthetic")
    assert f"{shares[1]:.0%} of the test" in panel.meaning


def test_one_class_teaches_nothing_so_utility_is_not_asked() -> None:
    """As from a folder that holds one folder of images."""
    train, test, more = (ImageSet(s.images, 0 * s.labels, ("all",), "") for s in parts())
    case = ImageCase(train, test, more, CONFIG)
    assert not case.is_labelled and measure_utility(case) == ImageFindings(Findings())


@pytest.mark.parametrize("shape", [(3, 200, 3), (90, 33, 1), (1, 1, 1)])
def test_images_of_any_shape_become_a_row_of_at_most_thousands(shape: tuple[int, ...]) -> None:
    images = np.full((2, *shape), 51, dtype=np.uint8)
    flat = flattened(images)
    assert np.allclose(flat, 0.2, atol=1e-6) and shape[2] <= flat.shape[1] <= 3 * 32 * 32


def test_repeated_images_fill_no_more_bins_than_they_are() -> None:
    train, test, more = parts()
    few = train.take(np.resize([0, 1, 2], 200))
    found = measure_bins(ImageCase(few, test, more, CONFIG))
    assert "of 3)" in found.findings.measurements[0].meaning


def test_sets_too_large_are_drawn_from_and_the_report_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    train, test, more = (ImageSet(each.images, None, (), "") for each in parts())
    monkeypatch.setattr(case_module, "MAX_IMAGES", 120)
    monkeypatch.setattr(evaluate_module, "IMAGE_EVALUATORS", {"copies": COPIES})
    config = CONFIG.model_copy(update={"sharing_gates": ()})
    notes = evaluate_images(train, test, more, config=config).evidence.notes
    assert notes[0] == "120 of 200 training images were drawn at random and looked at"
    assert len(notes) == 3


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


def test_no_known_label_is_lost_where_images_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    train, _, _ = parts()
    assert train.labels is not None
    few = replace(train, labels=np.where(np.arange(len(train)) % 10 == 0, train.labels, UNKNOWN))
    monkeypatch.setattr(case_module, "MAX_IMAGES", 50)
    kept = canonical_images(few, 3)
    assert kept.labels is not None and len(kept) == 50
    assert sorted(kept.labels[kept.is_known]) == sorted(train.labels[::10])
    monkeypatch.setattr(case_module, "MAX_IMAGES", 15)  # fewer than have a label
    assert len(canonical_images(few, 3)) == 15 and canonical_images(few, 3).is_labelled
    for alike in (train, replace(train, labels=None, classes=())):
        assert len(canonical_images(alike, 3)) == 15


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


def test_test_images_that_are_all_the_same_say_nothing() -> None:
    train, test, more = parts()
    with pytest.raises(UserError, match="the test images are all the same"):
        evaluate_images(train, test.take(np.zeros(60, np.int64)), more, config=CONFIG)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"purpose": "augmentation"}, "images alone can be judged for sharing"),
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


def test_a_blurred_image_loses_power_at_high_frequencies() -> None:
    more = parts()[2]
    blurred = (more.images[:, :-1, :-1] / 4 + more.images[:, 1:, :-1] / 4).astype(np.uint8)
    blurred += (more.images[:, :-1, 1:] / 4 + more.images[:, 1:, 1:] / 4).astype(np.uint8)
    same, soft = (ring_powers(each) for each in (more.images[:, :-1, :-1], blurred))
    assert slope(soft) < slope(same) - 0.2
    assert slope(ring_powers(np.zeros((3, 8, 8, 3), np.uint8))) == pytest.approx(0)
    brighter = ring_powers((more.images // 2 + 100).astype(np.uint8))
    assert slope(brighter) == pytest.approx(slope(ring_powers(more.images)), abs=0.01)


def test_captions_are_judged_word_by_word_and_unseen_ones_apart() -> None:
    """Of two words, with half of the second said wrongly: half of the images are right."""
    rng = np.random.default_rng(0)
    captions = ("dark down", "dark up", "light down", "light up")
    labels = np.arange(240) % 4
    images = (
        rng.integers(20, size=(240, 8, 8, 1)) + np.where(labels < 2, 40, 180)[:, None, None, None]
    )
    images[labels % 2 == 1, :4] += 60
    images[labels % 2 == 0, 4:] += 60
    whole = ImageSet(images.astype(np.uint8), labels, captions, "")
    train = whole.take(np.flatnonzero(labels[:120] < 3))
    test = whole.take(np.arange(120, 240))
    half = labels[120:] ^ (np.arange(120) % 8 < 4)
    wrong = replace(test, labels=half)
    found = measure_captions(ImageCase(train, test, test, CONFIG)).findings.measurements
    assert [each.name for each in found] == ["caption_accuracy", "unseen_caption_accuracy"]
    assert [each.value for each in found] == [each.reference for each in found] == [1.0, 1.0]
    found = measure_captions(ImageCase(train, test, wrong, CONFIG)).findings.measurements
    assert found[0].value == 0.5 and "word by word 1.000, 0.500" in found[0].meaning
    assert measure_captions(ImageCase(*parts(), CONFIG)).findings.measurements == ()
