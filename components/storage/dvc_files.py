"""Single files under DVC: kept by content in the shared cache, copied to the remote."""

import os
import subprocess
import sys
from pathlib import Path

import yaml
from filelock import FileLock

from components.errors import UserError
from components.storage.dvc import write_dvc_settings
from components.storage.home import HOME_VARIABLE, Home


def release_folder(home: Home, name: str, key: str) -> Path:
    """Where a release's rows and their `.dvc` file lie, in one DVC repository for all."""
    return home.releases / name / key


def keep_file(path: Path, home: Home) -> str:
    """The md5 of `path`, a file in a release's folder, which is now in the cache and the remote."""
    repository = home.releases
    _make_repository(repository, home)
    name = str(path.relative_to(repository))
    _run(repository, home, "add", "--quiet", name)
    _run(repository, home, "push", "--quiet", f"{name}.dvc")
    pointer = yaml.safe_load(path.with_name(f"{path.name}.dvc").read_text())
    return str(pointer["outs"][0]["md5"])


def _make_repository(folder: Path, home: Home) -> None:
    home.locks.mkdir(parents=True, exist_ok=True)
    with FileLock(home.locks / "releases-repository.lock"):
        folder.mkdir(parents=True, exist_ok=True)
        write_dvc_settings(folder, home)


def _run(repository: Path, home: Home, *arguments: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "dvc", "--wait-for-lock", *arguments],
        cwd=repository,
        env=os.environ | {HOME_VARIABLE: str(home.root), "DVC_NO_ANALYTICS": "true"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        said = (done.stderr.strip() or done.stdout.strip() or "no message").splitlines()
        raise UserError(f"dvc {arguments[0]} failed: {said[-1]}")
