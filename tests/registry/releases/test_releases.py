"""Releases: made once, pulled with MLflow alone, made again bit for bit, tampering seen."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import mlflow
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion

from components.config import Purpose
from components.data.preparation import prepare_table
from components.data.sources import read_source
from components.errors import UserError
from components.registry.descriptions import MOST_CHARACTERS
from components.registry.releases.card import Card, card_markdown
from components.registry.releases.delivery import pull_release, verify_release
from components.registry.releases.exposure import ReleasedPart, SourceAccount, account
from components.registry.releases.making import ReleaseOrder
from components.registry.releases.release import Made, release
from components.registry.releases.rows import RELEASE_MARK, file_sha256, read_marks, write_rows
from components.registry.releases.versions import find_release, list_releases
from components.registry.tags import REVOKED
from components.registry.tracking import connect
from components.registry.versions import find_version
from components.storage.dvc import cached_file
from components.storage.home import Home
from tests.procedural import mixed_frame
from tests.registry.generators import REASON, crown, register_generator

ROWS, SEED = 120, 5


@dataclass(frozen=True)
class World:
    """A registry whose `people` has a champion (1), a newer version (2) and a refused one (3)."""

    client: MlflowClient
    home: Home
    first: Made


@pytest.fixture(scope="module")
def world(make_home: Callable[[str], Home]) -> World:
    home = make_home("releases")
    client = connect(home)
    data = home.root / "people.csv"
    mixed_frame(200).to_csv(data, index=False)
    for seed in (0, 1):
        register_generator(client, home, "people", str(data), seed=seed)
    register_generator(client, home, "people", str(data), seed=2, passed=False)
    register_generator(client, home, "lonely", str(data), purpose=Purpose.AUGMENTATION)
    crown(client, home, "people", ["1"])
    order = ReleaseOrder("people", num_rows=ROWS, seed=SEED, notes="for the test | only")
    return World(client, home, release(client, order, home))


def test_a_release_says_what_it_is_and_where_it_comes_from(world: World) -> None:
    card = world.first.card
    assert not world.first.existed
    assert (card.reference, card.generator_version, card.rows, card.seed) == (
        "people@1",
        "1",
        ROWS,
        SEED,
    )
    assert [(v.purpose, v.passed, v.reasons) for v in card.verdicts] == [
        ("sharing", True, (REASON,))
    ]
    assert card.ancestry.model_dump() == {"depth": 1, "share": 0.0, "parents": ()}
    assert card.lineage["data_uri"].endswith("people.csv") and card.lineage["git_dirty"] is True
    assert {c.name: c.kind for c in card.columns}["seen"] == "datetime"
    assert card.unproven is None and card.libraries["pyarrow"]
    text = card_markdown(card)
    assert REASON in text and card.sha256 in text and "for the test \\| only" in text


def test_mlflow_alone_fetches_the_champions_release(world: World, tmp_path: Path) -> None:
    mlflow.artifacts.download_artifacts("models:/people-release@champion", dst_path=str(tmp_path))
    rows = pd.read_parquet(tmp_path / "rows.parquet")
    assert len(rows) == ROWS and list(rows.columns) == list(mixed_frame(50).columns)
    assert file_sha256(tmp_path / "rows.parquet") == world.first.card.sha256
    assert json.loads((tmp_path / "card.json").read_text())["release"] == 1
    assert read_marks(tmp_path / "rows.parquet")[RELEASE_MARK] == world.first.release.key


def test_its_bytes_lie_under_dvc_and_on_the_generators_version(world: World) -> None:
    kept = cached_file(world.home, world.first.card.md5)
    assert file_sha256(kept) == world.first.card.sha256
    assert list(world.home.dvc_remote.rglob(world.first.card.md5[2:]))
    tags = world.client.get_model_version("people", "1").tags
    assert world.first.card.sha256 in tags["mintmark.release.1"]


def test_the_same_release_is_made_once(world: World) -> None:
    order = ReleaseOrder("people", "1", ROWS, SEED)
    again = release(world.client, order, world.home)
    assert again.existed and again.card == world.first.card
    assert len(list_releases(world.client, "people")) == 1


def test_it_is_made_again_bit_for_bit(world: World) -> None:
    found = verify_release(world.client, "people")
    assert found.passed and found.equal_bytes and found.equal_rows and found.stored
    assert found.reason.endswith("equal bit for bit")


def test_pulling_twice_is_fine_and_harms_no_other_folder(world: World, tmp_path: Path) -> None:
    target = tmp_path / "new" / "adults"
    for _ in range(2):
        assert pull_release(world.client, "people", "champion", target) == world.first.card
    assert sorted(path.name for path in target.parent.iterdir()) == ["adults"]
    assert sorted(path.name for path in target.iterdir()) == ["card.json", "rows.parquet"]
    (target / "card.json").write_text("mine")
    with pytest.raises(UserError, match="holds something else than release people@1"):
        pull_release(world.client, "people", "1", target)
    assert (target / "card.json").read_text() == "mine"
    (tmp_path / "file").write_text("mine")
    with pytest.raises(UserError, match="it is a file"):
        pull_release(world.client, "people", "1", tmp_path / "file")


def test_an_empty_folder_is_filled_wherever_it_is(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "empty" / ".part.of-a-killed-pull").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "empty")
    assert pull_release(world.client, "people", "1", Path()) == world.first.card
    (tmp_path / "there").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "there")
    assert pull_release(world.client, "people", "1", tmp_path / "link") == world.first.card
    assert (tmp_path / "there" / "rows.parquet").is_file()


@pytest.mark.parametrize(
    ("order", "message"),
    [
        (ReleaseOrder("nobody"), "no model 'nobody' is registered; there are: lonely, people"),
        (ReleaseOrder("lonely"), "model 'lonely' has no version with the alias 'champion'"),
        (
            ReleaseOrder("people", "9"),
            "model 'people' has no version 9; there are people@1, people@2, people@3",
        ),
        (ReleaseOrder("people", num_rows=0), "rows 0, seed 0: a release has 1 to 10,000,000 rows"),
        (ReleaseOrder("people", "3"), "version 3 of 'people' was refused for sharing"),
        (ReleaseOrder("lonely", "1"), "version 1 of 'lonely' was not judged for sharing"),
        (ReleaseOrder("people", "3", unproven=" "), "was refused for sharing"),
    ],
)
def test_what_cannot_be_released_is_one_line(
    world: World, order: ReleaseOrder, message: str
) -> None:
    with pytest.raises(UserError, match=message):
        release(world.client, order, world.home)


@pytest.mark.parametrize(
    ("name", "which", "message"),
    [
        ("nobody", "champion", "no model 'nobody' is registered"),
        ("o'brien", "1", """no model "o'brien" is registered"""),
        ("lonely", "1", "model 'lonely' has no release; `mintmark release lonely` makes one"),
        ("people", "9", "'people' has no release 9; there are: 1"),
        ("people", "newest", "no release of 'people' is the newest; there are: 1"),
    ],
)
def test_what_is_not_there_is_one_line(
    world: World, tmp_path: Path, name: str, which: str, message: str
) -> None:
    with pytest.raises(UserError, match=message):
        pull_release(world.client, name, which, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_equal_rows_are_equal_bytes_and_marks_do_not_change_rows(tmp_path: Path) -> None:
    frame = mixed_frame(300)
    for name, mark in (("a", "1"), ("b", "1"), ("c", "2")):
        write_rows([frame], tmp_path / name, {RELEASE_MARK: mark})
    first, same, other = ((tmp_path / name).read_bytes() for name in "abc")
    assert first == same != other
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "c"), frame)


@pytest.fixture
def unproven(world: World) -> Card:
    order = ReleaseOrder("people", "3", 40, 1, unproven="for the test bench")
    return release(world.client, order, world.home).card


def test_an_override_is_on_the_card_and_not_the_champions(world: World, unproven: Card) -> None:
    assert unproven.unproven == "for the test bench"
    assert "**Not proven for sharing.**" in card_markdown(unproven)
    assert find_release(world.client, "people", "champion").number == "1"


def test_a_tampered_release_is_seen_and_not_handed_out(
    world: World, unproven: Card, tmp_path: Path
) -> None:
    run = world.client.get_model_version("people-release", str(unproven.release)).run_id
    folder = Path(world.client.get_run(run).info.artifact_uri.removeprefix("file://"))
    rows = folder / "release" / "rows.parquet"
    frame = pd.read_parquet(rows)
    frame.assign(age=frame["age"] + 1).to_parquet(rows)
    found = verify_release(world.client, "people", str(unproven.release))
    assert not found.passed and not found.stored and found.equal_bytes
    assert "they were changed" in found.reason
    with pytest.raises(UserError, match="is not what was registered"):
        pull_release(world.client, "people", str(unproven.release), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_source_is_accounted_for_over_its_generators(world: World) -> None:
    client, card = world.client, world.first.card
    assert card.account is not None
    assert [part.reference for part in card.account.releases] == ["people@1"]
    second, lonely = (find_version(client, *which) for which in (("people", "2"), ("lonely", "1")))
    mine = [part for part in account(client, lonely, "1", 70).releases if part.rows == ROWS]
    assert mine and mine[0].reference == "people@1" and mine[0].generator == "people/1"
    found = account(client, second, "99", 70)
    assert found.releases[-1].reference == "people@99" and found.rows >= ROWS + 70
    assert found.worst_auc == pytest.approx(0.535) and found.epsilon is None
    said = card_markdown(card.model_copy(update={"account": found}))
    assert f"{len(found.releases)} releases of this source" in said


def test_another_source_and_what_was_revoked_do_not_count(world: World) -> None:
    client = world.client
    second = find_version(client, "people", "2")
    client.set_model_version_tag("people-release", "1", REVOKED, "asked")
    assert "people@1" not in {p.reference for p in account(client, second, "99", 70).releases}
    client.delete_model_version_tag("people-release", "1", REVOKED)
    for tag in ("mintmark.data_sha256", "mintmark.data_files.0"):
        client.set_model_version_tag("lonely", "1", tag, "ff" * 32)
    elsewhere = account(client, find_version(client, "lonely", "1"), "1", 60)
    assert [part.reference for part in elsewhere.releases] == ["lonely@1"]


def test_epsilons_of_trainings_add_up_and_rows_drawn_again_cost_nothing() -> None:
    def part(number: int, generator: str, epsilon: float | None) -> ReleasedPart:
        return ReleasedPart(reference=f"a@{number}", generator=generator, rows=10, epsilon=epsilon)

    spent = SourceAccount(releases=(part(1, "a/1", 1.0), part(2, "a/1", 1.0), part(3, "a/2", 0.5)))
    assert spent.epsilon == 1.5 and spent.worst_auc is None
    assert SourceAccount(releases=(*spent.releases, part(4, "a/3", None))).epsilon is None


class _Strict(MlflowClient):
    """Refuses what PostgreSQL refuses and SQLite takes."""

    def update_model_version(
        self, name: str, version: str, description: str | None = None
    ) -> ModelVersion:
        assert len(description or "") <= MOST_CHARACTERS
        return super().update_model_version(name, version, description)


def test_a_long_card_is_cut_where_mlflow_shows_it(world: World) -> None:
    order = ReleaseOrder("people", "1", ROWS, seed=9, notes="long " * 1_500)
    made = release(_Strict(), order, world.home)
    version = world.client.get_model_version("people-release", str(made.card.release))
    assert version.description.startswith("# people, release ")
    assert version.description.endswith(" |\n\n... see card.md")


def test_a_release_has_the_types_of_a_parquet_source(world: World, tmp_path: Path) -> None:
    """Also where it is made again from the version, bit for bit."""
    people = pa.Table.from_pandas(mixed_frame(200), preserve_index=False)
    types = {
        "age": pa.int16(),
        "ratio": pa.float32(),
        "city": pa.dictionary(pa.int32(), pa.string()),
        "seen": pa.timestamp("us", "Europe/Berlin"),
    }
    source = pa.table(
        {n: people[n].cast(types.get(n, people[n].type)) for n in [*types, "outcome"]}
    )
    pq.write_table(source, tmp_path / "typed.parquet")
    found = read_source(str(tmp_path / "typed.parquet"))
    table = prepare_table(found.frame, "outcome", kept=found.forms)
    data = str(tmp_path / "typed.parquet")
    register_generator(world.client, world.home, "typed", data, table=table)
    crown(world.client, world.home, "typed", ["1"])
    release(world.client, ReleaseOrder("typed", num_rows=50), world.home)
    pull_release(world.client, "typed", "1", tmp_path / "pulled")
    rows = pq.read_table(tmp_path / "pulled" / "rows.parquet")
    assert rows.schema.types == source.schema.types
    again = verify_release(world.client, "typed")
    assert again.passed and again.equal_bytes and again.equal_rows
