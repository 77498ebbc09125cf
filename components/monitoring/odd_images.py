"""New images by a model of normal ones: how many are odder than those, and which are the oddest."""

from dataclasses import dataclass
from typing import ClassVar

from components.data.images import ImageSet
from components.models.contract import ImageModel
from components.models.oddness import oddness
from components.monitoring.anomaly import find_anomalies
from components.monitoring.anomaly_report import AnomalyReport
from components.monitoring.at_a_rate import AtARate


@dataclass(frozen=True)
class ImageDetector(AtARate[ImageModel]):
    """A model of normal images, the scale of its scores, and the rate of false alarms."""

    compares_together: ClassVar[bool] = True
    """Images are drawn one by one, so that trees can tell whether those of two sides differ."""

    not_compared: ClassVar[tuple[str, ...]] = ()
    """All that is measured of images is of account to drift."""

    def find(self, images: ImageSet) -> AnomalyReport:
        """What the scores of the images say; raises UserError where there is none."""
        return find_anomalies(
            oddness(self.model, images), self.scale, rate=self.rate, unit="images"
        )
