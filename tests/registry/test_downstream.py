"""The ways in `docs/downstream.md`, from an environment that never saw this project."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from components.models.catalog import MODELS
from components.registry.packaging.logged import log_generator
from components.registry.releases.making import ReleaseOrder
from components.registry.releases.release import release
from components.registry.tracking import connect, find_experiment, tracking_uri
from components.storage.home import Home
from tests.home import PROJECT, environment
from tests.models.conftest import small_model
from tests.procedural import mixed_frame, mixed_table
from tests.registry.generators import crown, register_generator
from tests.registry.snippets import snippets

pytestmark = pytest.mark.slow

NEEDS = ("mlflow", "torch", "pandas", "pyarrow", "pydantic", "pyyaml", "safetensors")
LOCKED = {
    "MLFLOW_ALLOW_MODEL_CODE_EXECUTION": "false",
    "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false",
}
MOST_SECONDS = 10.0
_CONSUMER = """
import json, sys, time
for module in sys.argv[2:]:
    __import__(module)
started, seen = time.monotonic(), {}
exec(open(sys.argv[1]).read(), seen)
print(json.dumps({
    "seconds": round(time.monotonic() - started, 1),
    "rows": len(seen["rows"]),
    "columns": list(seen["rows"].columns),
    "project": "components" in sys.modules,
    "torch": "torch" in sys.modules,
}))
"""


@dataclass(frozen=True)
class Seen:
    """What a consumer saw, and how long it took once its libraries were imported."""

    seconds: float
    rows: int
    columns: list[str]
    project: bool
    torch: bool


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment without this project, in the versions of our lock."""
    folder = tmp_path_factory.mktemp("consumer") / "env"
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    found = folder / "bin" / "python"
    pip = [str(found), "-m", "pip", "install", "-q", "-c", str(PROJECT / "requirements.lock")]
    subprocess.run([*pip, *NEEDS], check=True)
    listed = subprocess.run(
        [str(found), "-m", "pip", "list"], capture_output=True, text=True, check=True
    )
    assert "mintmark" not in listed.stdout
    return found


@pytest.fixture(scope="module")
def home(make_home: Callable[[str], Home]) -> Home:
    """A registry with a champion of each kind of model, and a release."""
    found = make_home("downstream")
    client = connect(found)
    for name in MODELS:
        model = small_model(name)
        model.fit(mixed_table(1000), seed=0)
        model.save(found.root / name)
        run = client.create_run(find_experiment(client, name, found))
        uri = log_generator(found.root / name, run.info.run_id).uri
        client.create_registered_model(name)
        version = client.create_model_version(name, uri, run.info.run_id)
        client.set_registered_model_alias(name, "champion", version.version)
    data = found.root / "people.csv"
    mixed_frame(200).to_csv(data, index=False)
    register_generator(client, found, "people", str(data))
    crown(client, found, "people", ["1"])
    release(client, ReleaseOrder("people", num_rows=120, seed=5), found)
    return found


def consume(
    code: str, modules: tuple[str, ...], python: Path, home: Home, variables: dict[str, str]
) -> Seen:
    """Run a snippet in the clean environment, in a folder of its own."""
    folder = python.parents[2] / "elsewhere"
    folder.mkdir(exist_ok=True)
    (folder / "snippet.py").write_text(code)
    done = subprocess.run(
        [str(python), "-I", "-W", "ignore", "-c", _CONSUMER, "snippet.py", *modules],
        cwd=folder,
        env=environment(home.root, MLFLOW_TRACKING_URI=tracking_uri(home), **variables),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    seen = Seen(**json.loads(done.stdout.strip().splitlines()[-1]))
    sys.stdout.write(f"{modules}: {seen.rows} rows {seen.seconds} s after import{os.linesep}")
    assert not seen.project and seen.seconds <= MOST_SECONDS
    return seen


@pytest.mark.parametrize("model", MODELS)
def test_mlflow_alone(model: str, python: Path, home: Home) -> None:
    seen = consume(snippets(model)["pyfunc"], ("mlflow", "pandas"), python, home, {})
    assert seen.rows == 10_000
    assert seen.columns == list(mixed_frame(1).columns)
    assert seen.torch == ("torch" in MODELS[model].needs)


@pytest.mark.parametrize("model", MODELS)
def test_locked_down(model: str, python: Path, home: Home) -> None:
    page = snippets(model)
    code = page["program"] + page["condition"] + "numbers = pd.DataFrame(program(draws).numpy())\n"
    code += page["values"] + "assert set(rows['outcome']) == {'won'}\n"
    seen = consume(code, ("mlflow", "pandas", "torch"), python, home, LOCKED)
    assert seen.rows == 10_000
    assert seen.columns == [name for name in mixed_frame(1).columns if name != "id"]


def test_files_of_a_release(python: Path, home: Home) -> None:
    code = snippets("people")["release"] + "import pandas, pathlib\n"
    code += "rows = pandas.read_parquet(next(pathlib.Path(folder).rglob('rows.parquet')))\n"
    code += "assert next(pathlib.Path(folder).rglob('card.json')).stat().st_size > 100\n"
    assert consume(code, ("mlflow", "pandas"), python, home, LOCKED).rows == 120


def test_where_a_version_comes_from(python: Path, home: Home) -> None:
    code = snippets("people")["trace"] + "rows = __import__('pandas').DataFrame(version.tags, [0])"
    tags = consume(code, ("mlflow", "pandas"), python, home, LOCKED).columns
    named = {"git_commit", "content_keys", "data_uri", "data_sha256", "seed", "params_sha256"}
    assert {f"mintmark.{name}" for name in named} <= set(tags)
