"""What is judged beside what other generators make of the same training images."""

from dataclasses import replace

import numpy as np

from components.evaluation.evidence import Comparison, Measurement
from components.evaluation.images.case import ImageCase, ImageEvaluator, ImageFindings


def measured_beside(evaluator: ImageEvaluator, case: ImageCase) -> ImageFindings:
    """What `evaluator` finds, each metric compared with the baselines that gates ask it to beat.

    A baseline's images take the place of the judged ones; all else is the same. The difference's
    bounds take the two intervals for independent. Both are measured on the same test images, which
    mostly move them together, so that the bounds are rather too wide.
    """
    found = evaluator.run(case)
    measured = {each.name for each in found.findings.measurements}
    asked = {
        gate.baseline
        for gate in case.config.gates
        if gate.metric in measured and gate.baseline in case.baselines
    }
    for name in sorted(filter(None, asked)):
        others = evaluator.run(case.of(case.baselines[name])).findings.measurements
        found = _compared(found, name, {each.name: each for each in others})
    return found


def _compared(found: ImageFindings, name: str, others: dict[str, Measurement]) -> ImageFindings:
    measurements = tuple(
        each.model_copy(
            update={"comparisons": (*each.comparisons, compared(each, others[each.name], name))}
        )
        for each in found.findings.measurements
    )
    return replace(found, findings=replace(found.findings, measurements=measurements))


def compared(ours: Measurement, theirs: Measurement, name: str) -> Comparison:
    """Our value less that of the baseline called `name`.

    >>> def recall(value: float) -> Measurement:
    ...     return Measurement(
    ...         name="recall", family="fidelity", value=value, low=value - 0.03, high=value + 0.04,
    ...         confidence=0.95, goal="maximise", ideal=1.0, meaning="recall",
    ...     )
    >>> found = compared(recall(0.7), recall(0.5), "class_gaussian")
    >>> round(found.value, 3), round(found.low, 3), round(found.high, 3)
    (0.2, 0.15, 0.25)
    """
    below = float(np.hypot(ours.value - ours.low, theirs.high - theirs.value))
    above = float(np.hypot(ours.high - ours.value, theirs.value - theirs.low))
    gap = ours.value - theirs.value
    return Comparison(baseline=name, value=gap, low=gap - below, high=gap + above)
