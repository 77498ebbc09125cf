"""Images of which some have labels and others none: as sets, as rows, from files, prepared."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from components.config import (
    GroupSplit,
    ImagesConfig,
    MarkedSplit,
    NormalConfig,
    PrepareConfig,
    Split,
    TimeSplit,
    Unlabelled,
)
from components.data.images import labelled as labelled_images
from components.data.images.rows import read_foreign_rows, read_image_rows, to_rows, write_images
from components.data.images.schema import schema_of
from components.data.images.sets import UNKNOWN, joined
from components.data.images.sources import read_image_source
from components.errors import UserError
from components.stages.image_preparation import prepare_images
from components.stages.images import read_test_images, read_train_images
from components.stages.paths import StagePaths
from tests.data.test_image_sources import picture
from tests.pictured import digits

SOME = replace(digits(60), labels=np.where(np.arange(60) % 3 == 0, digits(60).labels, UNKNOWN))


def prepared(folder: Path, data: str, **images: object) -> StagePaths:
    """What `prepare` writes of images read by these settings."""
    config = PrepareConfig(data=data, target="label", images=ImagesConfig.model_validate(images))
    paths = StagePaths(folder)
    assert config.images is not None
    prepare_images(config, config.images, paths)
    return paths


def test_labels_that_are_not_known_stay_so_as_rows(tmp_path: Path) -> None:
    path = tmp_path / "some.parquet"
    write_images([SOME], path)
    assert pd.read_parquet(path)["label"].isna().sum() == 40
    again, (foreign, _) = read_image_rows(path, schema_of(SOME)), read_foreign_rows([path])
    assert np.array_equal(again.labels, SOME.labels) and again.classes == SOME.classes
    names = np.array([*foreign.classes, "none"])[foreign.labels]
    assert np.array_equal(names, np.array([*SOME.classes, "none"])[SOME.labels])
    assert not again.is_labelled and again.is_known.sum() == 20


def test_unlabelled_images_are_refused_or_all_trained_on(tmp_path: Path) -> None:
    path = tmp_path / "some.parquet"
    write_images(
        [replace(digits(200), labels=np.where(np.arange(200) % 4, digits(200).labels, -1))], path
    )
    with pytest.raises(UserError, match=r"50 of 200 images .* have no label; .*unlabelled = use"):
        read_image_source(str(path), ImagesConfig())
    ended = prepared(tmp_path / "out", str(path), unlabelled="use")
    training, test = read_train_images(ended), read_test_images(ended)
    assert test.is_labelled and (~training.is_known).sum() == 50
    assert len(training) + len(test) == 200


def test_a_csv_may_leave_labels_out_where_that_is_said(tmp_path: Path) -> None:
    for name in ("a.png", "b.png", "c.png"):
        picture(tmp_path / "pets" / name)
    csv = tmp_path / "labels.csv"
    csv.write_text("file,label\na.png,cat\nb.png,\nc.png,ant\n")
    with pytest.raises(UserError, match=r"no label for 'b.png'; .*unlabelled = use"):
        read_image_source(str(tmp_path / "pets"), ImagesConfig(labels=str(csv)))
    config = ImagesConfig(labels=str(csv), unlabelled=Unlabelled.USE)
    found = read_image_source(str(tmp_path / "pets"), config).images
    assert found.labels.tolist() == [1, UNKNOWN, 0] and found.classes == ("ant", "cat")


@pytest.mark.parametrize(
    ("labels", "classes"),
    [
        (("1", "", "0"), ("0", "1")),
        (("None", "", "NA"), ("NA", "None")),
        (("01", " ", "1"), ("01", "1")),
    ],
)
def test_labels_of_a_csv_are_classes_as_they_are_written(
    tmp_path: Path, labels: tuple[str, ...], classes: tuple[str, ...]
) -> None:
    rows = [f"{name}.png,{label},7" for name, label in zip("abc", labels, strict=True)]
    for name in "abc":
        picture(tmp_path / "pets" / f"{name}.png")
    csv = tmp_path / "labels.csv"
    csv.write_text("\n".join(["file,label,patient", *rows]))
    config = ImagesConfig(labels=str(csv), unlabelled=Unlabelled.USE)
    found = read_image_source(str(tmp_path / "pets"), config)
    assert found.images.classes == classes and found.images.labels[1] == UNKNOWN
    assert found.facts["patient"].tolist() == [7, 7, 7]
    table = pd.DataFrame({"file": ["a.png", "b.png", "c.png"], "label": [1.0, None, 0.0]})
    table.to_parquet(tmp_path / "labels.parquet")
    config = ImagesConfig(labels=str(tmp_path / "labels.parquet"), unlabelled=Unlabelled.USE)
    assert read_image_source(str(tmp_path / "pets"), config).images.classes == ("0", "1")


def test_a_class_that_is_called_na_is_not_told_to_be_missing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("a.png", "b.png"):
        picture(tmp_path / "pets" / name)
    csv = tmp_path / "labels.csv"
    csv.write_text("file,label,site\na.png,cat,NA\nb.png,NA,US\n")
    found = read_image_source(str(tmp_path / "pets"), ImagesConfig(labels=str(csv)))
    assert found.images.classes == ("NA", "cat")
    assert "'site' of labels.csv has cells 'NA'" in caplog.text
    assert "'label' of" not in caplog.text


def test_whole_numbers_of_foreign_rows_stay_whole_where_one_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "some.parquet"
    images = to_rows(digits(3))["image"].tolist()
    pq.write_table(pa.table({"image": images, "label": [1, None, 0]}), path)
    found, _ = read_foreign_rows([path])
    assert found.classes == ("0", "1") and found.labels.tolist() == [1, UNKNOWN, 0]


def split_by(tmp_path: Path, split: Split, **columns: object) -> tuple[list[int], list[int]]:
    """Which images are trained and tested on, each told by its shade, split by their CSV."""
    table = pd.DataFrame(columns)
    for shade in table.index:
        picture(tmp_path / "pets" / f"{shade}.png", shade=shade)
    table["file"] = [f"{shade}.png" for shade in table.index]
    table.to_csv(tmp_path / "labels.csv", index=False)
    images = ImagesConfig(labels=str(tmp_path / "labels.csv"), unlabelled=Unlabelled.USE)
    data = str(tmp_path / "pets")
    config = PrepareConfig(data=data, target="label", images=images, split=split, test_share=0.3)
    paths = StagePaths(tmp_path / "out")
    prepare_images(config, images, paths)
    shades = [read(paths).images[:, 0, 0, 0] for read in (read_train_images, read_test_images)]
    return shades[0].tolist(), shades[1].tolist()


def test_unlabelled_images_of_a_tested_group_are_left_out(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    patients = [f"p{row // 3}" for row in range(30)]
    labels = [None if row % 3 == 2 else "ab"[row % 3] for row in range(30)]
    with caplog.at_level("INFO"):
        training, test = split_by(
            tmp_path, GroupSplit(column="patient"), label=labels, patient=patients
        )
    tested = {patients[row] for row in test}
    assert tested and tested.isdisjoint(patients[row] for row in training)
    assert len(training) == 30 - 3 * len(tested)
    assert f"{len(tested)} images without a label are left out: by 'patient'" in caplog.text


def test_training_images_keep_whose_they_are(tmp_path: Path) -> None:
    patients = [f"p{row // 3}" for row in range(30)]
    training, _ = split_by(
        tmp_path, GroupSplit(column="patient"), label=["a", "b", "b"] * 10, patient=patients
    )
    paths = StagePaths(tmp_path / "out")
    kept = read_train_images(paths)
    assert len(set(kept.groups.tolist())) == len({patients[row] for row in training}) < 10
    for group in set(kept.groups.tolist()):
        assert len({patients[training[at]] for at in np.flatnonzero(kept.groups == group)}) == 1
    assert read_test_images(paths).groups is None and "group" not in pd.read_parquet(paths.test)
    halves = [kept.take(np.arange(5)), kept.take(np.arange(5, len(kept)))]
    assert joined(halves).groups.tolist() == kept.groups.tolist()
    assert joined([halves[0], replace(halves[1], groups=None)]).groups is None


def test_unlabelled_images_that_are_marked_are_left_out(tmp_path: Path) -> None:
    labels = ["a", "b", "a", "b", None, None, "a", "b"]
    marks = [False, False, False, False, True, False, True, True]
    split = MarkedSplit(column="test")
    assert split_by(tmp_path, split, label=labels, test=marks) == ([0, 1, 2, 3, 5], [6, 7])


def test_a_time_split_reads_dates_and_holds_for_unlabelled_images(tmp_path: Path) -> None:
    days = ["28/01/2024", "05/02/2024", "03/03/2024", "02/04/2024", "01/05/2024", "30/04/2024"]
    labels = ["a", "b", "a", "b", "a", None]
    days, labels = [*days, "01/01/2025", "27/01/2024"], [*labels, None, None]
    split = TimeSplit(column="day")
    assert split_by(tmp_path, split, label=labels, day=days) == ([0, 1, 2, 3, 7], [4])


@pytest.mark.parametrize(
    ("days", "message"),
    [
        (["first", "second", "third", "fourth"], "split column 'day' cannot be read as dates"),
        (["01/02/2024", "02/03/2024", "03/05/2024", "04/07/2024"], "tells day and month apart"),
        (["2024-01-01", "2024-02-01", "2024-03-01", None], "split column 'day' has missing values"),
    ],
)
def test_times_that_have_no_order_are_refused(
    tmp_path: Path, days: list[str | None], message: str
) -> None:
    labels = ["a", "b", "a", "b"] if None not in days else ["a", "a", "a", None]
    with pytest.raises(UserError, match=message):
        split_by(tmp_path, TimeSplit(column="day"), label=labels, day=days)


def test_an_anomaly_of_which_there_is_one_is_tested_on(tmp_path: Path) -> None:
    config = PrepareConfig(data="x", target="label", images=ImagesConfig())
    for row in range(9):
        picture(tmp_path / "pets" / ("cut" if row == 8 else "good") / f"{row}.png", shade=row)
    update = {"data": str(tmp_path / "pets"), "normal": NormalConfig(values=("good",))}
    paths = StagePaths(tmp_path / "out")
    prepare_images(config.model_copy(update=update), ImagesConfig(), paths)
    assert pd.read_parquet(paths.test)["label"].tolist().count("cut") == 1
    with pytest.raises(UserError, match="the class 'cut' has 1 image"):
        prepared(tmp_path / "else", str(tmp_path / "pets"))


def test_few_labels_are_kept_and_no_image_of_the_outlier(tmp_path: Path) -> None:
    ended = prepared(tmp_path, "sklearn:digits", labelled=5, outlier="3")
    whole = prepared(tmp_path / "whole", "sklearn:digits")
    training, everything = read_train_images(ended), read_train_images(whole)
    assert np.bincount(training.labels[training.is_known]).tolist() == [5, 5, 5, 0, *[5] * 6]
    assert len(training) == (everything.labels != 3).sum()
    assert ended.test.read_bytes() == whole.test.read_bytes()  # the same images stay locked


@pytest.mark.parametrize(
    ("images", "message"),
    [
        ({"outlier": "cat"}, "images.outlier names the class 'cat'; there are: 0, 1"),
        ({"fewer": {"cat": 2}}, "images.fewer names the class 'cat'"),
    ],
)
def test_a_class_that_is_not_there_is_named(tmp_path: Path, images, message: str) -> None:
    with pytest.raises(UserError, match=message):
        prepared(tmp_path, "sklearn:digits", **images)


def test_examples() -> None:
    import doctest

    assert doctest.testmod(labelled_images).failed == 0
