"""The hash of a version's files, kept in the registry: the store alone cannot put others there."""

import hashlib
import logging
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import mlflow
from mlflow.entities.model_registry import ModelVersion

from components.errors import UserError

logger = logging.getLogger(__name__)

FILES = "mintmark.files_sha256"
"""The tag of a version that holds it."""

T = TypeVar("T")

_TRIES = 3
_COMPILED = "__pycache__"
_OF_MLFLOW = ("MLmodel", "registered_model_meta")
"""Files of a package that MLflow writes to afterwards; no code and no weights are in them."""


def hash_folder(folder: Path) -> str:
    """The SHA-256 over the names and contents of a folder's files.

    Without those of `_OF_MLFLOW`, and what Python compiled where the package was loaded.
    """
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        if path.name in _OF_MLFLOW or path.parent.name == _COMPILED:
            continue
        digest.update(f"{path.relative_to(folder)}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def bring_package(version: ModelVersion, to: Path | None = None) -> Path:
    """The package of `version`, brought into the folder `to` where one is named.

    Raises UserError where its files are not those that were registered, however often they are
    brought.
    """
    return read_whole(lambda: _brought(version, to))


def read_whole(read: Callable[[], T]) -> T:
    """What `read` gives, which raises UserError where that is not what was registered.

    It is asked again then: a store, or the way from it, may change a bit of what is read, and not
    of what lies there.
    """
    for _ in range(_TRIES - 1):
        try:
            return read()
        except UserError as error:
            logger.warning("%s; it may have arrived changed, so it is read again", error)
    return read()


def _brought(version: ModelVersion, to: Path | None) -> Path:
    uri = f"models:/{version.name}/{version.version}"
    destination = None if to is None else str(to)
    folder = Path(mlflow.artifacts.download_artifacts(uri, dst_path=destination))
    check_files(version, folder)
    return folder


def check_files(version: ModelVersion, folder: Path) -> None:
    """Raise UserError where the package in `folder` is not the one that was registered.

    Compiled code is deleted first: Python would run it in place of what has a hash. Of
    versions from before such hashes were kept, only the log says that nothing was compared.
    """
    for compiled in list(folder.rglob(_COMPILED)):
        shutil.rmtree(compiled, ignore_errors=True)  # another may be loading it
    registered, name = version.tags.get(FILES), f"version {version.version} of {version.name!r}"
    if registered is None:
        logger.warning("%s was registered without a hash of its files: not compared", name)
    elif hash_folder(folder) != registered:
        raise UserError(
            f"{name} is not what was registered: its files were changed in the store; a backup "
            "has what they were"
        )
