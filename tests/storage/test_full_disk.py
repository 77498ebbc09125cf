"""A full disk is known whoever met it, and told with its place."""

import doctest
import errno
import os
import shutil
import sqlite3
from pathlib import Path

import pytest

from components.storage import full_disk
from components.storage.home import Home

FULL = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/data/rows.csv")


def test_the_examples_hold() -> None:
    assert doctest.testmod(full_disk).failed == 0


@pytest.mark.parametrize(
    ("error", "where"),
    [
        (FULL, "/data/rows.csv"),
        (shutil.Error([("a", "b", str(FULL))]), "/home/x"),
        (sqlite3.OperationalError("database or disk is full"), "/home/x"),
    ],
)
def test_it_is_known_and_placed(error: Exception, where: str) -> None:
    assert full_disk.is_disk_full(error)
    told = str(full_disk.disk_full(error, Home(Path("/home/x"))))
    assert told == f"the disk that holds {where} is full; free some space and run again"


def test_another_error_is_not_taken_for_it() -> None:
    assert not full_disk.is_disk_full(PermissionError(errno.EACCES, os.strerror(errno.EACCES)))
