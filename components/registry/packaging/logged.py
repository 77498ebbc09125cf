"""A fitted generator with the code it samples with, so that it loads without this project."""

import hashlib
import re
import shutil
import tempfile
import warnings
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import mlflow
from mlflow.models import Model, ModelSignature
from mlflow.types import ColSpec, DataType
from mlflow.types import Schema as InputSchema

from components.models.artifact import read_header
from components.models.catalog import load_any_model, needs_of
from components.models.contract import Exportable
from components.registry.packaging.flavors import GeneratorFlavors

_PACKAGE = "components"
_PARTS = ("config", "data", "models", "networks", "training")
_STORAGE = ("__init__.py", "home.py", "objects.py", "s3.py", "s3_errors.py", "secret.py")
_MODULES = ("__init__.py", "errors.py", "threads.py", *(f"storage/{name}" for name in _STORAGE))
"""Of what keeps files, only that which the other parts import."""
_REFERENCE = re.compile(rf"(?<![\w.]){_PACKAGE}(?=\.[a-z])")
"""The name that begins a dotted one; no value is called so where its attributes are read."""
ARCHIVE = "modules.zip"
"""What holds the modules of a package beside its `__init__.py`."""
_OPENING = f"""import os

__path__ = [os.path.join(folder, {ARCHIVE!r}) for folder in __path__]
"""
_NEEDS = ("numpy", "pandas", "pydantic", "pyyaml", "safetensors")


@dataclass(frozen=True)
class Logged:
    """Where a logged generator is found (`models:/...`), and the hash of its files."""

    uri: str
    files_sha256: str


def log_generator(model_dir: Path, run_id: str, tags: Mapping[str, str] | None = None) -> Logged:
    """Log the generator in `model_dir` to a run, in two flavours.

    As a pyfunc its code travels under a package name made from its own hash: versions with
    different code load side by side in one process. As a PyTorch program it needs no code.
    `tags` are put on the logged model.
    """
    hashes: list[str] = []
    needs = _NEEDS + needs_of(read_header(model_dir).model)
    generator = load_any_model(model_dir)
    program = generator.export_program() if isinstance(generator, Exportable) else None
    with _packaged_code() as package, mlflow.start_run(run_id=run_id), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*input example.*")
        info = Model.log(
            artifact_path=None,
            name="generator",
            flavor=GeneratorFlavors(generator.schema_, program, hashes.append),
            flavor_name="mintmark",
            loader_module=f"{package.name}.models.served",
            data_path=str(model_dir),
            code_paths=[str(package)],
            pip_requirements=[f"{name}=={_public_version(name)}" for name in needs],
            signature=_signature(),
            tags=dict(tags or {}),
        )
    return Logged(str(info.model_uri), hashes[-1])


def _signature() -> ModelSignature:
    return ModelSignature(
        inputs=InputSchema(
            [
                ColSpec(DataType.long, "num_rows"),
                ColSpec(DataType.long, "seed"),
                ColSpec(DataType.string, "condition", required=False),
            ]
        )
    )


def _public_version(name: str) -> str:
    """The installed version without its build (`+cpu`), which no index may have."""
    return version(name).split("+")[0]


@contextmanager
def _packaged_code() -> Iterator[Path]:
    """A folder with our sampling code, renamed to `mintmark_HASH` throughout.

    All modules but the package itself lie in one archive, from which Python imports them: a team
    that pulls a version asks the server for each of its files.
    """
    source = Path(__file__).parents[2]
    files = [source / name for name in _MODULES]
    files += [file for part in _PARTS for file in sorted((source / part).rglob("*.py"))]
    texts = {file.relative_to(source): file.read_text() for file in files}
    digest = hashlib.sha256("\0".join(f"{path}\0{text}" for path, text in texts.items()).encode())
    name = f"mintmark_{digest.hexdigest()[:12]}"
    with tempfile.TemporaryDirectory() as folder:
        package = Path(folder) / name
        package.mkdir()
        (package / "__init__.py").write_text(_OPENING)
        with zipfile.ZipFile(package / ARCHIVE, "w", zipfile.ZIP_DEFLATED) as archive:
            for path, text in texts.items():
                entry = zipfile.ZipInfo(path.as_posix())  # bears no time of day
                archive.writestr(entry, _REFERENCE.sub(name, text), zipfile.ZIP_DEFLATED)
        yield package
        shutil.rmtree(package)
