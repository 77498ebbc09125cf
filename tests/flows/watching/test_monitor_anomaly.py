"""Monitoring a champion that finds anomalies: which rows are odd and why, series, what is told."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from mlflow import MlflowClient

from components.config import (
    CopulaConfig,
    EvaluateConfig,
    NormalConfig,
    Params,
    PrepareConfig,
    Purpose,
    TrainConfig,
    override,
    parse_params,
)
from components.errors import UserError
from components.models.calibration import Calibration
from components.models.series.block_threshold import block_maxima
from components.monitoring.anomaly_report import SeriesReport
from components.monitoring.report import DriftReport, ProblemKind, Status
from components.registry.promotion import CHAMPION
from components.registry.tracking import connect
from components.registry.version_content import find_content
from components.registry.watching.monitoring_runs import write_monitor_page
from components.stages import prepare, train
from components.stages.paths import StagePaths
from components.stages.tables import read_test, read_train
from components.storage.home import HOME_VARIABLE, Home
from flows.services.settings import read_service_settings
from flows.watching.arrivals import arrive, join_news
from flows.watching.drift_check import MonitorRequest, look, look_again, requests_for_each
from flows.watching.version_rows import VersionRows
from tests.flows.champions import make_champion, make_detector
from tests.flows.watching.test_monitor import mintmark_monitor
from tests.models import test_series_autoencoder as of_series
from tests.procedural import mixed_table

PARTS, PUMPS = "parts", "pumps"


@dataclass(frozen=True)
class Setting:
    """A home with champions that find anomalies, and a folder for new rows."""

    home: Home
    client: MlflowClient
    folder: Path
    params: Params

    def file(self, name: str, frame: pd.DataFrame) -> str:
        """The path of `frame` as a CSV file of this name."""
        path = self.folder / name
        frame.to_csv(path, index=False)
        return str(path)

    def look(self, model: str, frame: pd.DataFrame, **options: object) -> DriftReport:
        """What a look at these rows finds."""
        data = self.file("rows.csv", frame)
        request = MonitorRequest.model_validate({"model": model, "data": data, **options})
        return look(request, self.home).detection.report


def parts(num_rows: int, seed: int) -> pd.DataFrame:
    """Sound parts: the width follows the length; the serial number says nothing."""
    rng = np.random.default_rng(seed)
    length = rng.normal(10, 1, num_rows)
    return pd.DataFrame(
        {
            "serial": [f"P-{seed}-{number:05d}" for number in range(num_rows)],
            "length": length.round(3),
            "width": (length / 2 + rng.normal(0, 0.05, num_rows)).round(3),
            "holes": rng.integers(1, 5, num_rows),
            "colour": rng.choice(["blue", "green", "red"], num_rows),
            "state": "ok",
        }
    )


def planted(num_rows: int, seed: int) -> pd.DataFrame:
    """Parts of which every twentieth, too few to be drift, is far too wide for its length."""
    frame = parts(num_rows, seed)
    frame.loc[::20, "width"] += 1.0
    return frame


@pytest.fixture(scope="module")
def setting(
    home_in: Callable[[Path], Home], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Setting]:
    folder = tmp_path_factory.mktemp("anomalies")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(HOME_VARIABLE, str(folder / "home"))
        home = home_in(folder)
        client = connect(home)
        bent = parts(30, 1).assign(state="bent")
        source = folder / "source.csv"
        pd.concat([parts(1_500, 0), bent], ignore_index=True).to_csv(source, index=False)
        params = Params(
            name=PARTS,
            prepare=PrepareConfig(
                data=str(source), target="state", normal=NormalConfig(values=("ok",))
            ),
            train=TrainConfig(model=CopulaConfig(crowd=1), calibration_share=0.3),
            evaluate=EvaluateConfig(purpose=Purpose.ANOMALY),
        )
        paths = StagePaths(folder)
        for stage in (prepare, train):
            stage.run(params, paths)
        make_detector(
            client, PARTS, read_train(paths), paths.model, home, data=str(source), false_alarms=0.01
        )
        yield Setting(home, client, folder, params)


@pytest.fixture(scope="module")
def pumps(setting: Setting) -> str:
    """A champion of series, as the stage writes it."""
    model, folder = of_series.fitted(), setting.folder / "pumps" / "generator"
    model.save(folder)
    series = model.series(of_series.waves(300, 7))
    maxima = block_maxima(model.errors(series).sum(axis=1), series.stretches, 16)
    Calibration.of(maxima).save(folder / "calibration.json")
    table = of_series.table()
    make_detector(
        setting.client, PUMPS, table, folder, setting.home, data="none.csv", false_alarms=0.1
    )
    return PUMPS


def test_normal_rows_are_ok_whatever_their_target_says(setting: Setting) -> None:
    for frame in (
        parts(400, 2),
        parts(400, 3).assign(state="??"),
        parts(400, 4).drop(columns="state"),
    ):
        report = setting.look(PARTS, frame)
        assert (report.status, report.changes) == (Status.OK, ()), report.reason
        assert report.flagged is not None and report.flagged.rate == 0.01
        assert "state" not in [column.name for column in report.columns]
        assert "up to" in report.reason and "columns drifted" in report.reason


def test_planted_rows_are_named_with_their_columns(setting: Setting) -> None:
    report = setting.look(PARTS, planted(400, 5))
    assert report.status is Status.ANOMALY and not report.breached, report.reason
    assert report.flagged is not None and report.flagged.share > report.flagged.most
    assert {row.row % 20 for row in report.flagged.oddest} == {0}
    assert {row.columns[0].name for row in report.flagged.oddest} <= {"width", "length"}
    assert report.reason.startswith(f"{report.flagged.num_flagged} of 400 rows")


def test_the_command_says_anomaly_by_its_status(setting: Setting) -> None:
    data, out = setting.file("odd.csv", planted(400, 6)), setting.folder / "report.json"
    status, output = mintmark_monitor(PARTS, "--data", data, "--json", str(out))
    assert status == 1 and output.startswith("anomaly  parts version 1, 400 new rows")
    assert "(p = " in output and "'width' is " in output
    written = DriftReport.model_validate_json(out.read_text())
    assert written.flagged is not None and len(written.flagged.oddest) == 10
    assert mintmark_monitor(PARTS, "--data", setting.file("fine.csv", parts(300, 7)))[0] == 0


def test_drift_and_odd_rows_are_both_told(setting: Setting) -> None:
    moved = parts(300, 8).assign(length=lambda f: f["length"] + 9, holes=9, width=40.0)
    report = setting.look(PARTS, moved)
    assert report.status is Status.DRIFT and report.is_anomalous
    assert "the schema changed" in report.reason and "are odder than" in report.reason


def test_few_rows_can_be_odd_although_they_cannot_drift(setting: Setting) -> None:
    report = setting.look(PARTS, parts(20, 9))
    assert report.status is Status.UNUSABLE and report.flagged is not None
    report = setting.look(PARTS, planted(20, 9).assign(width=9.0, colour="pink"))
    assert report.status is Status.ANOMALY and "at least 50 are needed" in report.reason
    assert report.flagged is not None
    assert "9" in {column.value for row in report.flagged.oddest for column in row.columns}


def test_rows_that_cannot_be_scored_are_a_finding(setting: Setting) -> None:
    report = setting.look(PARTS, parts(300, 10).drop(columns="width"))
    assert report.status is Status.DRIFT and report.anomalies is None
    assert [problem.kind for problem in report.problems] == [ProblemKind.NOT_SCORED]
    assert "'width' is missing, and a row cannot be scored without" in report.reason


def test_a_rate_that_cannot_be_had_is_one_line(setting: Setting) -> None:
    data = setting.file("fine.csv", parts(300, 11))
    assert mintmark_monitor(PARTS, "--data", data, "--flagged", "0.1")[0] == 0
    status, output = mintmark_monitor(PARTS, "--data", data, "--flagged", "0.0001")
    assert status == 2 and "normal rows were held out, which cannot state a rate" in output
    make_champion(setting.client, "plain", mixed_table(300), setting.home, data="none.csv")
    status, output = mintmark_monitor("plain", "--data", data, "--flagged", "0.1")
    assert status == 2 and "'plain' is not to find anomalies" in output
    with pytest.raises(UserError, match=r"flagged 0\.1 without a model"):
        requests_for_each(MonitorRequest(flagged=0.1), setting.home)


def test_an_alarm_that_is_due_outranks_a_breach_that_is_not(setting: Setting) -> None:
    moved = planted(300, 12).assign(holes=9, colour="pink")
    request = MonitorRequest(
        model=PARTS, data=setting.file("moved.csv", moved), breaches=2, of_looks=3
    )
    report = look_again(request, setting.home).detection.report
    assert report.status is Status.ANOMALY and report.breached
    assert report.reason.endswith("1 of the last 3 looks drifted, 2 are an alarm")


def test_looks_are_kept_with_shares_and_shown_over_time(setting: Setting) -> None:
    from flows.monitor import evidence, keep, odd_evidence

    for number, frame in enumerate((parts(300, 13), planted(300, 14))):
        data = setting.file(f"kept{number}.csv", frame)
        seen = look(MonitorRequest(model=PARTS, data=data), setting.home)
        run_id = keep(seen, setting.home)
    kept = setting.client.get_run(run_id).data
    assert kept.tags["mintmark.status"] == "anomaly" and kept.tags["mintmark.breached"] == "False"
    assert kept.metrics["flagged_share"] > kept.metrics["flagged_expected"]
    told = odd_evidence(seen)
    assert told["data"] == evidence(seen)["data"] and told["share"] == kept.metrics["flagged_share"]
    assert "'width' is" in str(told["found"]) and "up to" in str(told["reason"])
    page = write_monitor_page(setting.client, PARTS, run_id, setting.home).read_text()
    assert "Share of odd rows" in page and "The oddest rows" in page and "1 anomaly" in page
    assert "&#39;width&#39; is" in page or "&#39;length&#39; is" in page


def test_a_single_spike_of_a_series_is_told(setting: Setting, pumps: str) -> None:
    frame = of_series.waves(160, 8).drop(columns="kind")
    frame.loc[100, "heat"] = 1e4
    report = setting.look(pumps, frame)
    assert report.status is Status.ANOMALY, report.reason
    assert [(each.column, each.row) for each in report.far] == [("heat", 100)]
    assert report.flagged is not None and report.flagged.num_flagged <= report.flagged.most * 20


def test_a_quiet_series_is_ok_and_one_with_an_event_says_when(setting: Setting, pumps: str) -> None:
    report = setting.look(pumps, of_series.waves(160, 8))
    assert report.status is Status.OK, report.reason
    frame = of_series.waves(160, 9).drop(columns="kind")
    frame.loc[60:110, "heat"] += 3.0
    report = setting.look(pumps, frame)
    assert isinstance(report.anomalies, SeriesReport) and report.is_anomalous
    assert report.status in (Status.ANOMALY, Status.DRIFT) and "blocks of 16 steps" in report.reason
    assert report.anomalies.worst[0] == "heat"
    status, output = mintmark_monitor(pumps, "--data", str(setting.folder / "rows.csv"))
    assert status == 1 and "event, 2024-01-01 0" in output and "'heat' (" in output


def test_series_too_short_to_score_are_unusable(setting: Setting, pumps: str) -> None:
    report = setting.look(pumps, of_series.waves(40, 8).groupby("pump").head(12))
    assert report.status is Status.UNUSABLE
    assert "no stretch of 16 steps without a gap" in report.reason


def test_a_training_that_drift_starts_knows_what_is_normal(
    setting: Setting, tmp_path: Path
) -> None:
    loop, before = read_service_settings().loop, StagePaths(setting.folder)
    content = find_content(setting.client, PARTS, CHAMPION)
    keys = {**content.content_keys, str(StagePaths(Path()).test): "0"}
    train_rows, test_rows = read_train(before), read_test(before)
    champion = VersionRows(
        replace(content, content_keys=keys), setting.params, train_rows.frame, train_rows, test_rows
    )
    news = pd.concat([parts(300, 16), parts(30, 17).assign(state="bent")], ignore_index=True)
    arrive(champion, setting.file("news.csv", news), loop, setting.home)
    union = join_news(champion, loop, setting.home)
    base = setting.params.model_dump(mode="json")
    for text in (f"prepare.data={union.folder}", *champion.overrides(union.folder)):
        override(base, text)
    prepare.run(parse_params(base, "the test"), StagePaths(tmp_path))
    rows = read_train(StagePaths(tmp_path))
    assert set(rows.frame["state"]) == {"normal"} and len(rows) > len(train_rows) + 100
    assert set(read_test(StagePaths(tmp_path)).frame["state"]) == {"normal", "bent"}


@pytest.mark.slow
def test_the_flow_tells_of_odd_rows_by_an_event_of_their_own(
    setting: Setting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PREFECT_HOME", str(setting.home.prefect))
    from prefect.client.orchestration import get_client
    from prefect.events.clients import AssertingEventsClient
    from prefect.events.worker import EventsWorker

    from flows.monitor import monitor
    from flows.project import set_up_environment
    from flows.services.server import prefect_server

    data = setting.file("told.csv", planted(400, 15))
    EventsWorker.set_client_override(AssertingEventsClient)
    AssertingEventsClient.reset()  # which keeps what other tests told
    with prefect_server(set_up_environment()):
        (found,) = monitor(MonitorRequest(model=PARTS, data=data))
        with get_client(sync_client=True) as client:
            artifacts = client.read_artifacts()
        EventsWorker.drain_all()
    EventsWorker.set_client_override(None)
    told = [event for each in AssertingEventsClient.all for event in each.events]
    (event,) = [event for event in told if event.event == "mintmark.anomaly.detected"]
    assert not [event for event in told if event.event == "mintmark.drift.detected"]
    assert found.report.status is Status.ANOMALY
    assert event.resource["prefect.resource.id"] == f"mintmark.model.{PARTS}"
    assert event.payload["data"] == data and event.payload["found"]
    assert any("**The oddest**" in str(artifact.data) for artifact in artifacts)
