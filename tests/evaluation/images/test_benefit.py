"""What synthetic images bring: planted generators of known worth, hand-computed values, honesty."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cache, partial

import numpy as np
import pytest

from benchmarks.classifier_ranks import few_of_each
from benchmarks.image_ranks import Held, digits, sampler
from components.config import EvaluateConfig, Gate, ImageGaussianConfig, Protocol, Purpose
from components.config.classic import ClassicConfig
from components.config.image_evaluation import ImageBenefitConfig, Keep
from components.data.conditions import Condition
from components.data.images.sets import ImageSet, Labels, Pixels
from components.data.table import Matrix
from components.errors import UserError
from components.evaluation.case import Metric
from components.evaluation.evidence import Measurement
from components.evaluation.gates import judge
from components.evaluation.images import evaluate as evaluate_module
from components.evaluation.images import folds as folds_module
from components.evaluation.images.benefit import BENEFIT, GAIN, _agreed, _measured, measure_benefit
from components.evaluation.images.case import ImageCase, ImageFindings
from components.evaluation.images.copies import COPIES
from components.evaluation.images.evaluate import JudgedImages, evaluate_images
from components.evaluation.images.folds import FoldResult, Plan, judge_fold, splits_of
from components.evaluation.images.making import ImageSampler, MakeAndFitImages, draw, wanted
from components.evaluation.images.trial import BALANCED, ImageTrial, choices
from components.evaluation.images.ways import (
    AUGMENTED,
    CLASSIC,
    DUPLICATED,
    OURS,
    REAL,
    RIVALS,
    SYNTHETIC,
    FoldImages,
    rivals,
)
from components.models.images.gaussian import ImageGaussian
from components.networks.images.classifier import ImageClassifier
from components.reporting.arms import plot_arms
from components.reporting.image_panels import draw_panel
from components.training.classification import fit_classifier

LITTLE = ClassicConfig(shift=0.02, degrees=0, scale=0)
QUICK = ImageBenefitConfig(classic=LITTLE, steps=80, keep=(Keep.ALL,))
ASKED = EvaluateConfig(purpose=Purpose.AUGMENTATION, folds=3, repeats=1, ratio=6.0)


def bars(count: int, seed: int) -> ImageSet:
    """Faint lines across and down, half of either, anywhere in noise: few do not teach much."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % 2
    pixels = 100 + rng.normal(scale=40, size=(count, 8, 8))
    for image, label, place in zip(pixels, labels, rng.integers(8, size=count), strict=True):
        (image.T if label else image)[place] += 60
    images = np.clip(np.round(pixels), 0, 255).astype(np.uint8)[..., None]
    return ImageSet(images, labels, ("across", "down"), "")


@cache
def parts() -> tuple[ImageSet, ImageSet]:
    """Images to learn from, and those that a good generator draws."""
    return bars(120, 0), bars(1_500, 1)


def case(make_and_fit: MakeAndFitImages, config: EvaluateConfig = ASKED) -> ImageCase:
    train, more = parts()
    return ImageCase(train, more, train, config, make_and_fit=make_and_fit, benefit=QUICK)


@pytest.fixture(autouse=True, scope="module")
def networks_are_fitted_once() -> Iterator[None]:
    """The same images, seed and settings give the same network, so it is kept."""
    fitted: dict[str, ImageClassifier] = {}

    def fit(
        images: Pixels, labels: Labels, count: int, *, weights: Matrix | None, **settings: object
    ) -> ImageClassifier:
        parts = (images.shape, count, None if weights is None else weights.tolist(), settings)
        data = images.tobytes() + labels.tobytes() + repr(parts).encode()
        key = hashlib.sha256(data).hexdigest()
        if key not in fitted:
            fitted[key] = fit_classifier(images, labels, count, weights=weights, **settings)  # type: ignore[arg-type]
        return fitted[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(folds_module, "fit_classifier", fit)
        yield


@cache
def found(kind: str) -> ImageFindings:
    return measure_benefit(case(partial(sampler, kind, parts()[1])))


def outcome(findings: ImageFindings) -> str:
    measurements = findings.findings.measurements
    return judge(measurements, ASKED.gates, Purpose.AUGMENTATION).outcome


def gain(findings: ImageFindings) -> Measurement:
    return next(m for m in findings.findings.measurements if m.name == GAIN.name)


@pytest.mark.slow
def test_fresh_real_images_are_a_benefit() -> None:
    passed = found("good")
    assert outcome(passed) == "passed" and gain(passed).low > 0.01
    assert {c.baseline for c in gain(passed).comparisons} == {
        "best baseline",
        REAL,
        DUPLICATED,
        CLASSIC,
    }


@cache
def noise() -> ImageFindings:
    """Of a generator of noise with labels, where 300 clean digits teach well."""
    few = few_of_each(digits(), 30)
    given = case(partial(sampler, "noise", few), ASKED.model_copy(update={"folds": 5}))
    hasty = QUICK.model_copy(update={"steps": 25})
    return measure_benefit(replace(given, train=few, benefit=hasty))


def test_noise_with_labels_is_refused() -> None:
    assert outcome(noise()) == "refused" and gain(noise()).high < -0.05


@pytest.mark.slow
def test_a_copy_of_the_training_images_does_not_pass() -> None:
    copied = found("copy")
    assert outcome(copied) != "passed" and abs(gain(copied).value) < 0.1


def test_every_way_is_shown_with_what_was_done() -> None:
    hasty = QUICK.model_copy(update={"steps": 4})
    given = case(partial(sampler, "good", parts()[1]))
    shown = measure_benefit(replace(given, benefit=hasty))
    arms = {arm.name: arm for arm in shown.findings.arms if "balanced" in arm.learner}
    assert set(arms) == {REAL, DUPLICATED, CLASSIC, SYNTHETIC, AUGMENTED, OURS}
    assert arms[REAL].difference == 0
    ours = arms[OURS].scores["balanced_accuracy"]
    assert ours - arms[REAL].scores["balanced_accuracy"] == pytest.approx(arms[OURS].difference)
    assert "ratio 6, all in 3 of 3 folds" in shown.notes[1]
    assert f"Ours is {OURS}" in shown.notes[0] and "4 steps" in shown.notes[0]


def test_the_report_draws_ways_and_images_used() -> None:
    used, thrown = noise().panels
    assert len(used.strips) == 10 and "1,440 synthetic" in used.meaning
    assert thrown.strips and len(thrown.strips[0].captions) == len(thrown.strips[0].images)
    assert set(thrown.strips[0].captions) <= set("0123456789") - {thrown.strips[0].title}
    assert "<img" in draw_panel(used).svg and "<img" in draw_panel(thrown).svg


@dataclass
class Spy:
    """Remembers what it was to learn from, and hands it out again."""

    given: list[ImageSet] = field(default_factory=list)

    def __call__(self, images: ImageSet, seed: int) -> ImageSampler:
        self.given.append(images)
        return Held(images)


def test_a_generator_never_sees_the_images_held_out() -> None:
    spy = Spy()
    hasty = ImageBenefitConfig(steps=1)
    asked = ASKED.model_copy(update={"repeats": 2, "ratio": 0.5})
    measure_benefit(replace(case(spy, asked), benefit=hasty))
    train = {image.tobytes() for image in parts()[0].images}
    seen = [{image.tobytes() for image in each.images} for each in spy.given]
    assert [len(each) for each in seen] == [80] * 6
    for repeat in (seen[:3], seen[3:]):
        held = [train - each for each in repeat]
        assert set().union(*held) == train and sum(map(len, held)) == len(train)


@dataclass(frozen=True)
class Mislabelled:
    """Half of what it draws is of the next class."""

    images: ImageSet

    def draw_images(
        self, num_images: int, *, condition: Condition | None = None, seed: int
    ) -> Iterator[ImageSet]:
        assert condition is not None
        true, other = (
            next(Held(self.images).draw_images(num_images, condition={"label": name}, seed=seed))
            for name in (str(condition["label"]), str((int(condition["label"]) + 1) % 10))
        )
        is_other = (np.arange(num_images) % 2 == 0)[:, None, None, None]
        yield replace(true, images=np.where(is_other, other.images, true.images))


def test_a_filter_throws_out_images_of_another_class() -> None:
    clean = digits()
    train, more = clean.take(np.arange(300)), clean.take(np.arange(300, 1797))
    config = QUICK.model_copy(update={"keep": (Keep.ALL, Keep.AGREED), "steps": 50})
    plan = Plan(train, lambda images, seed: Mislabelled(more), (2.0,), config, 0)
    result = judge_fold(plan, splits_of(plan, 3, 1)[0])
    with_all, agreed = (result.scores[option.named(OURS)][BALANCED] for option in plan.options)
    assert 0.4 < result.agreed < 0.6 and agreed > with_all + 0.02
    assert result.made is not None
    counts = wanted(plan.counts, 0.5, balance=True)
    used = result.made.used(counts, Keep.AGREED)
    assert result.made.agrees[used].all() and not result.made.agrees.all()


def uneven() -> ImageSet:
    """60 of each digit, but 12 of the 8s."""
    train = digits()
    places = [np.flatnonzero(train.labels == code) for code in range(10)]
    return train.take(np.concatenate([p[: 12 if c == 8 else 60] for c, p in enumerate(places)]))


def test_uneven_classes_meet_every_way_to_even_them_out() -> None:
    train = uneven()
    plan = Plan(train, lambda images, seed: Held(images), (1.0,), QUICK, 0)
    assert plan.rivals == tuple(RIVALS) and plan.rarest == 8
    fold = FoldImages(train, 7, 0)
    assert set(np.bincount(RIVALS["oversampling"](fold).images.labels)) == {60}
    weights = RIVALS["class weights"](fold).weights
    assert weights is not None and weights[8] == 5 and weights[0] == 1
    assert len(RIVALS[DUPLICATED](fold).images) == len(train) + 7
    even = wanted(plan.counts, 1.0, balance=True) + plan.counts
    assert set(even) <= {110, 111} and even.sum() == 2 * len(train)
    shares = wanted(plan.counts, 1.0, balance=False)
    assert (shares == plan.counts).all()


def test_recall_of_the_rarest_class_is_measured_where_there_is_one() -> None:
    hasty = ImageBenefitConfig(steps=2, keep=(Keep.ALL,))
    given = replace(case(lambda images, seed: Held(images)), train=uneven(), benefit=hasty)
    shown = measure_benefit(given).findings
    assert shown.measurements[3].name == "rarest_recall_gain"
    assert "sensitivity of 8" in shown.measurements[3].meaning
    assert any(arm.learner.endswith("by sensitivity of 8") for arm in shown.arms)


def test_without_classic_augmentation_ours_is_real_and_synthetic() -> None:
    config = ImageBenefitConfig(classic=ClassicConfig(shift=0, degrees=0, scale=0))
    plan = Plan(parts()[0], lambda images, seed: Held(images), (1.0,), config, 0)
    assert plan.ours == AUGMENTED
    assert rivals(plan.counts, has_classic=False) == (REAL, DUPLICATED)


def trial(**scores: list[float]) -> ImageTrial:
    names = {"ours": OURS, "real": REAL, "duplicated": DUPLICATED, "classic": CLASSIC}
    folds = [
        {names[way]: {BALANCED: values[fold]} for way, values in scores.items()}
        for fold in range(4)
    ]
    return ImageTrial(tuple(folds), 2)


def test_the_gain_is_the_least_and_its_lower_bound_too() -> None:
    """Over classic .02 but unsure, over real rows .03 and sure: value and bound are classic's."""
    made = trial(
        real=[0.50, 0.50, 0.50, 0.50],
        duplicated=[0.1, 0.1, 0.1, 0.1],
        classic=[0.55, 0.47, 0.55, 0.47],
        ours=[0.53, 0.53, 0.53, 0.53],
    )
    plan = Plan(parts()[0], lambda images, seed: Held(images), (1.0,), QUICK, 0)
    metric: Metric = GAIN
    measured = _measured(case(Spy()), plan, made, metric, BALANCED, "balanced accuracy")
    spread = 0.04 * (4 / 3) ** 0.5 * (1 / 4 + 1) ** 0.5
    assert measured.value == pytest.approx(0.02)
    assert measured.low == pytest.approx(0.02 - 2.3534 * spread, abs=1e-4)
    assert measured.high == pytest.approx(0.03, abs=1e-9), "no more than the gain over real"
    assert "over classic, the closest of 3" in measured.meaning


def test_the_share_that_agrees_allows_for_folds_that_share_images() -> None:
    made = trial(real=[0.5] * 4)
    measured = _agreed(case(Spy()), made, [FoldResult({}, share) for share in (0.6, 0.8, 0.6, 0.8)])
    spread = 0.1 * (4 / 3) ** 0.5 * (1 / 4 + made.test_to_train) ** 0.5
    assert measured.value == pytest.approx(0.7)
    assert measured.low == pytest.approx(max(0.0, 0.7 - 2.3534 * spread), abs=1e-4)


def test_choosing_among_options_that_are_alike_brings_nothing() -> None:
    """The best of eight in a fold itself is 1.42 deviations up; what the others choose is not.

    Its mean's standard error is .02 (100 seeds), as choices in a repeat's folds go together (.28):
    less than the 1/3 that the corrected interval of three folds allows for.
    """
    scores = np.random.default_rng(0).normal(size=(3_000, 8))
    chosen = scores[np.arange(3_000), choices(scores, 3)]
    assert scores.max(axis=1).mean() > 1.3 and abs(chosen.mean()) < 0.08


def test_a_generator_that_knows_no_classes_cannot_augment() -> None:
    train = parts()[0]
    blind = ImageGaussian(ImageGaussianConfig())
    blind.fit(replace(train, labels=None, classes=()), seed=0)
    with pytest.raises(UserError, match="asks a generator for images of each class: cannot"):
        draw(blind, np.array([3, 3]), train.classes, 0)


@cache
def judged(shuffle: bool, workers: int) -> JudgedImages:
    """All of the evidence, by few steps; perhaps with the training images in another order."""
    train, more = parts()
    order = np.random.default_rng(3).permutation(len(train)) if shuffle else np.arange(len(train))
    with pytest.MonkeyPatch.context() as patch:
        kept = {"copies": COPIES, "benefit": BENEFIT}
        patch.setattr(evaluate_module, "IMAGE_EVALUATORS", kept)
        return evaluate_images(
            train.take(order),
            more.take(np.arange(60)),
            more.take(np.arange(60, 120)),
            config=ASKED.model_copy(update={"ratio": 0.5}),
            make_and_fit=partial(sampler, "gaussian", more),
            benefit=ImageBenefitConfig(steps=3),
            workers=workers,
        )


@pytest.mark.slow
def test_neither_order_nor_workers_change_a_bit() -> None:
    first, again = judged(False, 1), judged(True, 2)
    assert first.evidence == again.evidence
    assert first.evidence.verdict.purpose is Purpose.AUGMENTATION
    names = [m.name for m in first.evidence.measurements]
    assert "copy_excess" in names and names[-1] == "agreed_share"


def test_the_page_says_what_ours_gains() -> None:
    evidence = judged(False, 1).evidence
    plot = plot_arms(evidence)
    assert "By balanced accuracy, real + classic + synthetic changes the score" in plot.meaning
    reasons = " ".join(gate.reason for gate in evidence.verdict.gates)
    assert "rows" not in reasons and len(evidence.notes) == 3


def test_thorough_tries_every_ratio() -> None:
    asked = EvaluateConfig(
        purpose=Purpose.AUGMENTATION, protocol=Protocol.THOROUGH, folds=3, repeats=1,
        ratios=(2.0, 0.5),
    )  # fmt: skip
    hasty = ImageBenefitConfig(steps=1)
    shown = measure_benefit(replace(case(Spy(), asked), benefit=hasty)).findings
    assert [curve.x for curve in shown.curves] == [(0.5, 2.0)] * 2
    options = {arm.name for arm in shown.arms if arm.name.startswith(f"{OURS} x")}
    assert options == {f"{OURS} x{r}, {k}" for r in ("0.5", "2") for k in ("all", "agreed")}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"make_and_fit": None}, "needs a generator that can be fitted anew"),
        ({"bare": True}, "needs images with labels"),
        ({"config": {"folds": 61}}, "the class 'across' has 60 training images, so at most 60"),
        (
            {"config": {"augmentation_gates": (Gate(metric="worth_rows", better_than=0),)}},
            "'worth_rows' of images; known for augmentation: accuracy_gain, agreed_share",
        ),
        ({"config": {"protocol": "thorough", "subgroups": ("label",)}}, "subgroups has no effect"),
    ],
)
def test_what_cannot_be_judged_says_why(change: dict[str, object], words: str) -> None:
    train, more = parts()
    sets = [train, more.take(np.arange(60)), more.take(np.arange(60, 120))]
    if change.get("bare"):
        sets = [ImageSet(each.images, None, (), "") for each in sets]
    asked = {"purpose": "augmentation", **change.get("config", {})}  # type: ignore[dict-item]
    with pytest.MonkeyPatch.context() as patch, pytest.raises(UserError, match=words):
        patch.setattr(evaluate_module, "IMAGE_EVALUATORS", {"benefit": BENEFIT})
        evaluate_images(
            *sets,
            config=EvaluateConfig.model_validate(asked),
            make_and_fit=change.get("make_and_fit", lambda images, seed: Held(images)),  # type: ignore[arg-type]
        )


def test_ways_to_keep_images_are_named_once() -> None:
    with pytest.raises(ValueError, match="names one twice"):
        ImageBenefitConfig(keep=(Keep.ALL, Keep.ALL))


def test_images_of_one_patient_are_in_one_fold() -> None:
    train = bars(120, 0)
    whole = replace(train, groups=np.arange(120) // 6)
    plan = Plan(whole, partial(sampler, "good", bars(200, 1)), (1.0,), QUICK, 0)
    splits = splits_of(plan, 4, 2)
    assert len(splits) == 8
    for split in splits:
        inside, held = (set(whole.take(rows).groups.tolist()) for rows in (split.fit, split.held))
        assert not inside & held and len(inside | held) == 20
    assert {row for split in splits[:4] for row in split.held.tolist()} == set(range(120))
    assert {tuple(s.held) for s in splits[:4]} != {tuple(s.held) for s in splits[4:]}
    with pytest.raises(UserError, match="of 20 groups that are kept whole, so at most 20 folds"):
        splits_of(plan, 21, 1)
    by_image = splits_of(replace(plan, train=train), 4, 1)
    known = [set((split.fit // 6).tolist()) & set((split.held // 6).tolist()) for split in by_image]
    assert all(known)


def test_halves_keep_a_patient_whole() -> None:
    train = replace(bars(120, 0), groups=np.arange(120) // 6)
    case = ImageCase(train, bars(60, 1), bars(60, 2), ASKED)
    first, second = case.halves
    assert len(first) == len(second) == 60
    assert not set(first.groups.tolist()) & set(second.groups.tolist())
