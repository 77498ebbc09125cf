"""Monitoring a champion: ok, drift or one clear line; kept in MLflow; the form."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest
import typer
from mlflow import MlflowClient
from typer.testing import CliRunner

from components.data.table import Table
from components.errors import UserError
from components.monitoring.report import DriftReport, ProblemKind, Status
from components.registry.tracking import connect
from components.registry.watching.monitoring_runs import PAGE, REPORT
from components.storage.dvc import cached_file
from components.storage.home import HOME_VARIABLE, Home
from flows.commands.monitor import monitor as command
from flows.watching.drift_check import MonitorRequest, look, look_again, requests_for_each
from tests.flows.champions import make_champion
from tests.procedural import mixed_frame, mixed_table

MODEL = "people"
NOTES = ("note",)


@dataclass(frozen=True)
class Setting:
    """A home with a champion, and files of rows: the same, others, and bad ones."""

    home: Home
    client: MlflowClient
    folder: Path

    def file(self, name: str, frame: pd.DataFrame) -> str:
        """The path of `frame` as a CSV file of this name."""
        path = self.folder / name
        frame.to_csv(path, index=False)
        return str(path)


@pytest.fixture(scope="module")
def setting(
    home_in: Callable[[Path], Home], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Setting]:
    folder = tmp_path_factory.mktemp("monitor")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(HOME_VARIABLE, str(folder / "home"))
        home = home_in(folder)
        client = connect(home)
        source = folder / "source.csv"
        mixed_frame(400, seed=1).assign(note="x").to_csv(source, index=False)
        make_champion(client, MODEL, mixed_table(600), home, data=str(source), drop=NOTES)
        yield Setting(home, client, folder)


def drifted() -> pd.DataFrame:
    frame = mixed_frame(300, seed=2)
    city = frame["city"].where(frame.index % 9 == 0, "Cork")
    return frame.assign(age=frame["age"] + 20, city=city, ratio=frame["ratio"] + 5)


def mintmark_monitor(*arguments: str) -> tuple[int, str]:
    app = typer.Typer()
    app.command()(command)
    done = CliRunner().invoke(app, list(arguments), catch_exceptions=True)
    if isinstance(done.exception, UserError):
        return 2, str(done.exception)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.stdout


def test_without_data_the_champions_own_source_is_read(setting: Setting) -> None:
    seen = look(MonitorRequest(model=MODEL), setting.home)
    assert seen.detection.report.status is Status.OK and seen.data.endswith("source.csv")
    assert not seen.detection.report.changes


def test_the_command_says_ok_and_drift_by_its_status(setting: Setting) -> None:
    same = setting.file("same.csv", mixed_frame(300, seed=3))
    other = setting.file("other.csv", drifted())
    status, output = mintmark_monitor(MODEL, "--data", same)
    assert status == 0 and output.startswith("ok  people version 1, 300 new rows")
    report = setting.folder / "report.json"
    status, output = mintmark_monitor(MODEL, "--data", other, "--json", str(report))
    assert status == 1 and "3 of 9 columns drifted" in output
    written = DriftReport.model_validate_json(report.read_text())
    assert set(written.worst) == {"age", "city", "ratio"}
    assert mintmark_monitor(MODEL, "--data", other, "--alarm", "0.5")[0] == 0


def test_one_absurd_value_is_told_and_is_an_event_of_any_champion(setting: Setting) -> None:
    from flows.monitor import odd_evidence

    frame = mixed_frame(300, seed=3)
    frame.loc[200, "ratio"] = 1e9
    data = setting.file("absurd.csv", frame)
    status, output = mintmark_monitor(MODEL, "--data", data)
    assert status == 1 and output.startswith("anomaly  people version 1")
    assert "'ratio' is 1000000000 in row 200, " in output
    told = odd_evidence(look(MonitorRequest(model=MODEL, data=data), setting.home))
    assert told["worst"] == ["ratio"] and told["share"] == 0.0
    assert "'ratio' is 1000000000" in str(told["found"]) + str(told["reason"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: f.head(1), "there are 1 new rows; at least 50 are needed"),
        (lambda f: f.head(0), "there are 0 new rows; at least 50 are needed"),
    ],
)
def test_too_few_rows_say_nothing(setting: Setting, change, message: str) -> None:  # type: ignore[no-untyped-def]
    path = setting.file("few.csv", change(mixed_frame(100)))
    status, output = mintmark_monitor(MODEL, "--data", path)
    assert status == 3 and output.startswith("unusable  people") and message in output


def test_what_cannot_be_read_is_unusable_and_what_makes_no_sense_an_error(setting: Setting) -> None:
    cut = setting.folder / "cut.parquet"
    mixed_frame(200).to_parquet(cut)
    cut.write_bytes(cut.read_bytes()[:500])
    empty = setting.folder / "empty"
    empty.mkdir()
    for data, message in (
        (str(cut), f"cannot read {cut}"),
        (str(empty), f"no data at '{empty}'"),
        ("none.csv", "no data at "),
    ):
        status, output = mintmark_monitor(MODEL, "--data", data)
        assert status == 3 and message in output
    assert mintmark_monitor("nobody")[1].startswith("no model 'nobody' is registered; there are")
    assert "alarm_share 0.0" in mintmark_monitor(MODEL, "--alarm", "0")[1]
    assert mintmark_monitor(MODEL, "--json", "no/where.json")[1].startswith("cannot write no")


def timed(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows in the order of the days on which they were seen."""
    return frame.assign(seen=frame["seen"].fillna(frame["seen"].min())).sort_values("seen")


BAD = {
    "a column less": (lambda f: f.drop(columns="city"), Status.DRIFT, "'city' is missing"),
    "a column more": (lambda f: f.assign(more=1), Status.DRIFT, "'more' is new"),
    "an empty column": (lambda f: f.assign(age=None), Status.DRIFT, "'age' has no value in any"),
    "a stuck column": (lambda f: f.assign(age=30), Status.DRIFT, "'age' has one value, 30, in all"),
    "a wrong type": (lambda f: f.assign(age="old"), Status.DRIFT, "as integer: it has 'old'"),
    "nothing": (lambda f: f.map(lambda _: None), Status.UNUSABLE, "no column has a value in any"),
    "one row": (lambda f: f.head(1), Status.UNUSABLE, "there are 1 new rows; at least 50"),
    "disorder": (lambda f: f.sample(frac=1, random_state=0), Status.UNUSABLE, "'seen' steps back"),
}


@pytest.fixture(scope="module")
def ordered(setting: Setting) -> str:
    """A champion whose training rows are in the order of their times."""
    table = mixed_table(600)
    ordered = Table(timed(table.frame), table.schema)
    make_champion(setting.client, "ordered", ordered, setting.home, data="none.parquet")
    return "ordered"


@pytest.mark.parametrize("what", BAD)
def test_a_bad_batch_is_reported_as_itself(setting: Setting, ordered: str, what: str) -> None:
    change, status, text = BAD[what]
    path = setting.folder / f"{what}.parquet"
    change(timed(mixed_frame(200, seed=5))).to_parquet(path)
    report = look(MonitorRequest(model=ordered, data=str(path)), setting.home).detection.report
    assert (report.status, text in report.reason) == (status, True), report.reason


def test_a_cut_file_an_empty_folder_and_no_file_are_findings(
    setting: Setting, ordered: str
) -> None:
    cut = setting.folder / "short.parquet"
    mixed_frame(200).to_parquet(cut)
    cut.write_bytes(cut.read_bytes()[:-100])
    (setting.folder / "bare").mkdir()
    for data in (str(cut), str(setting.folder / "bare"), "nowhere.csv"):
        report = look(MonitorRequest(model=ordered, data=data), setting.home).detection.report
        (problem,) = report.problems
        assert (report.status, problem.kind) == (Status.UNUSABLE, ProblemKind.UNREADABLE)
        assert Path(data).name in report.reason


def test_the_same_rows_again_and_breaches_that_are_too_few(setting: Setting) -> None:
    from flows.monitor import keep

    make_champion(setting.client, "often", mixed_table(600), setting.home, data="none.csv")
    found = []
    for seed in (1, 1, 2):
        data = setting.file(f"often{seed}.csv", drifted().iloc[seed:])
        request = MonitorRequest(model="often", data=data, breaches=2, of_looks=3)
        seen = look_again(request, setting.home)
        keep(seen, setting.home)
        found.append(seen.detection.report)
    assert [r.status for r in found] == [Status.BREACHED] * 2 + [Status.DRIFT]
    assert [p.kind for r in found for p in r.problems] == [ProblemKind.REPEATED]
    assert "the rows are those of the last look" in found[1].reason
    assert found[0].reason.endswith("1 of the last 3 looks drifted, 2 are an alarm")


def test_what_is_known_of_training_rows_is_computed_once(setting: Setting) -> None:
    look(MonitorRequest(model=MODEL), setting.home)
    before = {path: path.stat().st_mtime_ns for path in setting.home.sketches.iterdir()}
    one = look(MonitorRequest(model=MODEL), setting.home).detection.report
    after = {path: path.stat().st_mtime_ns for path in setting.home.sketches.iterdir()}
    assert before == after
    for path in after:
        path.unlink()
    assert look(MonitorRequest(model=MODEL), setting.home).detection.report == one


def test_training_rows_that_are_not_kept_are_named(setting: Setting) -> None:
    version = setting.client.get_model_version(MODEL, "1")
    md5 = json.loads(version.tags["mintmark.content_keys"])["data/prepared/train.parquet"]
    kept = cached_file(setting.home, md5)
    away = kept.rename(setting.folder / "away")
    try:
        with pytest.raises(UserError, match=r"train.parquet of people version 1: .* is not in"):
            look(MonitorRequest(model=MODEL), setting.home)
    finally:
        away.rename(kept)


def test_what_was_seen_is_kept_with_a_page_where_there_is_drift(setting: Setting) -> None:
    from flows.monitor import evidence, keep

    data = setting.file("late.csv", drifted())
    seen = look(MonitorRequest(model=MODEL, data=data), setting.home)
    assert evidence(seen)["data"] == data and evidence(seen)["version"] == "1"
    drift = keep(seen, setting.home)
    ok = keep(look(MonitorRequest(model=MODEL), setting.home), setting.home)
    run = setting.client.get_run(drift)
    assert run.data.metrics["drifted_share"] == pytest.approx(3 / 9)
    assert run.data.metrics["distance.city"] > 0.3 and run.info.status == "FINISHED"
    assert run.data.tags["mintmark.status"] == "drift"
    assert {f.path for f in setting.client.list_artifacts(drift)} == {REPORT, PAGE}
    assert {f.path for f in setting.client.list_artifacts(ok)} == {REPORT}
    experiment = setting.client.get_experiment(run.info.experiment_id)
    assert experiment.name == f"{MODEL}-monitor"


def test_without_a_model_every_champion_is_looked_at(setting: Setting) -> None:
    setting.client.create_registered_model("unpromoted")
    found = {each.model for each in requests_for_each(MonitorRequest(), setting.home)}
    assert MODEL in found and "unpromoted" not in found
    with pytest.raises(UserError, match=r"data 'x.csv' without a model"):
        requests_for_each(MonitorRequest(data="x.csv"), setting.home)


def test_the_form_is_in_order_and_explains_itself() -> None:
    fields = MonitorRequest.model_json_schema()["properties"]
    assert [name for name in sorted(fields, key=lambda n: fields[n]["position"])] == [
        "model",
        "data",
        "alarm_share",
        "false_alarms",
        "looks",
        "breaches",
        "of_looks",
        "time_column",
        "period",
        "flagged",
    ]
    assert all(field["title"] and field["description"] for field in fields.values())


@pytest.mark.slow
def test_the_flow_tells_of_drift_and_goes_on_past_a_bad_model(
    setting: Setting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PREFECT_HOME", str(setting.home.prefect))
    from prefect.client.orchestration import get_client
    from prefect.events.clients import AssertingEventsClient
    from prefect.events.worker import EventsWorker

    from flows.monitor import monitor
    from flows.project import set_up_environment
    from flows.services.server import prefect_server

    gone = setting.folder / "gone.csv"
    table = mixed_table(600)
    make_champion(setting.client, "a-gone", table, setting.home, data=str(gone))
    source = setting.file("moved.csv", drifted())
    make_champion(setting.client, "z-moved", table, setting.home, data=source)
    EventsWorker.set_client_override(AssertingEventsClient)
    with prefect_server(set_up_environment()):
        with pytest.raises(UserError, match=r"^a-gone: no data at '.*gone.csv'; accepted are "):
            monitor()
        (found,) = monitor(MonitorRequest(model="z-moved"))
        with get_client(sync_client=True) as client:
            artifacts = client.read_artifacts()
        EventsWorker.drain_all()
    EventsWorker.set_client_override(None)
    told = [
        event
        for client in AssertingEventsClient.all
        for event in client.events
        if event.event == "mintmark.drift.detected"
    ]
    assert found.report.status is Status.DRIFT and found.model == "z-moved"
    assert sum("# z-moved: drift" in str(item.data) for item in artifacts) == 2
    assert len(told) == 2 and told[0].payload["model"] == "z-moved"
    assert told[0].resource["prefect.resource.id"] == "mintmark.model.z-moved"
    assert told[0].payload["data"] == source and told[0].payload["worst"]
