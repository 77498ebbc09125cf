"""When a trial that is looked at after every repeat may stop."""

from collections.abc import Sequence

import numpy as np
from scipy import stats

from components.config import Gate
from components.evaluation.benefit.gain import Trial
from components.evaluation.evidence import Measurement, Outcome
from components.evaluation.gates import decide, interval_of
from components.evaluation.sequential import variance_factor

CLEARED = "its gates are cleared"
REFUSED = "a gate is refused"
FUTILE = "more repeats could not clear a gate"
SURPRISE = 0.99


def decision(
    gates: Sequence[Gate], measurements: Sequence[Measurement], trial: Trial
) -> str | None:
    """Why to stop now, or None to go on.

    Stop where every gate on these measurements is cleared; where one is refused, its better end
    being short of the bar; or where one is beyond hope. With no gate on them there is nothing to
    decide, and the trial goes on. Bounds must be valid at every look, as `Trial.interval`'s are.
    """
    known = {measurement.name: measurement for measurement in measurements}
    states = [_state(gate, known[gate.metric], trial) for gate in gates if gate.metric in known]
    for reason in (REFUSED, FUTILE):
        if reason in states:
            return reason
    return CLEARED if states and all(state == CLEARED for state in states) else None


def _state(gate: Gate, measurement: Measurement, trial: Trial) -> str | None:
    """A gate's state by the rule of the verdict, or that it is beyond hope."""
    found = interval_of(gate, measurement)
    outcome = decide(found.low, found.high, gate, measurement.goal)
    if outcome is not Outcome.UNDECIDED:
        return CLEARED if outcome is Outcome.PASSED else REFUSED
    sign = 1 if measurement.goal == "maximise" else -1
    worse = min(sign * found.low, sign * found.high)
    hope = hoped_for(sign * found.value, worse, measurement.confidence, trial)
    return FUTILE if hope <= sign * gate.bar else None


def hoped_for(value: float, low: float, confidence: float, trial: Trial) -> float:
    """The lower bound that the last look would show, were the repeats to come lucky.

    Given the mean at a look, that at the last one is normal about it, its variance the difference
    of theirs (both have all later folds in common); lucky is its 99% point. Stopping for want of
    hope only ever makes a pass rarer.

    >>> # after the last repeat there is nothing left to hope for
    """
    assert trial.looks is not None
    last = trial.looks * trial.num_folds
    factors = [variance_factor(n, trial.test_to_train) for n in (len(trial.folds), last)]
    reaches = [
        float(stats.t.isf(trial.level(1 - confidence, look), count - 1))
        for look, count in ((trial.repeats, len(trial.folds)), (trial.looks, last))
    ]
    spread = (value - low) / (reaches[0] * np.sqrt(factors[0]))
    luck = float(stats.norm.ppf(SURPRISE)) * np.sqrt(factors[0] - factors[1])
    return float(value + spread * (luck - reaches[1] * np.sqrt(factors[1])))
