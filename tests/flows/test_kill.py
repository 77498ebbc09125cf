"""A run whose whole process tree is killed goes on where it was and ends with the same weights."""

import hashlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from tests.home import PROJECT, environment, mintmark

RUN = (
    "run", "breast_cancer_scarce", "--set", "train.model.checkpoint_seconds=0",
    "--set", "evaluate.repeats=1", "--set", "train.model.max_epochs=120",
)  # fmt: skip
OUTPUTS = ("models/generator/weights.safetensors", "models/training_curves.csv")


@pytest.mark.slow
def test_the_same_command_goes_on_and_ends_with_the_same_weights(tmp_path: Path) -> None:
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    _kill_in_training(killed)
    done = mintmark(*RUN, home=killed)
    assert done.returncode == 0, done.stderr
    assert "going on from the checkpoint of step" in done.stdout
    assert mintmark(*RUN, home=whole).returncode == 0
    assert _hashes(killed) == _hashes(whole)


def _kill_in_training(home: Path) -> None:
    """Start a run, wait for a checkpoint, kill it with all its descendants at once."""
    command = [sys.executable, "-m", "flows", *RUN]
    process = subprocess.Popen(
        command, cwd=PROJECT, env=environment(home), stdout=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 120
    while not list(home.glob("checkpoints/*/step-*.pt")):
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.02)
    tree = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
    for member in tree:
        os.kill(member.pid, signal.SIGKILL)
    process.wait()
    psutil.wait_procs(tree, timeout=10)


def _hashes(home: Path) -> list[str]:
    """The outputs of the newest workspace that has them."""
    ended = [path for path in home.glob("workspaces/*") if (path / OUTPUTS[0]).is_file()]
    newest = max(ended, key=lambda path: path.stat().st_mtime)
    return [hashlib.sha256((newest / name).read_bytes()).hexdigest() for name in OUTPUTS]
