"""Labels that no longer follow from the other columns are drift; what only looks so is none."""

import numpy as np
import pandas as pd
import pytest

from components.data.batches import frame_batches
from components.data.images.bundled import load_bundled_images
from components.data.images.sets import ImageSet
from components.data.schema import Column, ColumnKind, Schema
from components.data.table import Table
from components.monitoring.drift import detect, make_baseline
from components.monitoring.follows import Labelled, tell_follows
from components.monitoring.image_facts import ImageFacts, facts_schema
from components.monitoring.report import DriftReport, Status, Unit
from tests.monitoring.detection import detect_drift

KINDS = {"x": "numerical", "y": "numerical", "city": "categorical"}


def frame(num_rows: int, seed: int, strength: float = 2.0) -> pd.DataFrame:
    """Labels by the product of two numbers and by the city; a number that follows as well."""
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(2, num_rows))
    city = rng.choice(["Bergen", "Cork", "Delft"], num_rows)
    odds = strength * (x * y + 1.5 * (city == "Cork") - 0.5)
    label = np.where(rng.random(num_rows) < 1 / (1 + np.exp(-odds)), "yes", "no")
    cost = strength * (x + np.abs(y)) + rng.normal(size=num_rows)
    return pd.DataFrame({"x": x, "y": y, "city": city, "label": label, "cost": cost})


def table(num_rows: int, target: str, **options: float) -> Table:
    kinds = {**KINDS, "label": "categorical", "cost": "numerical"}
    rows = frame(num_rows, 0, **options)[[*KINDS, target]]
    columns = tuple(
        Column(
            name=str(name),
            kind=ColumnKind(kinds[str(name)]),
            dtype=str(rows[name].dtype),
            categories=tuple(sorted(set(rows[name]))) if kinds[str(name)] == "categorical" else (),
        )
        for name in rows
    )
    return Table(rows, Schema(columns=columns, target=target))


def mixed_up(rows: pd.DataFrame, target: str, first: int) -> pd.DataFrame:
    values = rows[target].to_numpy().copy()
    np.random.default_rng(9).shuffle(values[first:])
    return rows.assign(**{target: values})


@pytest.mark.parametrize("target", ["label", "cost"])
def test_labels_shuffled_midway_are_drift(target: str) -> None:
    told, rows = table(2_000, target), frame(1_000, 1)[[*KINDS, target]]
    report = detect_drift(told, rows).report
    assert report.status is Status.OK and report.target is not None
    assert abs(report.target.now - report.target.held_out) < 0.1
    report = detect_drift(told, mixed_up(rows, target, 500)).report
    assert report.status is Status.DRIFT and report.breached
    assert not any(column.drifted for column in report.columns)
    assert report.target is not None and report.target.drifted and target in report.worst
    assert f"'{target}' no longer follows from the other columns as it did" in report.reason


def test_labels_that_nothing_tells_are_not_asked_about() -> None:
    told = table(2_000, "label", strength=0.0)
    report = detect_drift(told, frame(1_000, 1, 0.0)[[*KINDS, "label"]]).report
    assert report.target is None and report.status is Status.OK


def test_a_target_that_moved_alone_is_asked_about() -> None:
    rows = frame(1_000, 1)[[*KINDS, "label"]]
    turned = rows.assign(label=rows["label"].map({"yes": "no", "no": "yes"}))
    report = detect_drift(table(2_000, "label"), turned).report
    assert report.target is not None and report.target.now < 0 and report.status is Status.DRIFT


def test_a_target_that_is_empty_or_missing_is_none_of_this() -> None:
    rows = frame(500, 1)[[*KINDS, "label"]]
    for changed in (rows.assign(label=None), rows.drop(columns="label")):
        report = detect_drift(table(1_000, "label"), changed).report
        assert report.status is Status.DRIFT and report.target is None


def labelled(rows: pd.DataFrame) -> Labelled:
    x = np.column_stack([rows["x"], rows["y"], rows["city"] == "Cork"]).astype(float)
    return Labelled(x, (rows["label"] == "yes").to_numpy(dtype=float))


def test_healthy_labels_are_seldom_called_mixed_up_and_mixed_up_ones_are() -> None:
    column = table(50, "label").schema["label"]
    healthy, mixed = 0, 0
    for seed in range(24):
        strength = (0.5, 1.0, 4.0)[seed % 3]
        old, new = (labelled(frame(n, 100 * seed + n, strength)) for n in (400, 300))
        found = tell_follows(old, new, column, alpha=0.1)
        healthy += bool(found and found.drifted)
        turned = new.y.copy()
        np.random.default_rng(seed).shuffle(turned[150:])
        found = tell_follows(old, Labelled(new.x, turned), column, alpha=0.1)
        mixed += bool(found and found.drifted)
    assert healthy <= 4 and mixed >= 12  # of 24 looks, 2.4 healthy ones are expected at most


def test_class_folders_that_were_mixed_up_are_drift() -> None:
    digits = load_bundled_images("sklearn:digits")
    old, new = digits.take(np.arange(0, 1_200)), digits.take(np.arange(1_200, 1_700))
    facts = ImageFacts.of(old)
    known = facts.frame(old)
    baseline = make_baseline(frame_batches(known), facts_schema(known), unit=Unit.IMAGE)

    def look(images: ImageSet) -> DriftReport:
        return detect(baseline, frame_batches(facts.frame(images)), alarm_share=0.9).report

    fine, labels = look(new), new.labels
    assert labels is not None and fine.target is not None and not fine.target.drifted
    turned = labels.copy()
    np.random.default_rng(0).shuffle(turned[250:])
    report = look(ImageSet(new.images, turned, new.classes, ""))
    assert report.target is not None and report.target.drifted
    assert "'label' no longer follows from the other measures" in report.reason
