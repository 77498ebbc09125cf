"""What travels with a version: our sampling code under a name of its own, and its needs."""

import ast
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from components.config import TreesConfig
from components.data.table import Table
from components.models.catalog import make_model
from components.registry.packaging.door import DoorLimits, _judge
from components.registry.packaging.logged import ARCHIVE, _packaged_code
from tests.procedural import mixed_table
from tests.ruled import ruled_table

_CONSUMER = """
import importlib, json, sys
sys.path.insert(0, sys.argv[1])
import pandas as pd
served = importlib.import_module(sys.argv[2] + ".models.served")._load_pyfunc(sys.argv[3])
request = pd.DataFrame({"num_rows": [5, 4], "seed": [1, 1],
                        "condition": ['{"outcome": "won"}', None]})
rows = served.predict(request)
print(json.dumps([len(rows), rows["outcome"][:5].unique().tolist(), "components" in sys.modules]))
"""


@pytest.mark.parametrize("table", [mixed_table(), ruled_table()], ids=["free", "held"])
def test_packaged_code_samples_without_the_project(tmp_path: Path, table: Table) -> None:
    model = make_model(TreesConfig(), table.schema.constraints)
    model.fit(table, seed=0)
    model.save(tmp_path / "model")
    with _packaged_code() as package:
        arguments = [str(package.parent), package.name, str(tmp_path / "model")]
        done = subprocess.run(
            [sys.executable, "-I", "-c", _CONSUMER, *arguments],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [9, ["won"], False]


def test_packaged_code_imports_nothing_that_is_not_packaged() -> None:
    with _packaged_code() as package, zipfile.ZipFile(package / ARCHIVE) as archive:
        packaged = set(archive.namelist())
        missing = {
            f"{path} imports {node.module}"
            for path in packaged
            for node in ast.walk(ast.parse(archive.read(path)))
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(package.name)
            for place in [str(node.module).partition(".")[2].replace(".", "/")]
            if not {f"{place}.py", f"{place}/__init__.py"} & packaged
        }
    assert not missing


def test_packaged_code_names_the_project_nowhere_and_is_renamed_nowhere_else() -> None:
    with _packaged_code() as package, zipfile.ZipFile(package / ARCHIVE) as archive:
        assert len(list(package.iterdir())) == 2, "whoever pulls a version asks for each file"
        trees = {name: ast.parse(archive.read(name)) for name in archive.namelist()}
    assert len(trees) > 10
    for path, tree in trees.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom):
                assert not str(node.module).startswith("components"), path
            elif isinstance(node, ast.Import):
                assert not any(each.name.startswith("components") for each in node.names), path
            elif isinstance(node, ast.Constant):
                assert not str(node.value).startswith("components."), path
            elif isinstance(node, ast.Attribute):
                assert node.attr != package.name, path
            elif isinstance(node, ast.Name):
                assert node.id != package.name, path


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({}, "drew 1000 rows twice alike"),
        ({"num_rows": 999}, "it gave 999 rows, 1000 were asked"),
        ({"repeats": False}, "equal seeds gave different rows"),
        ({"uses_project": True}, "it needs this project's source"),
        ({"seconds": 61.0}, "it took 61.0 s, at most 60 are allowed"),
        ({"megabytes": 4096.0}, "it took 4096 MB, 2048 are allowed"),
    ],
)
def test_the_door_refuses_with_a_reason(change: dict[str, float], reason: str) -> None:
    seen = {
        "num_rows": 1000,
        "repeats": True,
        "uses_project": False,
        "seconds": 2.0,
        "megabytes": 300.0,
    }
    result = _judge(seen | change, DoorLimits())
    assert result.passed is (not change) and reason in result.reason
