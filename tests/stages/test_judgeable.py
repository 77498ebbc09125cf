"""What cannot be judged is told after `prepare`, before anything is trained on it."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from components.config import Params, parse_params
from components.errors import UserError
from components.stages import prepare
from components.stages.judgeable import check_judgeable
from components.stages.paths import StagePaths
from tests.data.test_image_sources import picture


def settings(data: Path, purpose: str, **more: Any) -> Params:
    base = {
        "name": "few",
        "prepare": {"data": str(data), "target": "label", "images": {}, **more.pop("prepare", {})},
        "train": {"model": {"name": "image_gaussian"}, **more.pop("train", {})},
        "evaluate": {"purpose": purpose, "folds": 3},
        **more,
    }
    return parse_params(base, "the test")


def folder(root: Path, **counts: int) -> Path:
    """A folder of pictures for each class; `_` has none."""
    for name, count in counts.items():
        for number in range(count):
            place = f"{number}.png" if name == "_" else f"{name}/{number}.png"
            picture(root / "pictures" / place, shade=number)
    return root / "pictures"


def check(params: Params, root: Path) -> None:
    paths = StagePaths(root)
    prepare.run(params, paths)
    check_judgeable(params, paths)


@pytest.mark.parametrize(
    ("counts", "purpose", "message"),
    [
        (
            {"cat": 60, "dog": 60},
            "sharing",
            r"leaves 84 images to train on and 36 to test on \(prepare.test_share = 0.3\); at "
            "least 50 of each",
        ),
        ({"cat": 200}, "augmentation", "two classes at least, and there is the class 'cat' alone"),
        ({"_": 200}, "augmentation", "and there are none: labels are the names of folders"),
        (
            {"cat": 200, "dog": 3},
            "augmentation",
            "the class 'dog' has 2 training images, so at most 2 folds are possible",
        ),
        ({"cat": 200, "dog": 5}, "anomaly", "leaves 5 anomalies to test on; at least 10 are"),
    ],
)
def test_too_few_images_are_told_before_training(
    counts: dict[str, int], purpose: str, message: str, tmp_path: Path
) -> None:
    more: dict[str, Any] = {}
    if purpose == "anomaly":
        more = {"prepare": {"normal": {"values": ["cat"]}}, "train": {"calibration_share": 0.2}}
    with pytest.raises(UserError, match=message):
        check(settings(folder(tmp_path, **counts), purpose, **more), tmp_path)


def test_images_that_are_all_the_same_are_told_before_training(tmp_path: Path) -> None:
    for number in range(200):
        picture(tmp_path / "pictures" / f"{number}.png", shade=7)
    with pytest.raises(UserError, match="the training images are all the same: nothing can be"):
        check(settings(tmp_path / "pictures", "sharing"), tmp_path)


def test_too_few_patients_are_told_before_training(tmp_path: Path) -> None:
    data = folder(tmp_path, _=200)
    rows = [
        f"{n}.png,{'ill' if n < 100 else 'well'},{n // 40 if n < 100 else n}" for n in range(200)
    ]
    (tmp_path / "labels.csv").write_text("\n".join(["file,label,patient", *rows]))
    more = {
        "images": {"labels": str(tmp_path / "labels.csv")},
        "split": {"method": "group", "column": "patient"},
    }
    with pytest.raises(UserError, match=r"'ill' are of . groups that are kept whole, so at most"):
        check(settings(data, "augmentation", prepare=more), tmp_path)


@pytest.mark.parametrize(
    ("counts", "purpose"),
    [({"_": 200}, "sharing"), ({"cat": 200}, "sharing"), ({"a": 90, "b": 90}, "augmentation")],
)
def test_enough_images_are_trained_on(counts: dict[str, int], purpose: str, tmp_path: Path) -> None:
    params = settings(folder(tmp_path, **counts), purpose)
    check(params, tmp_path)
    with pytest.raises(UserError, match=r"synthesize\.rows = 20: at least 50 images"):
        check_judgeable(
            params.model_copy(
                update={"synthesize": params.synthesize.model_copy(update={"rows": 20})}
            ),
            StagePaths(tmp_path),
        )


def test_too_few_rows_of_a_table_are_told_before_training(tmp_path: Path) -> None:
    table = tmp_path / "few.csv"
    pd.DataFrame({"a": range(60), "label": ["x", "y"] * 30}).to_csv(table, index=False)
    base = settings(table, "sharing").model_dump(mode="json")
    base["prepare"] |= {"kinds": {"a": "integer"}, "images": None, "test_share": 0.1}
    base["train"]["model"] = {"name": "trees"}
    with pytest.raises(UserError, match="leaves 54 rows to train on and 6 to test on"):
        check(parse_params(base, "the test"), tmp_path)


def series_settings(root: Path, num_rows: int, odd_every: int, **evaluate: Any) -> Params:
    """A wave of so many steps, the later half with some odd ones every so often."""
    steps = np.arange(num_rows)
    is_odd = (steps > num_rows // 2) & (steps % odd_every < 8)
    frame = pd.DataFrame({"t": steps, "load": np.sin(steps / 3), "state": "ok"})
    frame.loc[is_odd, "state"] = "odd"
    frame.to_csv(root / "series.csv", index=False)
    layout = {"time": "t"}
    return parse_params(
        {
            "name": "few",
            "prepare": {
                "data": str(root / "series.csv"),
                "target": "state",
                "normal": {"values": ["ok"]},
                "split": {"method": "time", "column": "t"},
                "test_share": 0.5,
            },
            "train": {
                "model": {"name": "series_autoencoder", "layout": layout, "window": 16},
                "calibration_share": 0.2,
            },
            "evaluate": {"purpose": "anomaly", **evaluate},
        },
        "the test",
    )


def test_steps_too_few_to_state_a_rate_are_told_before_training(tmp_path: Path) -> None:
    said = (
        r"holds 10 blocks of train.model.window = 16 steps out of training, .*"
        r"evaluate.false_alarms = 0.05: at least 19 can, or these a rate of 0.091"
    )
    with pytest.raises(UserError, match=said):
        check(series_settings(tmp_path, 1_600, 100), tmp_path)
    check(series_settings(tmp_path, 1_600, 100, false_alarms=0.091), tmp_path)
    gaps = pd.read_csv(tmp_path / "series.csv")
    gaps.loc[[600, 640], "load"] = None
    settings = series_settings(tmp_path, 1_600, 100)
    gaps.to_csv(tmp_path / "series.csv", index=False)
    with pytest.raises(UserError, match=r"steps \(2 steps without a value in between\) out of"):
        check(settings, tmp_path)
    with pytest.raises(UserError, match="leaves 2 anomalies in the test steps"):
        check(series_settings(tmp_path, 1_600, 400, false_alarms=0.091), tmp_path)


def test_normal_rows_too_few_to_state_a_rate_are_told_before_training(tmp_path: Path) -> None:
    table = tmp_path / "few.csv"
    kinds = ["ok"] * 100 + ["odd"] * 30
    pd.DataFrame({"a": range(130), "b": [0.5, 1.5] * 65, "label": kinds}).to_csv(table, index=False)
    base = settings(table, "sharing").model_dump(mode="json")
    base["prepare"] |= {"images": None, "normal": {"values": ["ok"]}}
    base["train"] |= {"model": {"name": "copula"}, "calibration_share": 0.2}
    base["evaluate"] |= {"purpose": "anomaly"}
    with pytest.raises(UserError, match=r"holds 14 normal ones out of training.*at least 19 can"):
        check(parse_params(base, "the test"), tmp_path)
