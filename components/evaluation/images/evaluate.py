"""The verdict on synthetic images: all that can be said of them, and whether the gates are met."""

import hashlib
import logging
from dataclasses import dataclass, replace

import numpy as np

from components.config import SHARING_GATES as FOR_TABLES
from components.config import EvaluateConfig, Gate, Protocol, Purpose
from components.data.images import ImageSet
from components.errors import UserError
from components.evaluation.evidence import Evidence
from components.evaluation.gates import judge
from components.evaluation.images.case import ImageCase, Panel, canonical_images
from components.evaluation.images.catalog import (
    FOR_LABELS,
    IMAGE_EVALUATORS,
    SHARING_GATES,
    image_metrics,
)
from components.evaluation.images.looks import side_by_side
from components.evaluation.images.selftest import check_image_self_test
from components.models.contract import LogMetrics, log_nothing

logger = logging.getLogger(__name__)

MIN_IMAGES = 50


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
    log: LogMetrics = log_nothing,
) -> JudgedImages:
    """Everything that can be said of `synthetic` for sharing, with the verdict.

    Where the gates are those of tables by default, the ones of images are asked. The same images,
    in any order, and the same config give the same evidence, bit for bit, on one number of threads.
    `log` is called with the number of parts done. Raises UserError for images that cannot be
    judged.
    """
    _check_settings(config)
    train, test, synthetic = _agreeing(train, test, synthetic)
    sets = [canonical_images(each, config.seed) for each in (train, test, synthetic)]
    case = ImageCase(sets[0], sets[1], sets[2], config, num_train=len(train))
    case = replace(case, config=config.model_copy(update={"sharing_gates": _gates(case)}))
    found = []
    for evaluator in IMAGE_EVALUATORS.values():
        logger.info("measuring %s", ", ".join(metric.name for metric in evaluator.metrics))
        found.append(evaluator.run(case))
        log(len(found), {"evaluators_done": len(found) / len(IMAGE_EVALUATORS)})
    measurements = tuple(m for part in found for m in part.findings.measurements)
    evidence = Evidence(
        num_train=len(train),
        num_test=len(test),
        num_synthetic=len(synthetic),
        target="class" if case.is_labelled else "none",
        test_sha256=hashlib.sha256(case.test.images.tobytes()).hexdigest(),
        measurements=measurements,
        columns=(),
        pairs=(),
        arms=(),
        curves=tuple(curve for part in found for curve in part.findings.curves),
        attacks=tuple(attack for part in found for attack in part.findings.attacks),
        verdict=judge(measurements, case.config.sharing_gates, config.purpose),
        notes=_notes(case, (train, test, synthetic)),
    )
    panels = tuple(panel for part in found for panel in part.panels)
    return JudgedImages(evidence, (side_by_side(case), *panels))


def _notes(case: ImageCase, given: tuple[ImageSet, ...]) -> tuple[str, ...]:
    """Which sets were too large to be looked at whole."""
    kept = {"training": case.train, "test": case.test, "synthetic": case.synthetic}
    return tuple(
        f"{len(drawn):,} of {len(whole):,} {name} images were drawn at random and looked at"
        for (name, drawn), whole in zip(kept.items(), given, strict=True)
        if len(drawn) < len(whole)
    )


def _check_settings(config: EvaluateConfig) -> None:
    if config.purpose is not Purpose.SHARING:
        raise UserError(
            f"images are judged for sharing; purpose = {config.purpose} needs rows of a table"
        )
    if config.protocol is not Protocol.QUICK:
        raise UserError(f"protocol = {config.protocol} has no effect on images")


def _gates(case: ImageCase) -> tuple[Gate, ...]:
    """What is asked; raises UserError for a metric that images do not have."""
    gates = case.config.sharing_gates
    if gates == FOR_TABLES:
        gates = (*FOR_LABELS, *SHARING_GATES) if case.is_labelled else SHARING_GATES
    known = image_metrics()
    for gate in gates:
        if gate.metric not in known:
            raise UserError(
                f"a gate asks for the metric {gate.metric!r} of images; "
                f"known: {', '.join(sorted(known))}"
            )
        check_image_self_test(gate.metric)
    return gates


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
            raise UserError(f"the {name} images are all the same: nothing can be told from them")
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
    places = [train.classes.index(name) for name in images.classes]
    return replace(
        images, labels=np.array(places, dtype=np.int64)[images.labels], classes=train.classes
    )


def _size(images: ImageSet) -> str:
    _, height, width, channels = images.images.shape
    return f"{width} x {height} pixels, {channels} channels"
