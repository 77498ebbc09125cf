"""A worker's disk fills up in the middle of a run: it says so, and goes on once there is room."""

import time

import pytest

from tests.faults.breakable import Breakable
from tests.faults.disk import filled
from tests.faults.work import REQUEST, forget, in_training, versions

pytestmark = pytest.mark.faults


def test_a_full_disk_is_named_and_the_same_request_goes_on(
    running: Breakable, whole: float
) -> None:
    if reason := running.missing["disks"]:
        pytest.skip(reason)
    cluster = running.cluster
    forget(cluster)
    run = cluster.start("retrain", **REQUEST)
    worker = in_training(cluster, run)
    disk = running.disks[worker.name]
    began = time.monotonic()
    with filled(disk):
        ended = cluster.wait(run)
        seconds = time.monotonic() - began
        others = [other for other in cluster.workers.values() if other is not worker]
        for other in others:
            other.stop()
        begun_on_a_full_disk = cluster.wait(cluster.start("retrain", **REQUEST))
    for failed in (ended, begun_on_a_full_disk):
        message = failed["state"]["message"]
        print(f"\n{message}")
        assert failed["state_name"] == "Failed", cluster.logs(failed["id"])
        assert "is full" in message and str(disk) in message and "\n" not in message, message
    print(f"failed {seconds:.0f} s after the disk was full")
    running.revive()
    began = time.monotonic()
    again = cluster.wait(cluster.start("retrain", **REQUEST))
    seconds = time.monotonic() - began
    assert again["state_name"] == "Completed", cluster.logs(again["id"])
    assert len(versions(cluster)) == 1
    print(f"done {seconds:.0f} s after the same was asked for again (whole: {whole:.0f} s)")
