"""A threshold for scores of steps at a stated rate of false events, from a stretch held out.

Neighbouring steps are alike, so that one of them in calibration says little more than the other:
what counts as one there is a block of steps, by its highest score. Where blocks are exchangeable,
the highest score of a new block lies above the j-th highest of k calibration blocks with a chance
of j / (k + 1) at most (conformal prediction; Vovk et al. 2005). Alarms less than a block apart are
one event, so that events are no more than the blocks with an alarm; hence the rate of events.

That is exact for exchangeable blocks. For a stationary series whose memory is short beside a block
it holds nearly, as `tests/models/test_block_threshold.py` measures; for one that drifts it does not
hold at all. It is a mean over calibration stretches: with few blocks, the one at hand may have left
a threshold that is twice too low, or too high.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from components.data.series import Positions
from components.errors import UserError
from components.models.calibration import Calibration

PER = 1_000
"""Rates are of events in so many steps."""

Scores = NDArray[np.float64]


@dataclass(frozen=True)
class BlockThreshold:
    """Steps with a score above `value` raise an alarm; alarms less than `block` apart are an event.

    On average over calibration stretches there are at most `rate` false events in 1,000 steps.
    """

    value: float
    rate: float
    block: int


def block_maxima(oddness: Scores, stretches: Positions, block: int) -> Scores:
    """The highest score of each whole block, cut one after another out of each stretch.

    Blocks with a step that has no score (NaN) are left out.

    >>> block_maxima(np.array([1.0, 5, 2, 3, 9, 4]), np.array([[0, 5]]), 2).tolist()
    [5.0, 3.0]
    """
    found = [np.empty(0)]
    for first, end in stretches:
        count = (end - first) // block
        found.append(oddness[first : first + count * block].reshape(count, block).max(axis=1))
    maxima = np.concatenate(found)
    return maxima[~np.isnan(maxima)]


def lowest_rate(num_blocks: int, block: int) -> float:
    """The lowest rate of false events in 1,000 steps that so many blocks can state.

    >>> round(lowest_rate(99, 64), 5)
    0.15625
    """
    return PER / (block * (num_blocks + 1))


def threshold_at(scale: Calibration, block: int, rate: float) -> BlockThreshold:
    """The lowest threshold with at most `rate` false events in 1,000 steps.

    `scale` is that of block maxima. Raises UserError where there are too few blocks to state such a
    rate, or where it asks for an event in every block.

    >>> found = threshold_at(Calibration.of(np.arange(99.0)), 50, 0.5)
    >>> found.value, round(found.rate, 6)
    (97.0, 0.4)
    """
    share = rate * block / PER
    if not 0 < share < 1:
        raise UserError(
            f"a rate of {rate:g} false events in {PER:,} steps cannot be had: events are {block} "
            f"steps apart at least, so that a rate below {PER / block:g} is accepted"
        )
    if share * (scale.num_rows + 1) < 1 - 1e-9:
        raise UserError(
            f"a rate of {rate:g} false events in {PER:,} steps cannot be stated from "
            f"{scale.num_rows} blocks of {block} steps; from these "
            f"{lowest_rate(scale.num_rows, block):g} can, and {rate:g} from "
            f"{math.ceil(PER / rate):,} steps held out"
        )
    return BlockThreshold(scale.threshold(share), scale.stated_rate(share) * PER / block, block)
