"""A database's rows as files that any database of the same tables can take in: SQLite, PostgreSQL.

One file a table, a JSON list a line, gzipped; the first line names the columns. A value that is
kept otherwise from one database to the next (times, UUIDs, JSON) is written in one way, and read
as the column wants it that takes it in.
"""

import base64
import gzip
import json
import uuid
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import INTERVAL
from sqlalchemy.engine import Connection, Engine, make_url

from components.errors import UserError

Row = dict[str, Any]
_SUFFIX = ".jsonl.gz"
_VERSION_TABLE = "alembic_version"
_BATCH = 500
_EPOCH = datetime(1970, 1, 1)
_POSTGRES = "postgresql"


def dump_database(
    url: str, folder: Path, change: Callable[[str, Row], Row] = lambda table, row: row
) -> dict[str, int]:
    """Write every table of a database into `folder`, all as of one moment; rows by table.

    `change` sees each row before it is written. Raises UserError where there is no database.
    """
    counts: dict[str, int] = {}
    with _engine(url) as engine, engine.connect() as connection:
        if engine.dialect.name == _POSTGRES:
            connection = connection.execution_options(isolation_level="REPEATABLE READ")
        with connection.begin():
            for table in _tables(connection):
                path = folder / f"{table.name}{_SUFFIX}"
                counts[table.name] = _dump(connection, table, path, change)
    if not counts:
        raise UserError(f"there are no tables at {_without_password(url)}")
    return counts


def load_database(
    url: str, folder: Path, change: Callable[[str, Row], Row] = lambda table, row: row
) -> dict[str, int]:
    """Put dumped rows into the tables of a database, in place of all that is in them; the counts.

    All or nothing. Raises UserError where the dump has rows of a table that is not there.
    """
    files = {path.name.removesuffix(_SUFFIX): path for path in folder.glob(f"*{_SUFFIX}")}
    counts: dict[str, int] = {}
    with _engine(url) as engine, engine.begin() as connection:
        tables = {table.name: table for table in _tables(connection)}
        with _without_foreign_keys(connection):
            for table in tables.values():
                connection.execute(table.delete())
            for name, path in sorted(files.items()):
                rows = _read(path)
                if name not in tables:
                    if next(rows, None) is not None:
                        raise UserError(f"the backup has rows of {name!r}, a table not there now")
                    continue
                counts[name] = _load(connection, tables[name], (change(name, r) for r in rows))
        _set_sequences(connection, tables)
    return counts


def count_rows(url: str, *names: str) -> int:
    """How many rows these tables have together; 0 where there is no such database or table.

    Raises UserError for a database that cannot be opened.
    """
    with _engine(url) as engine:
        try:
            with engine.connect() as connection:
                known = set(sa.inspect(connection).get_table_names())
                found = (sa.table(name) for name in names if name in known)
                counts = (sa.select(sa.func.count()).select_from(table) for table in found)
                return sum(connection.scalar(count) or 0 for count in counts)
        except sa.exc.OperationalError as error:
            raise UserError(f"{_without_password(url)} cannot be opened: {error.orig}") from error


@contextmanager
def _engine(url: str) -> Iterator[Engine]:
    """An engine by a driver that waits: the servers' own may be one that does not."""
    parsed = make_url(url)
    driver = {"sqlite": "sqlite", _POSTGRES: "postgresql+psycopg2"}.get(parsed.get_backend_name())
    if driver is None:
        raise UserError(f"{_without_password(url)}: accepted are sqlite and postgresql")
    try:
        engine = sa.create_engine(parsed.set(drivername=driver, query={}))
    except ModuleNotFoundError as error:
        raise UserError(f"{error.name} is missing: pip install 'mintmark[servers]'") from error
    try:
        yield engine
    finally:
        engine.dispose()


def _without_password(url: str) -> str:
    return make_url(url).render_as_string(hide_password=True)


def _tables(connection: Connection) -> list[sa.Table]:
    """The tables as the database has them, the migrations' own left out."""
    metadata = sa.MetaData()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Skipped unsupported reflection of expression")
        metadata.reflect(connection)
    found = (metadata.tables[name] for name in sorted(metadata.tables))
    return [table for table in found if table.name != _VERSION_TABLE]


def _columns(table: sa.Table) -> list[sa.Column[Any]]:
    """The columns that are written, by name, without those that the database works out itself."""
    found = (column for column in table.columns if column.computed is None)
    return sorted(found, key=lambda column: column.name)


def _dump(
    connection: Connection, table: sa.Table, path: Path, change: Callable[[str, Row], Row]
) -> int:
    columns = _columns(table)
    names = [column.name for column in columns]
    keys = list(table.primary_key.columns) or columns
    found = connection.execution_options(yield_per=_BATCH).execute(
        sa.select(*columns).order_by(*keys)
    )
    count = 0
    with path.open("wb") as raw, gzip.GzipFile(filename="", fileobj=raw, mode="wb", mtime=0) as out:
        out.write(json.dumps(names).encode() + b"\n")
        for values in found:
            count += 1
            row = change(table.name, dict(zip(names, map(_plain, values), strict=True)))
            line = json.dumps([row[name] for name in names], sort_keys=True)
            out.write(line.encode() + b"\n")
    return count


def _plain(value: Any) -> Any:
    """A value as JSON has it, the same from every database."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat() if value.tzinfo else value.isoformat() + "+00:00"
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, bytes | memoryview):
        return base64.b64encode(bytes(value)).decode()
    if isinstance(value, uuid.UUID | Decimal):
        return str(value)
    return value


def _read(path: Path) -> Iterator[Row]:
    with gzip.open(path, "rt") as file:
        names = json.loads(next(file))
        for line in file:
            yield dict(zip(names, json.loads(line), strict=True))


def _load(connection: Connection, table: sa.Table, rows: Iterator[Row]) -> int:
    columns = {column.name: column for column in _columns(table)}
    for column in columns.values():
        if isinstance(column.type, sa.JSON) and column.nullable:
            column.type.none_as_null = True  # else nothing would become a `null` of JSON's
    count, batch = 0, []
    for row in rows:
        count += 1
        batch.append({name: _fitting(value, columns[name]) for name, value in row.items()})
        if len(batch) == _BATCH:
            _insert(connection, table, batch)
            batch = []
    if batch:
        _insert(connection, table, batch)
    return count


def _insert(connection: Connection, table: sa.Table, rows: list[Row]) -> None:
    connection.execute(table.insert(), rows)


def _fitting(value: Any, column: "sa.Column[Any]") -> Any:
    """A value as the column takes it."""
    kind = column.type
    if value is None:
        return None
    if isinstance(kind, sa.DateTime):
        when = _EPOCH + timedelta(seconds=value) if isinstance(value, int | float) else None
        when = when or datetime.fromisoformat(value).astimezone(UTC)
        return when.replace(tzinfo=UTC if kind.timezone else None)
    if isinstance(kind, sa.Interval | INTERVAL):
        if isinstance(value, int | float):
            return timedelta(seconds=value)
        return datetime.fromisoformat(value).replace(tzinfo=None) - _EPOCH  # as SQLite has it
    if isinstance(kind, sa.Uuid):
        return uuid.UUID(value)
    if isinstance(kind, sa.Boolean):
        return bool(value)
    if isinstance(kind, sa.LargeBinary):
        return base64.b64decode(value)
    if isinstance(kind, sa.JSON):
        return value
    if isinstance(kind, sa.String) and not isinstance(value, str):
        return json.dumps(value)
    return value


@contextmanager
def _without_foreign_keys(connection: Connection) -> Iterator[None]:
    """Rows may come in any order during the block; at its end they must fit together."""
    if connection.dialect.name != _POSTGRES:  # SQLite looks at them only when it is told to
        yield
        broken = connection.execute(sa.text("PRAGMA foreign_key_check")).first()
        if broken:
            raise UserError(f"the backup's rows do not fit together: {broken[0]} refers to nothing")
        return
    query = (
        "SELECT conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid) "
        "FROM pg_constraint WHERE contype = 'f'"
    )
    keys = connection.execute(sa.text(query)).all()
    for table, name, _ in keys:
        connection.execute(sa.text(f"ALTER TABLE {table} DROP CONSTRAINT {name}"))
    yield
    for table, name, definition in keys:
        connection.execute(sa.text(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}"))


def _set_sequences(connection: Connection, tables: Mapping[str, sa.Table]) -> None:
    """Let PostgreSQL count on from the largest number that came in."""
    if connection.dialect.name != _POSTGRES:
        return
    for table in tables.values():
        for column in table.columns:
            if "nextval(" in str(getattr(column.server_default, "arg", "")):
                largest = connection.scalar(sa.select(sa.func.max(column)))
                sequence = sa.func.pg_get_serial_sequence(f'"{table.name}"', column.name)
                set_to = sa.func.setval(sequence, largest or 1, largest is not None)
                connection.execute(sa.select(set_to))
