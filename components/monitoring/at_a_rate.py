"""What finders of odd rows have in common, whatever they look at."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from components.models.calibration import Calibration

Model = TypeVar("Model")


@dataclass(frozen=True)
class AtARate(Generic[Model]):
    """A model of what is normal, the scale of its scores, and the rate of false alarms.

    Raises UserError where what was held out of the fit is too little to state that.
    """

    model: Model
    scale: Calibration
    rate: float

    def __post_init__(self) -> None:
        """Refuse a rate that cannot be stated, before anything is read."""
        self.scale.threshold(self.rate)
