"""The closed loop: windows, unions, guards; a champion made worse on purpose is rolled back."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from mlflow import MlflowClient

from components.config import PrepareConfig, override, parse_params
from components.data.preparation import prepare_table
from components.data.sources import hash_source, read_source
from components.data.table import Table
from components.data.union import Union, read_manifest
from components.data.windows import HELD_OUT
from components.errors import UserError
from components.monitoring.report import Unit
from components.registry import audit
from components.registry.promotion import ChampionChanged, champion, promote, rollback
from components.registry.releases.ledger import find_ancestry
from components.registry.tracking import connect
from components.registry.watching.baking import find_baking
from components.registry.watching.retrains import Retraining, list_retrainings, record_retraining
from components.storage.home import HOME_VARIABLE, Home
from components.storage.objects import open_objects
from flows.overview import bake_windows, last_retrainings
from flows.services.settings import read_service_settings
from flows.watching.arrivals import arrive, join_news, news_of, share_union
from flows.watching.guards import why_not_now, why_not_on
from flows.watching.unseen import unseen_rows
from flows.watching.version_rows import VersionRows, read_version_rows, rows_of_version
from tests.flows.champions import make_version
from tests.storage.seaweed import s3_server, use_store

MODEL = "ill"
SETTINGS = read_service_settings()


@dataclass(frozen=True)
class Setting:
    """A home with a champion that was taught by a file of rows."""

    home: Home
    client: MlflowClient
    folder: Path
    source: str

    def file(self, name: str, frame: pd.DataFrame) -> str:
        path = self.folder / name
        frame.to_csv(path, index=False)
        return str(path)

    @property
    def champion(self) -> VersionRows:
        return read_version_rows(MODEL, "champion", self.home)

    def version(self, synthetic: pd.DataFrame) -> str:
        """One more version, made of the source's rows."""
        whole = prepare_table(rows(500, 1), "ill")
        train, test = (
            whole.take(np.arange(*ends, dtype=np.int64)) for ends in ((0, 350), (350, 500))
        )
        return make_version(self.client, MODEL, train, test, synthetic, self.home, data=self.source)


def rows(num_rows: int, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(num_rows, 2)).round(6)
    ill = x[:, 0] + 0.3 * rng.normal(size=num_rows) > 0
    return pd.DataFrame({"a": x[:, 0], "b": x[:, 1], "ill": np.where(ill, "yes", "no")})


def shuffled(frame: pd.DataFrame) -> pd.DataFrame:
    """The same rows with labels that say nothing."""
    return frame.assign(ill=frame["ill"].sample(frac=1, random_state=0).to_numpy())


@pytest.fixture
def setting(
    home_in: Callable[[Path], Home], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Setting]:
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / "home"))
    home = home_in(tmp_path)
    source = tmp_path / "source.csv"
    rows(500, 1).to_csv(source, index=False)
    made = Setting(home, connect(home), tmp_path, str(source))
    version = made.version(rows(350, 2))
    promote(made.client, MODEL, version, expected=None, reason="the first", home=home)
    yield made


def test_what_arrives_is_kept_once_and_joined_to_what_the_champion_knew(setting: Setting) -> None:
    first = setting.file("first.csv", rows(120, 3))
    arrival = arrive(setting.champion, first, SETTINGS.loop, setting.home)
    assert len(arrival.rows) == 120 and arrival.place == first
    again = arrive(setting.champion, first, SETTINGS.loop, setting.home)
    assert again.rows.empty and again.why_none == "the same content was met before"
    grown = pd.concat([rows(500, 1), rows(30, 4)], ignore_index=True)
    grown.to_csv(setting.source, index=False)
    assert len(arrive(setting.champion, "", SETTINGS.loop, setting.home).rows) == 30
    strange = setting.file("strange.csv", rows(80, 5).drop(columns="b"))
    assert (
        "no column 'b'" in arrive(setting.champion, strange, SETTINGS.loop, setting.home).why_none
    )
    union = join_news(setting.champion, SETTINGS.loop, setting.home)
    assert (union.num_rows, union.num_new) == (650, 150)
    marks = read_source(str(union.folder)).frame[HELD_OUT]
    assert marks.head(500).tolist() == [False] * 350 + [True] * 150
    assert marks.tail(150).mean() == pytest.approx(0.3, abs=0.02)


def test_a_union_is_a_source_of_the_same_problem_and_knows_its_ancestors(setting: Setting) -> None:
    path = setting.file("first.csv", rows(120, 3))
    arrive(setting.champion, path, SETTINGS.loop, setting.home)
    union = join_news(setting.champion, SETTINGS.loop, setting.home)
    base = setting.champion.params.model_dump(mode="json")
    for text in (f"prepare.data={union.folder}", *setting.champion.overrides(union.folder)):
        override(base, text)
    config = parse_params(base, "the test").prepare
    assert config.watch == setting.source and config.not_learned == (HELD_OUT,)
    ancestry = find_ancestry(setting.client, config)
    assert hash_source(path) in ancestry.files
    test = Table(rows(60, 9), setting.champion.train.schema)
    assert unseen_rows(test, config, MODEL, "1", setting.home) is test


def test_only_rows_that_the_champion_was_not_taught_may_compare(setting: Setting) -> None:
    schema = setting.champion.train.schema
    test = Table(pd.concat([rows(500, 1).head(40), rows(60, 9)], ignore_index=True), schema)
    elsewhere = PrepareConfig(data="other.csv", target="ill")
    assert len(unseen_rows(test, elsewhere, MODEL, "1", setting.home)) == 60
    same = setting.champion.params.prepare
    assert unseen_rows(test, same, MODEL, "1", setting.home) is test


def test_each_guard_has_a_line(setting: Setting) -> None:
    path = setting.file("first.csv", rows(120, 3))
    arrive(setting.champion, path, SETTINGS.loop, setting.home)
    union = join_news(setting.champion, SETTINGS.loop, setting.home)
    sha256 = hash_source(str(union.folder))
    now = datetime.now(UTC)
    old = Retraining(MODEL, "1", "other", "run-0", "drift", now - timedelta(days=2))

    def why(earlier: list[Retraining], among: Union = union) -> str:
        return why_not_now(earlier, SETTINGS) or why_not_on(
            among, sha256, earlier, SETTINGS, Unit.ROW
        )

    assert why([]) == why([old]) == ""
    assert why([replace(old, when=now)]).startswith("cool-down: the flow run run-0 of ")
    assert why([old] * 8).startswith("budget: 8 retrainings began within 30 days, and 8 are all")
    assert why([replace(old, when=now - timedelta(days=31))] * 8) == ""
    assert why([], replace(union, num_new=99)).startswith("too few rows: 99 labelled rows are new")
    assert why([replace(old, data_sha256=sha256)]).startswith(
        "unchanged data: the flow run run-0 of "
    )
    few = why_not_on(replace(union, num_new=99), sha256, [], SETTINGS, Unit.IMAGE)
    assert few.startswith("too few images: 99 labelled images are new")


def test_a_champion_knows_what_it_was_trained_on_and_nothing_later(setting: Setting) -> None:
    arrive(setting.champion, setting.file("first.csv", rows(120, 3)), SETTINGS.loop, setting.home)
    assert len(news_of(setting.champion, setting.home)) == 1
    second = setting.version(rows(350, 5))
    promote(setting.client, MODEL, second, expected="1", reason="better", home=setting.home)
    assert news_of(setting.champion, setting.home) == []


def test_a_promotion_over_a_champion_is_baked_and_status_says_so(setting: Setting) -> None:
    assert find_baking(setting.client, MODEL, setting.home) is None
    second = setting.version(rows(350, 5))
    promote(setting.client, MODEL, second, expected="1", reason="better", home=setting.home)
    found = find_baking(setting.client, MODEL, setting.home)
    assert found is not None and (found.version, found.before, found.looks) == ("2", "1", ())
    assert bake_windows(setting.home).rows == [(MODEL, "version 2", "version 1", "0 of 4")]
    record_retraining(
        setting.client,
        MODEL,
        "2",
        data_sha256="x",
        flow_run="run",
        reason="drift",
        home=setting.home,
    )
    assert [each.reason for each in list_retrainings(setting.client, setting.home)] == ["drift"]
    assert last_retrainings(setting.home).rows[0][::2] == (MODEL, "drift")
    with pytest.raises(ChampionChanged, match="version 1 was to be rolled back"):
        rollback(setting.client, MODEL, reason="late", home=setting.home, expected="1")
    rollback(setting.client, MODEL, reason="worse", home=setting.home, expected="2")
    assert find_baking(setting.client, MODEL, setting.home) is None


def test_a_version_whose_rows_are_not_kept_is_named(setting: Setting) -> None:
    for path in (setting.home.dvc_cache / "files" / "md5").glob("*/*"):
        path.unlink()
    with pytest.raises(UserError, match=r"schema.json of ill version 1: content \w+ is not in"):
        read_version_rows(MODEL, "1", setting.home)


def test_what_arrives_at_one_machine_is_known_to_all(
    setting: Setting, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Home(tmp_path / "other")
    champion, first = setting.champion, setting.file("first.csv", rows(120, 3))
    (tmp_path / "s3").mkdir()
    with s3_server(tmp_path / "s3") as server:
        store = use_store(server, monkeypatch)
        arrive(champion, first, SETTINGS.loop, setting.home)
        assert [len(pd.read_parquet(each.path)) for each in news_of(champion, other)] == [120]
        met = arrive(champion, first, SETTINGS.loop, other).why_none
        assert met == "the same content was met before"
        union = join_news(champion, SETTINGS.loop, other)
        place = share_union(union, other)
        assert place.startswith(f"{store}/unions/{MODEL}/")
        assert hash_source(place) == hash_source(str(union.folder))
        assert read_manifest(place) == read_manifest(str(union.folder))
        keep_elsewhere(setting.home, store)
        found = rows_of_version(champion.content, champion.params, other)
        pd.testing.assert_frame_equal(found.train.frame, champion.train.frame)


def keep_elsewhere(home: Home, store: str) -> None:
    """All content of the home's cache is in the shared store."""
    for path in (home.dvc_cache / "files").rglob("*"):
        if path.is_file():
            open_objects(f"{store}/dvc").put(path, str(path.relative_to(home.dvc_cache)))


@pytest.mark.slow
def test_a_champion_made_worse_is_rolled_back_by_itself_and_a_good_one_is_confirmed(
    setting: Setting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PREFECT_HOME", str(setting.home.prefect))
    from prefect.events.clients import AssertingEventsClient
    from prefect.events.worker import EventsWorker

    from flows.monitor import monitor
    from flows.project import set_up_environment
    from flows.services.server import prefect_server
    from flows.watching.drift_check import MonitorRequest

    client, home = setting.client, setting.home
    bad = setting.version(shuffled(rows(350, 5)))
    promote(client, MODEL, bad, expected="1", reason="made worse on purpose", home=home)
    EventsWorker.set_client_override(AssertingEventsClient)
    with prefect_server(set_up_environment()):
        monitor(MonitorRequest(model=MODEL, data=setting.file("w0.csv", rows(300, 10))))
        assert champion(client, MODEL) == "1"
        good = setting.version(rows(350, 6))
        promote(client, MODEL, good, expected="1", reason="as good", home=home)
        for number in range(1, 6):
            window = setting.file(f"w{number}.csv", rows(300, 10 + number))
            monitor(MonitorRequest(model=MODEL, data=window))
        EventsWorker.drain_all()
    EventsWorker.set_client_override(None)
    acts = audit.history(client, MODEL, home)
    assert [act.action for act in acts] == ["confirm", "promote", "rollback", "promote", "promote"]
    assert acts[2].reason.startswith("worse on live rows than the champion before: +0.")
    assert (acts[2].version, acts[2].previous, champion(client, MODEL)) == ("1", bad, good)
    told = {event.event for each in AssertingEventsClient.all for event in each.events}
    assert {"mintmark.model.rolled-back", "mintmark.model.confirmed"} <= told
    looks = client.search_runs(
        [client.get_experiment_by_name(f"{MODEL}-monitor").experiment_id],
        order_by=["attributes.start_time ASC"],
    )
    assert [run.data.tags.get("mintmark.bake") for run in looks] == [
        "worse",
        *["watched"] * 3,
        "confirmed",
        None,
    ]
    assert looks[0].data.metrics["bake.loss"] > 0.3
    assert looks[-1].data.tags["mintmark.benefit"] == "holds"
