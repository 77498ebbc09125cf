"""What more or less privacy would cost: a generator at several strengths, on rows held out."""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from components.config import EvaluateConfig, ModelConfig, Purpose, Split
from components.data.table import Table
from components.evaluation.catalog import EVALUATORS
from components.evaluation.evaluate import RANDOM
from components.evaluation.evidence import Curve, Measurement
from components.models.contract import log_nothing
from components.racing.parts import HELD_OUT_SHARE, Parts, drawn_case, fitted_inside, hold_out
from components.threads import limited_threads

logger = logging.getLogger(__name__)

PREFIX = "trade_off_"
FEWEST_ROWS = 200


@dataclass(frozen=True)
class Knob:
    """A setting that buys privacy with likeness, what to try around its value, and evaluators."""

    setting: str
    tried: Callable[[float], tuple[float, ...]]
    evaluators: tuple[str, ...]


KNOBS = {
    "private": Knob(
        "epsilon",
        lambda own: (own / 4, own / 2, own, 2 * own, 4 * own),
        evaluators=("utility", "two_sample"),
    ),
}
"""By generator. The privacy of `private` is its epsilon, so what it buys need not be attacked."""


def trade_off(
    config: ModelConfig, table: Table, *, seed: int, split: Split = RANDOM
) -> tuple[Curve, ...]:
    """A curve over the knob for each gated metric, by rows held out of `table`; () without a knob.

    The generator is fitted anew at each strength on the rows that are left, so that the locked test
    rows decide on one strength alone. Nothing is told of tables of fewer than `FEWEST_ROWS` rows.
    """
    knob = KNOBS.get(config.name)
    if knob is None or len(table) < FEWEST_ROWS:
        return ()
    parts = hold_out(table, HELD_OUT_SHARE, seed, split)
    strengths = knob.tried(getattr(config, knob.setting))
    found: dict[str, list[Measurement]] = {}
    for strength in strengths:
        tried = config.model_copy(update={knob.setting: strength})
        with limited_threads(1):
            for measurement in _measured(tried, parts, knob, seed):
                found.setdefault(measurement.name, []).append(measurement)
        logger.info("trade-off: %s %g measured", knob.setting, strength)
    return tuple(
        Curve(
            name=f"{PREFIX}{metric}",
            x=strengths,
            y=tuple(m.value for m in points),
            low=tuple(m.low for m in points),
            high=tuple(m.high for m in points),
            x_title=knob.setting,
            y_title=metric,
        )
        for metric, points in found.items()
    )


def _measured(config: ModelConfig, parts: Parts, knob: Knob, seed: int) -> list[Measurement]:
    """The gated metrics of the rows of one strength."""
    settings = EvaluateConfig(purpose=Purpose.SHARING, seed=seed)
    gated = {gate.metric for gate in settings.gates}
    case = drawn_case(fitted_inside(config, parts, seed), parts, settings)
    return [
        measurement
        for name in knob.evaluators
        for measurement in EVALUATORS[name].run(case, log_nothing).measurements
        if measurement.name in gated
    ]
