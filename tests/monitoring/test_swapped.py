"""Columns that changed places are told."""

from components.monitoring.report import ChangeKind, Status
from tests.monitoring.detection import detect_drift
from tests.procedural import mixed_frame, mixed_table

REFERENCE = mixed_table(1_500)


def test_two_columns_that_changed_places_are_told() -> None:
    frame = mixed_frame(800, seed=2)
    turned = frame.assign(ratio=frame["amount"], amount=frame["ratio"])
    report = detect_drift(REFERENCE, turned).report
    assert report.status is Status.DRIFT
    (change,) = [c for c in report.changes if "swapped" in c.text]
    assert change.kind is ChangeKind.FOREIGN and "'amount' and 'ratio'" in change.text


def test_columns_that_moved_each_on_its_own_are_not_called_swapped() -> None:
    frame = mixed_frame(800, seed=3)
    moved = frame.assign(age=frame["age"] + 40, ratio=frame["ratio"] * 3)
    assert not [c for c in detect_drift(REFERENCE, moved).report.changes if "swapped" in c.text]
