"""Processes of their own that tests of models start: some to be killed, some to load alone."""

import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]


def kill_after_checkpoint(script: str, directory: Path, step: int, *arguments: str) -> None:
    """Run `script`, given the directory, and kill it once the checkpoint of `step` is there."""
    child = subprocess.Popen([sys.executable, "-c", script, str(directory), *arguments], cwd=ROOT)
    deadline = time.monotonic() + 60
    while not any(directory.rglob(f"step-{step:09d}.pt")):
        assert child.poll() is None and time.monotonic() < deadline
        time.sleep(0.05)
    child.send_signal(signal.SIGKILL)
    assert child.wait() == -signal.SIGKILL


def run_alone(script: str, *arguments: str) -> None:
    """Run `script` in a process that has imported nothing; it must succeed."""
    command = [sys.executable, "-c", script, *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
