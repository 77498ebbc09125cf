"""A home folder and a command line of their own, for tests."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from typer.testing import CliRunner

from components.errors import UserError

PROJECT = Path(__file__).parents[1]


def environment(home: Path, **more: str) -> dict[str, str]:
    """The variables of a process whose state lies in `home`."""
    kept = {
        k: v for k, v in os.environ.items() if not k.startswith(("PREFECT_", "MLFLOW_", "AWS_"))
    }
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


def invoke(*arguments: str) -> tuple[int, str, str]:
    """A call in this process: exit status, what was printed, and what was told or raised."""
    from flows.cli import app

    done = CliRunner().invoke(app, list(arguments))
    if isinstance(done.exception, UserError):
        return 2, done.stdout, str(done.exception)
    return done.exit_code, done.stdout, done.stderr
