"""Monitoring a champion of images: drift of what is measured of them, odd ones by its scores."""

import base64
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from components.config import (
    EvaluateConfig,
    GroupSplit,
    ImagesConfig,
    ImageVaeConfig,
    NormalConfig,
    Params,
    PrepareConfig,
    Purpose,
    TrainConfig,
)
from components.data.images.bundled import load_bundled_images
from components.data.images.rows import pixels_of, png_bytes, to_rows
from components.data.images.sets import ImageSet, Labels, joined
from components.data.images.windows import marked_images
from components.data.windows import list_windows
from components.errors import UserError
from components.evaluation.live.bake import compare_champions
from components.evaluation.live.decay import Decay, Margins, measure_decay
from components.monitoring.odd_lines import odd_lines
from components.monitoring.report import DriftReport, ProblemKind, Status, Unit
from components.monitoring.summary import summary_markdown
from components.registry.promotion import CHAMPION
from components.registry.tracking import connect
from components.reporting.looked import Looked
from components.reporting.monitor_page import render_monitor
from components.stages import prepare, train
from components.stages.paths import StagePaths
from components.storage.home import HOME_VARIABLE, Home
from flows.request import build_params
from flows.retrain_on_drift import DriftRequest, Wanted, _want
from flows.services.settings import read_service_settings
from flows.watching.drift_check import MonitorRequest, look, requests_for_each
from flows.watching.unseen import unseen_images
from flows.watching.version_images import VersionImages, read_version_images
from tests.flows.champions import make_image_champion
from tests.flows.watching.test_monitor import mintmark_monitor

DIGITS, ZEROS = "digits", "zeros"
MARGINS = Margins(lift=0.02, level=0.05, news=0.05)
FEW = {"width": 4, "latent_size": 4, "steps": 60, "holdout_share": 0.0}


@dataclass(frozen=True)
class Setting:
    """A home with two champions of images, those that none was trained on, and a folder."""

    home: Home
    source: ImageSet
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

    def taught(self, model: str) -> VersionImages:
        """The images of its champion."""
        return read_version_images(model, CHAMPION, self.home)

    def want(self, model: str, data: str) -> Wanted | str:
        """The training that an alarm about these images asks for, or why there is none."""
        request = DriftRequest(model=model, data=data, reason="it drifted")
        return _want(request, (), read_service_settings(), self.home)


def shown(rows: pd.DataFrame) -> set[bytes]:
    """What the images of rows show."""
    return {pixels_of(data, 0).tobytes() for data in rows["image"]}


@pytest.fixture(scope="module")
def setting(
    home_in: Callable[[Path], Home], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Setting]:
    folder = tmp_path_factory.mktemp("images")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(HOME_VARIABLE, str(folder / "home"))
        home = home_in(folder)
        digits = load_bundled_images("sklearn:digits")
        order = np.random.default_rng(0).permutation(len(digits))
        known, rest = digits.take(order[:1200]), digits.take(order[1200:])
        made = Setting(home, known, rest, folder)
        source = made.write("source", known)
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
    assert " measures drifted" in report.reason and report.unit is Unit.IMAGE
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
    first = report.flagged.oddest[0]
    assert first.picture is not None and first.picture.image and first.picture.where
    assert first.picture.name.endswith(".png") and first.picture.name in odd_lines(report)[0]
    seen = Image.open(io.BytesIO(base64.b64decode(first.picture.image)))
    assert seen.size == (64, 64), "eight pixels cannot be seen"
    page = render_monitor(ZEROS, [Looked(datetime.now(UTC), "1", "mixed", report)], ())
    assert page.count("data:image/png") == 2 * min(10, report.flagged.num_flagged)
    assert "The oddest images" in page and "rows" not in page and first.picture.name in page
    told = summary_markdown(report, ZEROS)
    assert told.count("](data:image/png;base64,") == 2 * 5 and "new images against" in told
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


def test_every_champion_is_looked_at(setting: Setting) -> None:
    asked = requests_for_each(MonitorRequest(), setting.home)
    assert [each.model for each in asked] == [DIGITS, ZEROS]


def test_images_that_teach_nothing_start_no_training(setting: Setting) -> None:
    bare = ImageSet(setting.rest.images, None, (), "")
    told = setting.want(DIGITS, setting.write("unlabelled", bare))
    assert isinstance(told, str) and "have no labels" in told
    again = setting.write("again", setting.source.take(np.arange(200)))
    told = setting.want(DIGITS, again)
    assert isinstance(told, str) and told.startswith("too few images: 0 labelled images")
    by_patient = {"method": "group", "column": "patient"}
    config = setting.taught(DIGITS).params.prepare.model_copy(
        update={"split": GroupSplit.model_validate(by_patient)}
    )
    with pytest.raises(UserError, match="split by 'patient', which is not kept with them"):
        marked_images(setting.taught(DIGITS).train, config, "0" * 64)


@pytest.mark.parametrize(("model", "classes"), [(DIGITS, 10), (ZEROS, 1)])
def test_a_training_that_drift_starts_is_on_the_known_images_and_the_new(
    setting: Setting, tmp_path: Path, model: str, classes: int
) -> None:
    known, before = setting.taught(model), len(setting.rest)
    twice = joined([setting.rest, setting.source.take(np.arange(50))])
    data = setting.write(f"news-{model}", twice)
    wanted = setting.want(model, data)
    assert not isinstance(wanted, str), wanted
    asked, paths = build_params(wanted.request), StagePaths(tmp_path)
    prepare.run(asked, paths)
    sides = [pd.read_parquet(path) for path in (paths.train, paths.test)]
    assert sides[0]["label"].nunique() == classes and asked.prepare.watch == known.watched
    added = 0.7 * before / (1 if model == DIGITS else 10)
    assert len(sides[0]) - len(known.train) == pytest.approx(added, rel=0.1)
    for now, then in zip(sides, known.sides, strict=True):
        assert shown(then) <= shown(now)
    assert not shown(sides[0]) & shown(known.test) and not shown(sides[1]) & shown(known.train)


def test_images_that_bring_less_are_told_as_those_of_rows_are(setting: Setting) -> None:
    known = setting.taught(DIGITS)
    train_side, test_side, window = (
        known.as_table(rows[rows["label"].isin(["0", "1", "2"])].reset_index(drop=True))
        for rows in (*known.sides, to_rows(setting.rest))
    )
    lasting = partial(
        measure_decay, train_side, test_side, purpose=Purpose.SHARING, margins=MARGINS, seed=0
    )
    held = lasting([window], synthetic=train_side.frame)
    assert isinstance(held, Decay) and not held.has_decayed and held.level.now > 0.95, held
    shuffled = known.train.assign(label=known.train["label"].sample(frac=1, random_state=0).values)
    worse = compare_champions(
        train_side,
        window,
        champion=known.as_table(shuffled).frame,
        before=train_side.frame,
        purpose=Purpose.SHARING,
        seed=0,
    )
    assert not isinstance(worse, str) and worse.value > 0.3


def test_a_champion_is_compared_on_images_that_it_was_not_trained_on(setting: Setting) -> None:
    config = setting.taught(DIGITS).params.prepare
    both = joined([setting.source, setting.rest])
    elsewhere = config.model_copy(update={"data": "elsewhere"})
    found = unseen_images(both, elsewhere, DIGITS, "1", setting.home)
    assert len(setting.rest) + 300 < len(found) < len(setting.rest) + 420, "the held-out ones"
    assert unseen_images(both, config, DIGITS, "1", setting.home) is both


@pytest.mark.slow
def test_a_look_by_the_flow_keeps_new_images_and_measures_what_they_bring(
    setting: Setting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PREFECT_HOME", str(setting.home.prefect))
    from flows.monitor import monitor
    from flows.project import set_up_environment
    from flows.services.server import prefect_server

    rest = setting.rest
    data = setting.write("fresh-for-the-flow", ImageSet(255 - rest.images, *told(rest)))
    with prefect_server(set_up_environment()):
        (found,) = monitor(MonitorRequest(model=DIGITS, data=data))
    tags = connect(setting.home).get_run(found.run_id).data.tags
    assert found.report.status is Status.DRIFT
    assert tags["mintmark.benefit"] == "decayed", "of digits in white on black nothing is known"
    assert any(w.sha256 for w in list_windows(setting.home.windows / DIGITS))


def told(images: ImageSet) -> tuple[Labels | None, tuple[str, ...], str]:
    """What is known of images beside what they look like."""
    return images.labels, images.classes, ""
