"""Which code a run had: the commit, and whether anything tracked was changed since."""

import subprocess
from pathlib import Path


def git_revision(project: Path) -> str:
    """The commit of the checkout, with `+changes` where tracked files differ from it.

    `unknown` outside a git checkout.
    """
    commit = _git(project, "rev-parse", "HEAD")
    if commit is None:
        return "unknown"
    changed = _git(project, "status", "--porcelain", "--untracked-files=no")
    return f"{commit}+changes" if changed else commit


def _git(project: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", *arguments], cwd=project, capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None
