"""Rows from one database to another: every kind of value, all or nothing, the same each time."""

import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import INTERVAL

from components.errors import UserError
from components.storage.database import _fitting, _plain, count_rows, dump_database, load_database

META = sa.MetaData()
PEOPLE = sa.Table(
    "people",
    META,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", sa.String(50)),
    sa.Column("born", sa.DateTime),
    sa.Column("facts", sa.JSON),
    sa.Column("picture", sa.LargeBinary),
    sa.Column("is_kept", sa.Boolean),
    sa.Column("height", sa.Float),
)
PETS = sa.Table(
    "pets",
    META,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("owner", sa.ForeignKey("people.id")),
)
ROW = {
    "id": 7,
    "name": "Ada",
    "born": datetime(1815, 12, 10, 1, 2, 3, 4),
    "facts": {"a": [1, None], "b": "x"},
    "picture": b"\x00\xff",
    "is_kept": True,
    "height": 1.65,
}
NONE = {name: None for name in ROW} | {"id": 8}


def database(folder: Path, name: str, *, filled: bool) -> str:
    url = f"sqlite:///{folder / name}"
    engine = sa.create_engine(url)
    META.create_all(engine)
    if filled:
        with engine.begin() as connection:
            connection.execute(PEOPLE.insert(), [ROW, NONE])
            connection.execute(PETS.insert(), [{"id": 1, "owner": 7}])
    engine.dispose()
    return url


def rows(url: str) -> list[dict[str, object]]:
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        found = [dict(row._mapping) for row in connection.execute(sa.select(PEOPLE))]
    engine.dispose()
    return found


def hashes(folder: Path) -> dict[str, str]:
    files = sorted(folder.iterdir())
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_every_kind_of_value_comes_back(tmp_path: Path) -> None:
    url, other = (database(tmp_path, name, filled=name == "a.db") for name in ("a.db", "b.db"))
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
    assert dump_database(url, tmp_path / "first") == {"people": 2, "pets": 1}
    assert load_database(other, tmp_path / "first") == {"people": 2, "pets": 1}
    assert rows(other) == [ROW, NONE] and count_rows(other, "people", "pets", "none") == 3
    dump_database(other, tmp_path / "second")
    assert hashes(tmp_path / "first") == hashes(tmp_path / "second")


def test_what_was_there_before_gives_way(tmp_path: Path) -> None:
    url = database(tmp_path, "a.db", filled=True)
    (tmp_path / "dump").mkdir()
    dump_database(url, tmp_path / "dump")
    load_database(url, tmp_path / "dump")
    assert len(rows(url)) == 2


def test_rows_that_do_not_fit_leave_everything_as_it_was(tmp_path: Path) -> None:
    url, other = (database(tmp_path, name, filled=True) for name in ("a.db", "b.db"))
    (tmp_path / "dump").mkdir()
    dump_database(url, tmp_path / "dump")
    (tmp_path / "dump" / "people.jsonl.gz").rename(tmp_path / "dump" / "strangers.jsonl.gz")
    with pytest.raises(UserError, match="rows of 'strangers'"):
        load_database(other, tmp_path / "dump")
    assert rows(other) == [ROW, NONE]
    (tmp_path / "dump" / "strangers.jsonl.gz").unlink()
    with pytest.raises(UserError, match="pets refers to nothing"):
        load_database(other, tmp_path / "dump")
    assert rows(other) == [ROW, NONE]


def test_values_fit_the_column_that_takes_them() -> None:
    def fitted(value: object, kind: sa.types.TypeEngine[object]) -> object:
        return _fitting(_plain(value), sa.Column("x", kind))

    moment = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    number = UUID("12345678123456781234567812345678")
    assert fitted(str(number), sa.Uuid()) == number  # as SQLite has it
    assert fitted(moment.replace(tzinfo=None), sa.DateTime(timezone=True)) == moment
    assert fitted(moment, sa.DateTime()) == moment.replace(tzinfo=None)
    assert fitted(datetime(1970, 1, 1, 0, 0, 5), sa.Interval()) == timedelta(seconds=5)
    assert fitted(datetime(1970, 1, 1, 0, 0, 5), INTERVAL()) == timedelta(seconds=5)
    assert fitted(timedelta(seconds=5), sa.Interval()) == timedelta(seconds=5)
    assert fitted(timedelta(seconds=5), sa.DateTime()) == datetime(1970, 1, 1, 0, 0, 5)
    assert fitted(1, sa.Boolean()) is True
    assert fitted({"a": 1}, sa.String()) == '{"a": 1}'


def test_other_databases_are_refused_without_their_password(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"mysql://u:\*\*\*@h/d: accepted are sqlite") as refused:
        dump_database("mysql://u:secret@h/d", tmp_path)
    assert "secret" not in str(refused.value)
