"""Networks that grow while they are trained, from small images to large ones."""

from typing import Protocol, runtime_checkable


@runtime_checkable
class Growing(Protocol):
    """A network that is told, before each step, what share of the steps lies behind it."""

    def grow(self, progress: float) -> None:
        """Be as large as it should be by now."""
        ...


def stage_at(progress: float, grown_by: float, num_stages: int) -> float:
    """How far a network is grown, from 0 (its smallest images) to `num_stages` (its largest).

    The time up to the share `grown_by` of the steps is split evenly: one part for the smallest
    images alone, one for each further stage, in whose first half it is faded in.

    >>> [stage_at(progress, 0.6, 2) for progress in (0.0, 0.1, 0.25, 0.35, 0.45, 0.7)]
    [0.0, 0.0, 0.5, 1.0, 1.5, 2.0]
    """
    if progress >= grown_by:
        return float(num_stages)
    place = progress / grown_by * (num_stages + 1)
    stage = int(place)
    if stage == 0:
        return 0.0
    return stage - 1 + min(1.0, 2 * (place - stage))
