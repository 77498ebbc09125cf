"""Programs for consumers without model code, damaged: PyTorch's reader runs nothing of theirs.

What it raises is its own; a consumer who wants one line compares the file's hash beforehand.
"""

import zipfile
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import torch

from components.models.contract import Exportable
from components.registry.packaging.flavors import export
from tests.fuzz.damage import damaged_bytes
from tests.fuzz.hunting import LONG, hunt
from tests.fuzz.watch import watched
from tests.models.conftest import fitted_once

pytestmark = pytest.mark.slow


@cache
def program() -> bytes:
    model = fitted_once("copula")
    assert isinstance(model, Exportable)
    with TemporaryDirectory() as folder:
        export(model.export_program(), Path(folder) / "model.pt2")
        return (Path(folder) / "model.pt2").read_bytes()


def packed(members: dict[str, bytes], path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)


def load(path: Path, folder: Path) -> None:
    with watched(folder):
        try:
            torch.export.load(path)
        except Exception as error:
            assert not isinstance(error, MemoryError)


def test_damaged_bytes(tmp_path: Path) -> None:
    path = tmp_path / "model.pt2"

    def attack(data: bytes) -> None:
        path.write_bytes(data)
        load(path, tmp_path)

    hunt(damaged_bytes(program()), LONG, attack)


def test_damaged_members_of_a_whole_archive(tmp_path: Path) -> None:
    path = tmp_path / "model.pt2"
    path.write_bytes(program())
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    for name in members:

        def attack(data: bytes, name: str = name) -> None:
            packed(members | {name: data}, path)
            load(path, tmp_path)

        if members[name]:
            hunt(damaged_bytes(members[name]), max(10, LONG // len(members)), attack)
