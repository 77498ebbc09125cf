"""The verdict on synthetic images: all that can be said of them, and whether the gates are met."""

import hashlib
import logging
import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from components.config import SHARING_GATES as FOR_TABLES
from components.config import EvaluateConfig, Protocol, Purpose
from components.config.image_evaluation import USUAL_BENEFIT, ImageBenefitConfig
from components.data.images.sets import UNKNOWN, ImageSet
from components.errors import UserError
from components.evaluation.evidence import Evidence
from components.evaluation.fewest import MIN_IMAGES, NOTHING_TO_TELL
from components.evaluation.gates import judge
from components.evaluation.images.baselines import measured_beside
from components.evaluation.images.case import ImageCase, ImageFindings, Panel, canonical_images
from components.evaluation.images.catalog import (
    FOR_LABELS,
    IMAGE_EVALUATORS,
    SHARING_GATES,
    image_metrics,
)
from components.evaluation.images.looks import side_by_side
from components.evaluation.images.making import ImageSampler, MakeAndFitImages
from components.evaluation.images.selftest import check_image_self_test
from components.evaluation.images.wording import verdict_of_images
from components.models.contract import LogMetrics, log_nothing
from components.threads import limited_threads

logger = logging.getLogger(__name__)

NO_BASELINES: Mapping[str, ImageSet] = {}


@dataclass(frozen=True)
class JudgedImages:
    """The evidence, and what is to be looked at beside it."""

    evidence: Evidence
    panels: tuple[Panel, ...]


def evaluate_images(
    train: ImageSet,
    test: ImageSet,
    synthetic: ImageSet,
    *,
    config: EvaluateConfig,
    make_and_fit: MakeAndFitImages | None = None,
    benefit: ImageBenefitConfig = USUAL_BENEFIT,
    baselines: Mapping[str, ImageSet] = NO_BASELINES,
    workers: int | None = None,
    log: LogMetrics = log_nothing,
    generator: ImageSampler | None = None,
) -> JudgedImages:
    """Everything that can be said of `synthetic` for the purpose asked for, with the verdict.

    Where the gates of sharing are those of tables by default, the ones of images are asked.
    `make_and_fit(images, seed)` fits a fresh generator of the judged kind; it is called in every
    fold of the benefit trial, perhaps in another process, and only for augmentation, for which
    `benefit` says what classic augmentation is and how synthetic images are used. `baselines` are
    what other generators made of the training images, by the names that gates ask for. For
    classification the `generator` itself is judged, which classifies. The same images, in any
    order, and the same config give the same evidence, bit for bit, whatever the number of `workers`
    (default: two processes, or one where there is one core). `log` is called with the number of
    parts done. Raises UserError for images that cannot be judged.
    """
    if config.purpose is Purpose.AUGMENTATION and make_and_fit is None:
        raise UserError(
            "purpose = augmentation needs a generator that can be fitted anew inside each "
            "fold; images alone can be judged for sharing"
        )
    check_asked_of_images(config, baselines)
    given = _agreeing(train, test, synthetic)
    beside = {name: _agreeing(train, test, made)[2] for name, made in baselines.items()}
    sets = [canonical_images(each, config.seed) for each in given]
    case = ImageCase(
        sets[0],
        sets[1],
        sets[2],
        config,
        len(given[0]),
        make_and_fit,
        benefit=benefit,
        workers=min(2, os.cpu_count() or 1) if workers is None else workers,
        log=log,
        baselines={name: canonical_images(made, config.seed) for name, made in beside.items()},
        generator=generator,
    )
    if config.purpose is Purpose.AUGMENTATION and not case.is_labelled:
        raise UserError("augmentation needs images with labels, of two classes at least")
    case = replace(case, config=_with_gates(case))
    found = _run_evaluators(case, log)
    panels = tuple(panel for part in found for panel in part.panels)
    return JudgedImages(_evidence(case, found, given), (side_by_side(case), *panels))


def _run_evaluators(case: ImageCase, log: LogMetrics) -> list[ImageFindings]:
    """All evaluators of the purpose, one after another; `log` is called after each."""
    chosen = [each for each in IMAGE_EVALUATORS.values() if case.config.purpose in each.purposes]
    found: list[ImageFindings] = []
    with limited_threads(1):  # small networks gain a fifth from two, and lose much beside others
        for evaluator in chosen:
            logger.info("measuring %s", ", ".join(metric.name for metric in evaluator.metrics))
            found.append(measured_beside(evaluator, case))
            log(len(found), {"evaluators_done": len(found) / len(chosen)})
    return found


def _evidence(
    case: ImageCase, found: Sequence[ImageFindings], given: tuple[ImageSet, ImageSet, ImageSet]
) -> Evidence:
    """What evaluators found, with the verdict; `given` are the images before some were drawn."""
    config = case.config
    measurements = tuple(m for part in found for m in part.findings.measurements)
    num_train, num_test, num_synthetic = map(len, given)
    return Evidence(
        num_train=num_train,
        num_test=num_test,
        num_synthetic=num_synthetic,
        target="class" if case.is_labelled else "none",
        test_sha256=hashlib.sha256(case.test.images.tobytes()).hexdigest(),
        measurements=measurements,
        columns=(),
        pairs=(),
        arms=tuple(arm for part in found for arm in part.findings.arms),
        curves=tuple(curve for part in found for curve in part.findings.curves),
        attacks=tuple(attack for part in found for attack in part.findings.attacks),
        verdict=verdict_of_images(judge(measurements, config.gates, config.purpose)),
        notes=(*_notes(case, given), *(note for part in found for note in part.notes)),
    )


def _notes(case: ImageCase, given: tuple[ImageSet, ...]) -> tuple[str, ...]:
    """Which sets were too large to be looked at whole."""
    kept = {"training": case.train, "test": case.test, "synthetic": case.synthetic}
    return tuple(
        f"{len(drawn):,} of {len(whole):,} {name} images were drawn at random and looked at"
        for (name, drawn), whole in zip(kept.items(), given, strict=True)
        if len(drawn) < len(whole)
    )


def check_asked_of_images(config: EvaluateConfig, baselines: Collection[str]) -> None:
    """Raise UserError for settings without an effect, or a gate on what images do not have.

    `baselines` are the names of the generators that images are compared with for sharing.
    """
    if config.purpose is Purpose.AUGMENTATION:
        if config.subgroups is not None:
            raise UserError("evaluate.subgroups has no effect on images")
    elif config.protocol is not Protocol.QUICK:
        raise UserError(
            f"protocol = {config.protocol} has no effect on images for {config.purpose}"
        )
    known = image_metrics(config.purpose)
    for gate in () if _asks_the_usual(config) else config.gates:
        if gate.metric not in known:
            raise UserError(
                f"a gate asks for the metric {gate.metric!r} of images; "
                f"known for {config.purpose}: {', '.join(sorted(known))}"
            )
        check_image_self_test(gate.metric)
        if config.purpose is Purpose.SHARING and gate.baseline not in (None, *baselines):
            raise UserError(
                f"a gate asks for {gate.metric!r} better than {gate.baseline!r}, which is no "
                f"baseline; there are: {', '.join(baselines) or 'none'} "
                "(evaluate_images.baselines)"
            )


def _asks_the_usual(config: EvaluateConfig) -> bool:
    """Whether the gates are those of tables by default, in whose place images have their own."""
    return config.purpose is Purpose.SHARING and config.gates == FOR_TABLES


def _with_gates(case: ImageCase) -> EvaluateConfig:
    """The settings with the gates of images where those of tables stand by default."""
    config, gates = case.config, case.config.gates
    if _asks_the_usual(config):
        gates = (*FOR_LABELS, *SHARING_GATES) if case.is_labelled else SHARING_GATES
    return config.model_copy(update={f"{config.purpose}_gates": gates})


def _agreeing(
    train: ImageSet, test: ImageSet, synthetic: ImageSet
) -> tuple[ImageSet, ImageSet, ImageSet]:
    """The sets, labelled by the training images' classes; raises UserError where they differ."""
    sets = {"training": train, "test": test, "synthetic": synthetic}
    for name, each in sets.items():
        if len(each) < MIN_IMAGES:
            raise UserError(
                f"there are {len(each)} {name} images; at least {MIN_IMAGES} can be judged"
            )
        if each.images.shape[1:] != train.images.shape[1:]:
            raise UserError(
                f"the {name} images are of {_size(each)}, the training images of {_size(train)}; "
                "all must be alike"
            )
        if name != "synthetic" and (each.images == each.images[0]).all():
            raise UserError(NOTHING_TO_TELL.format(name=name))
        strange = set(each.classes) - set(train.classes)
        if train.labels is not None and strange:
            raise UserError(
                f"the {name} images have the class {sorted(strange)[0]!r}, which no training "
                f"image has; known: {', '.join(train.classes)}"
            )
    first, second, third = (_relabelled(each, train) for each in sets.values())
    return first, second, third


def _relabelled(images: ImageSet, train: ImageSet) -> ImageSet:
    """Labels as positions in the training images' classes; none where these have none."""
    if images.labels is None or train.labels is None:
        return replace(images, labels=None, classes=())
    places = [*(train.classes.index(name) for name in images.classes), UNKNOWN]
    return replace(
        images, labels=np.array(places, dtype=np.int64)[images.labels], classes=train.classes
    )


def _size(images: ImageSet) -> str:
    _, height, width, channels = images.images.shape
    return f"{width} x {height} pixels, {channels} channels"
