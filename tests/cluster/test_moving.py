"""From the embedded default to PostgreSQL and S3 with all its history, and back to a folder."""

import hashlib
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from components.data.bundled import load_bundled
from components.data.windows import HELD_OUT, keep_window
from components.storage.backup import Manifest, read_backup
from components.storage.home import Home
from components.storage.stores import open_store
from tests.cluster.cluster import BUCKET
from tests.cluster.member import bare
from tests.cluster.postgres import postgres
from tests.home import mintmark
from tests.storage.seaweed import s3_server

pytestmark = pytest.mark.cluster

NAME = "survey_sharing"
EASY = 'evaluate.sharing_gates=[{"metric": "tstr_loss", "better_than": 2.0}]'
_DRAW = """
import hashlib, sys
import mlflow, pandas as pd
model = mlflow.pyfunc.load_model("models:/survey_sharing@champion")
rows = model.predict(pd.DataFrame({"num_rows": [200], "seed": [7]}))
print(hashlib.sha256(rows.to_csv().encode()).hexdigest())
"""


@dataclass(frozen=True)
class Moved:
    """A home that was made, where it was moved to, and the home it came back to."""

    made: Path
    served: dict[str, str]
    back: Path
    first: Manifest
    second: Manifest


@pytest.fixture(scope="module")
def moved(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Moved]:
    folder = tmp_path_factory.mktemp("moving")
    made, place = folder / "made", folder / "place"
    ran = mintmark("run", NAME, "--preset", "smoke", "--set", EASY, home=made)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    arrived = load_bundled("statsmodels:fair").head(100).assign(**{HELD_OUT: False})
    keep_window(Home(made).windows / NAME, arrived, "0" * 64, most=1)
    released = mintmark("release", NAME, "--rows", "150", "--unproven", "a test", home=made)
    assert released.returncode == 0, released.stderr
    (folder / "s3").mkdir()
    with s3_server(folder / "s3") as s3, postgres() as database:
        database.create("prefect", "mlflow")
        served = s3.variables | {
            "MLFLOW_BACKEND_STORE_URI": database.url("mlflow"),
            "PREFECT_SERVER_DATABASE_CONNECTION_URL": database.url("prefect", "postgresql+asyncpg"),
            "MINTMARK_ARTIFACTS": f"s3://{BUCKET}/mlflow",
            "MINTMARK_STORE": f"s3://{BUCKET}/store",
        }
        _make_bucket(s3.variables)
        _call("backup", str(place), home=made)
        _call("restore", str(place), home=folder / "operator", variables=served)
        elsewhere = f"s3://{BUCKET}/backups"
        _call("backup", elsewhere, home=folder / "operator", variables=served)
        back = folder / "back"
        _call("restore", elsewhere, home=back, variables=s3.variables)
        with pytest.MonkeyPatch.context() as patch:
            for name, value in s3.variables.items():
                patch.setenv(name, value)
            second = read_backup(open_store(elsewhere))
        yield Moved(made, served, back, read_backup(open_store(place)), second)


def _make_bucket(variables: dict[str, str]) -> None:
    code = f"import boto3; boto3.client('s3').create_bucket(Bucket='{BUCKET}')"
    subprocess.run([sys.executable, "-c", code], env=bare() | variables, check=True)


def _call(*arguments: str, home: Path, variables: dict[str, str] | None = None) -> None:
    done = mintmark(*arguments, home=home, variables=variables)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_row_of_the_registry_is_as_it_was(moved: Moved) -> None:
    before, after = moved.first.areas["databases"], moved.second.areas["databases"]
    tables = [name for name in before if name.startswith("registry/")]
    changed = [name for name in tables if before[name].sha256 != after[name].sha256]
    # where a file lies is now below its experiment
    places = {"experiments", "runs", "logged_models", "model_versions"}
    assert {Path(name).name.removesuffix(".jsonl.gz") for name in changed} <= places
    assert moved.first.facts["rows registry"] == moved.second.facts["rows registry"]
    assert moved.first.facts["rows history"] == moved.second.facts["rows history"]


def test_every_file_is_as_it_was(moved: Moved) -> None:
    for area in ("artifacts", "content", "windows"):
        before, after = moved.first.areas[area], moved.second.areas[area]
        assert sorted(k.sha256 for k in before.values()) == sorted(k.sha256 for k in after.values())
    for name in ("dvc/cache/files", "dvc/remote/files", "windows"):
        kept = _hashes(moved.made / name)
        assert kept and kept == _hashes(moved.back / name)


def test_the_champion_and_the_release_are_there_and_give_the_same_rows(moved: Moved) -> None:
    drawn = [_draw(home) for home in (moved.made, moved.back)]
    assert drawn[0] == drawn[1]
    released = mintmark(
        "pull", f"{NAME}@champion", "-o", str(moved.back / "pulled"), home=moved.back
    )
    assert released.returncode == 0, released.stderr
    models = [mintmark("models", home=home).stdout for home in (moved.made, moved.back)]
    assert models[0] == models[1] and "champion: version 1" in models[0]


def test_the_same_request_finds_the_work_done(moved: Moved) -> None:
    ran = mintmark("run", NAME, "--preset", "smoke", "--set", EASY, home=moved.back)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "version 1 is the champion" in ran.stdout, ran.stdout


def test_nothing_is_restored_over_what_is_there(moved: Moved) -> None:
    place = moved.made.parent / "place"
    refused = mintmark("restore", str(place), home=moved.made)
    assert refused.returncode == 2 and "restore where none are" in refused.stderr


def _draw(home: Path) -> str:
    uri = f"sqlite:///{home}/mlflow/mlflow.db"
    command = [sys.executable, "-I", "-c", _DRAW]
    environment = bare() | {"MLFLOW_TRACKING_URI": uri}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()[-1]


def _hashes(folder: Path) -> dict[str, str]:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
    }
