"""Monitoring a champion of images: drift of what is measured of them, odd ones by its scores."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from components.config import (
    EvaluateConfig,
    ImagesConfig,
    ImageVaeConfig,
    NormalConfig,
    Params,
    PrepareConfig,
    Purpose,
    TrainConfig,
)
from components.data.bundled_images import load_bundled_images
from components.data.image_rows import png_bytes
from components.data.images import ImageSet
from components.errors import UserError
from components.monitoring.report import DriftReport, ProblemKind, Status
from components.registry.tracking import connect
from components.stages import prepare, train
from components.stages.paths import StagePaths
from components.storage.home import VARIABLE, Home
from flows.drift_check import MonitorRequest, look, requests_for_each
from flows.retrain_on_drift import DriftRequest, _want
from flows.service_settings import read_service_settings
from tests.flows.champions import make_image_champion
from tests.flows.test_monitor import mintmark_monitor

DIGITS, ZEROS = "digits", "zeros"
FEW = {"width": 4, "latent_size": 4, "steps": 60, "holdout_share": 0.0}


@dataclass(frozen=True)
class Setting:
    """A home with two champions of images, those that none was trained on, and a folder."""

    home: Home
    rest: ImageSet
    folder: Path

    def write(self, name: str, images: ImageSet) -> str:
        """A folder of PNG files, in a folder for each class where they have labels."""
        for number, image in enumerate(images.images):
            code = -1 if images.labels is None else int(images.labels[number])
            folder = self.folder / name / ("" if code < 0 else images.classes[code])
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{number:05}.png").write_bytes(png_bytes(image))
        return str(self.folder / name)

    def look(self, model: str, data: str, **options: object) -> DriftReport:
        """What a look at these images finds."""
        request = MonitorRequest.model_validate({"model": model, "data": data, **options})
        return look(request, self.home).detection.report


@pytest.fixture(scope="module")
def setting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Setting]:
    folder = tmp_path_factory.mktemp("images")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(VARIABLE, str(folder / "home"))
        home = Home(folder / "home")
        digits = load_bundled_images("sklearn:digits")
        order = np.random.default_rng(0).permutation(len(digits))
        made = Setting(home, digits.take(order[1200:]), folder)
        source = made.write("source", digits.take(order[:1200]))
        normal = NormalConfig(values=("0",))
        for name, more in ((DIGITS, {}), (ZEROS, {"normal": normal})):
            is_finder = name == ZEROS
            params = Params(
                name=name,
                prepare=PrepareConfig(data=source, target="label", images=ImagesConfig(), **more),
                train=TrainConfig(
                    model=ImageVaeConfig.model_validate(FEW),
                    calibration_share=0.4 if is_finder else None,
                ),
                evaluate=EvaluateConfig(purpose=Purpose.ANOMALY if is_finder else Purpose.SHARING),
            )
            paths = StagePaths(folder / name)
            for stage in (prepare, train):
                stage.run(params, paths)
            make_image_champion(connect(home), name, params, paths, home)
        yield made


def test_images_of_the_same_kind_are_ok(setting: Setting) -> None:
    report = setting.look(DIGITS, setting.write("fresh", setting.rest))
    assert (report.status, report.changes) == (Status.OK, ()), report.reason
    assert report.num_current == 597
    assert {"brightness", "axis_1", "unlike", "label"} <= {c.name for c in report.columns}


def test_another_camera_is_drift_named_by_what_it_changes(setting: Setting) -> None:
    rest = setting.rest
    dark = ImageSet(rest.images // 2, rest.labels, rest.classes, "")
    report = setting.look(DIGITS, setting.write("dark", dark))
    assert report.status is Status.DRIFT, report.reason
    drifted = {column.name for column in report.columns if column.drifted}
    assert {"brightness", "contrast", "sharpness"} <= drifted and "label" not in drifted


def test_a_class_that_is_missing_or_new_is_told(setting: Setting) -> None:
    rest = setting.rest
    assert rest.labels is not None
    few = rest.take(np.flatnonzero(rest.labels < 5))
    named = ImageSet(few.images, few.labels, ("seven", *few.classes[1:]), "")
    report = setting.look(DIGITS, setting.write("few", named))
    assert "label" in {column.name for column in report.columns if column.drifted}
    assert "seven" in report.model_dump_json()


def test_images_without_labels_and_of_another_size_are_compared(setting: Setting) -> None:
    rest = setting.rest
    bare = ImageSet(rest.images.repeat(3, axis=1).repeat(3, axis=2), None, (), "")
    report = setting.look(DIGITS, setting.write("bare", bare))
    assert report.status is Status.OK, report.reason
    assert "label" not in {column.name for column in report.columns}


def test_other_digits_are_odd_to_a_model_of_zeros(setting: Setting) -> None:
    rest = setting.rest
    assert rest.labels is not None
    zeros, others = np.flatnonzero(rest.labels == 0), np.flatnonzero(rest.labels != 0)
    data = setting.write("zeros", rest.take(zeros))
    report = setting.look(ZEROS, data, flagged=0.05)
    assert report.flagged is not None and not report.is_anomalous, report.reason
    mixed = rest.take(np.concatenate([zeros, others[:20]]))
    report = setting.look(ZEROS, setting.write("mixed", mixed), flagged=0.05)
    assert report.is_anomalous and report.flagged is not None, report.reason
    assert report.flagged.num_rows == len(mixed) and "images" in report.flagged.reason
    status, output = mintmark_monitor(ZEROS, "--data", data, "--flagged", "0.05")
    assert status == 0 and output.startswith("ok  zeros version 1"), output


def test_what_is_wrong_with_images_is_a_finding(setting: Setting) -> None:
    broken = setting.folder / "broken"
    broken.mkdir()
    (broken / "one.png").write_bytes(b"\x89PNG\r\n\x1a\nand no more")
    for data, told in ((str(broken), "one.png"), (str(setting.folder / "none"), "no images at")):
        report = setting.look(DIGITS, data)
        assert report.status is Status.UNUSABLE and told in report.reason
        assert report.problems[0].kind is ProblemKind.UNREADABLE
    with pytest.raises(UserError, match="have no hour of day"):
        setting.look(DIGITS, str(broken), period="hour of day", time_column="when")


def test_every_champion_is_looked_at_and_drift_asks_for_a_training(setting: Setting) -> None:
    asked = requests_for_each(MonitorRequest(), setting.home)
    assert [each.model for each in asked] == [DIGITS, ZEROS]
    request = DriftRequest(model=DIGITS, data="there", reason="it drifted")
    wanted = _want(request, (), read_service_settings(), setting.home)
    assert not isinstance(wanted, str) and wanted.request.data == "there"
