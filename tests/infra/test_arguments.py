"""No address of a database, which has its password in it, is an argument that others may see."""

import shlex
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from components.storage.home import Home
from components.storage.stores import Folder
from flows.backups import (
    HISTORY_DATABASE,
    REGISTRY_DATABASE,
    USERS_DATABASE,
    _make_tables,
    back_up,
    find_databases,
    restore,
)
from tests.home import PROJECT, environment

SECRET = "dont-tell"


def listening(folder: Path, does: str) -> tuple[Path, Path]:
    """A program that writes down its arguments and then `does` something, and where it does."""
    heard, python = folder / "heard", folder / "python"
    lines = ("#!/bin/sh", f'printf "%s\\n" "$@" >>{shlex.quote(str(heard))}', does, "")
    python.write_text("\n".join(lines))
    python.chmod(0o755)
    return python, heard


def served(folder: Path) -> dict[str, str]:
    (folder / SECRET).mkdir(parents=True)
    return {
        REGISTRY_DATABASE: f"sqlite:///{folder / SECRET / 'registry.db'}",
        USERS_DATABASE: f"sqlite:///{folder / SECRET / 'users.db'}",
        HISTORY_DATABASE: f"sqlite:///{folder / SECRET / 'history.db'}",
        "MINTMARK_ARTIFACTS": str(folder / "artifacts"),
    }


def migrate(python: Path, folder: Path, variables: dict[str, str]) -> None:
    script = ["sh", str(PROJECT / "infra/servers/mlflow.sh"), "migrate"]
    settings = environment(folder, PYTHON=str(python)) | variables
    subprocess.run(script, env=settings, check=True, capture_output=True)


def set_all(variables: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)


def tables(path: Path) -> set[str]:
    with sqlite3.connect(path) as database:
        return {name for (name,) in database.execute("SELECT name FROM sqlite_master")}


def test_whoever_makes_tables_is_not_given_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    python, heard = listening(tmp_path, "exit 0")
    home, variables = Home(tmp_path / "home"), served(tmp_path)
    set_all(variables, monkeypatch)
    monkeypatch.setattr(sys, "executable", str(python))
    migrate(python, tmp_path, variables)
    _make_tables(home, find_databases(home))
    assert heard.read_text().count("upgrade") == 4 and SECRET not in heard.read_text()


@pytest.mark.slow
def test_tables_are_made_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By a migration, and by a backup that is restored."""
    python, heard = listening(tmp_path, f'exec {shlex.quote(sys.executable)} "$@"')
    before, after = served(tmp_path / "before"), served(tmp_path / "after")
    migrate(python, tmp_path, before)
    set_all({**before, USERS_DATABASE: ""}, monkeypatch)
    sqlite3.connect(tmp_path / "before" / SECRET / "history.db").close()
    back_up(Home(tmp_path / "home"), Folder(tmp_path / "backup"))
    set_all(after, monkeypatch)
    monkeypatch.setattr(sys, "executable", str(python))
    restore(Home(tmp_path / "other"), Folder(tmp_path / "backup"))
    made = tmp_path / "after" / SECRET
    assert "registered_models" in tables(made / "registry.db")
    assert "users" in tables(made / "users.db")
    assert "flow_run" in tables(made / "history.db")
    assert heard.read_text().count("upgrade") == 4 and SECRET not in heard.read_text()
