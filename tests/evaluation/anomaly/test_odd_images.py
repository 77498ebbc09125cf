"""Test images that are shown where anomalies are found: the oddest, the least odd, and errors."""

import numpy as np

from components.config import EvaluateConfig, Purpose
from components.data.images.sets import ImageSet
from components.evaluation.anomaly.case import AnomalyCase, Scored
from components.evaluation.anomaly.odd_images import odd_images_panel
from components.evaluation.images.panels import Panel, Strip
from components.models.calibration import Calibration


def panel(kinds: list[str], oddness: list[float]) -> Panel:
    """The panel of images of one shade each: the first is of shade 0, the next of 1, and so on.

    An alarm is raised above 94.
    """
    shades = np.arange(len(kinds), dtype=np.uint8)[:, None, None, None]
    test = ImageSet(np.broadcast_to(shades, (len(kinds), 4, 4, 1)), None, (), "")
    scored = Scored(np.array(oddness), Calibration.of(np.arange(99.0)))
    config = EvaluateConfig(purpose=Purpose.ANOMALY)
    return odd_images_panel(test, AnomalyCase(np.array(kinds, dtype=object), scored, config))


def shades(strip: Strip) -> list[int]:
    return [int(image[0, 0, 0]) for image in strip.images]


def test_the_oddest_and_the_least_odd_and_what_was_wrong_are_shown():
    found = panel(
        ["normal", "normal", "normal", "crack", "crack", "rust"], [1.0, 95.5, 99.0, 96.0, 94.0, 2.0]
    )
    assert {strip.title: shades(strip) for strip in found.strips} == {
        "oddest": [2, 3, 1, 4, 5, 0],
        "least odd": [0, 5, 4, 1, 3, 2],
        "false alarms": [2, 1],
        "missed": [5, 4],
    }
    captions = {strip.title: strip.captions for strip in found.strips}
    assert captions["false alarms"] == ("normal: 99", "normal: 95.5")
    assert captions["missed"] == ("rust: 2", "crack: 94")
    assert "2 of 3 normal test images raise an alarm" in found.meaning
    assert "2 of 3 anomalies raise none" in found.meaning
    assert "above 94." in found.reading


def test_eight_of_many_are_shown_and_no_errors_where_there_are_none():
    found = panel(["normal"] * 20 + ["crack"] * 20, [*range(20), *range(100, 120)])
    assert {strip.title: shades(strip) for strip in found.strips} == {
        "oddest": list(range(39, 31, -1)),
        "least odd": list(range(8)),
    }
