"""A home folder and a command line of their own, for tests."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from unittest.mock import patch

from typer.testing import CliRunner

from components.errors import UserError

PROJECT = Path(__file__).parents[1]
_OF_OTHERS = ("PREFECT_", "MLFLOW_", "AWS_")


def environment(home: Path, **more: str) -> dict[str, str]:
    """The variables of a process whose state lies in `home`."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(_OF_OTHERS)}
    return kept | {"MINTMARK_HOME": str(home), "COLUMNS": "200"} | more


def mintmark(
    *arguments: str, home: Path, cwd: Path | None = None, variables: Mapping[str, str] | None = None
) -> "subprocess.CompletedProcess[str]":
    """A finished call of the command line."""
    return subprocess.run(
        [sys.executable, "-m", "flows", *arguments],
        env=environment(home, **(variables or {})) | {"PYTHONPATH": str(PROJECT)},
        cwd=cwd or PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )


def invoke(
    *arguments: str, home: Path | None = None, variables: Mapping[str, str] | None = None
) -> tuple[int, str, str]:
    """A call in this process: exit status, what was printed, and what was told or raised.

    It takes seconds less than one in a process of its own, as `mintmark` is. The variables of this
    process are what they were afterwards; the call has those of `environment` if it has a home,
    and `variables`.
    """
    from flows.cli import app

    with patch.dict(os.environ):
        if home is not None:
            os.environ.clear()
            os.environ.update(environment(home))
        os.environ.update(variables or {})
        done = CliRunner().invoke(app, list(arguments))
    if isinstance(done.exception, UserError):
        return 2, done.stdout, str(done.exception)
    return done.exit_code, done.stdout, done.stderr
