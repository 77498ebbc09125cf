"""One cluster for all faults: starting it takes longer than most of them."""

import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.breakable import Breakable, breakable
from tests.faults.work import REQUEST, forget, versions


@pytest.fixture(scope="session")
def running() -> Iterator[Breakable]:
    folder = Path(tempfile.mkdtemp(prefix="mintmark-faults-"))
    folder.chmod(0o755)  # PostgreSQL's user comes through here
    with breakable(folder) as started:
        yield started
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def whole(running: Breakable) -> float:
    """How long a run takes that nothing happens to; its version is the measure of the others."""
    cluster = running.cluster
    forget(cluster)
    started = time.monotonic()
    ended = cluster.wait(cluster.start("retrain", **REQUEST))
    assert ended["state_name"] == "Completed", cluster.logs(ended["id"])
    assert len(versions(cluster)) == 1
    return time.monotonic() - started


@pytest.fixture(autouse=True)
def _all_is_well(running: Breakable) -> Iterator[None]:
    """Every fault meets a cluster in which everything runs, and no run of before does."""
    running.revive()
    running.await_idle()
    yield
