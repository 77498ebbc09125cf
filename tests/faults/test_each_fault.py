"""Each fault once, in the middle of a run: what was lost, and how long it took.

Every run asks for the same work, its results forgotten before. Since content that is the same is
one version, a registry that still has one version at the end has lost nothing and made nothing
else. `make fault-test` prints the rows of a table.
"""

import time

import pytest

from tests.faults.breakable import Breakable
from tests.faults.kinds import FAULTS, Fault, name_of, why_not
from tests.faults.work import REQUEST, forget, in_training, versions

pytestmark = pytest.mark.faults


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_nothing_is_lost(fault: Fault, running: Breakable, whole: float) -> None:
    if reason := why_not(fault, running):
        pytest.skip(reason)
    cluster = running.cluster
    forget(cluster)
    run = cluster.start("retrain", **REQUEST)
    worker = in_training(cluster, run)
    began = time.monotonic()
    with fault(running, worker):
        ended = cluster.wait(run)
    seconds = time.monotonic() - began
    assert ended["state_name"] == "Completed", cluster.logs(run)
    running.await_idle()
    assert cluster.run(run)["state_name"] == "Completed", "a run that was taken over undid it"
    assert len(versions(cluster)) == 1, "the same request gave other content"
    row = (name_of(fault), f"{seconds:.0f}", ended["run_count"])
    print("\n|", " | ".join(map(str, row)), f"| (a run without it takes {whole:.0f} s)")
