"""A cluster whose every part can be broken: its servers, disks, clocks, cables and reads of S3."""

import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import gettempdir
from typing import Any

import psutil
from filelock import FileLock, Timeout

from tests.cluster.cluster import Cluster, Ground, cluster
from tests.cluster.member import Member, command_of
from tests.faults.clock import Clock, build_clock, why_no_clocks
from tests.faults.disk import mount_disk, unmount_disk, why_no_disks
from tests.faults.network import Cable, Site, why_no_cables
from tests.storage.proxy import Proxy

WORKERS = ("first", "second")
S3, DATABASE = "S3", "PostgreSQL"
_SECONDS = 900
_SITES = 8
_MEGABYTES = {S3: 1024, DATABASE: 640, **dict.fromkeys(WORKERS, 640)}


@dataclass
class Breakable:
    """A running cluster, and a hold on each of its parts.

    Cables and clocks are by worker; disks are those of S3, of PostgreSQL and of the workers' homes.
    `missing` says of these three why there are none here.
    """

    cluster: Cluster
    cables: dict[str, Cable] = field(default_factory=dict)
    clocks: dict[str, Clock] = field(default_factory=dict)
    disks: dict[str, Path] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)

    @property
    def proxy(self) -> Proxy:
        """What all members reach S3 through."""
        assert self.cluster.proxy is not None
        return self.cluster.proxy

    def revive(self) -> None:
        """Start again whatever does not run."""
        cluster = self.cluster
        if cluster.s3.process is None or cluster.s3.process.poll() is not None:
            cluster.s3.start()
        if cluster.database.process.poll() is not None:
            cluster.database.start()
        for member in (*cluster.members.values(), *cluster.workers.values()):
            if member.process is None or member.process.poll() is not None:
                member.start()
        cluster.await_servers()

    def await_idle(self) -> None:
        """Return once no worker runs a flow: one that fell silent may outlive its successor."""
        deadline = time.monotonic() + _SECONDS
        while any(_runs_a_flow(worker) for worker in self.cluster.workers.values()):
            assert time.monotonic() < deadline, "a flow goes on and on"
            time.sleep(0.5)


def _runs_a_flow(worker: Member) -> bool:
    if worker.process is None or worker.process.poll() is not None:
        return False
    tree = psutil.Process(worker.process.pid).children(recursive=True)
    return any("prefect.engine" in command_of(process) for process in tree)


@contextmanager
def breakable(
    folder: Path, *, keeps_disks: bool = False, services: Mapping[str, Any] | None = None
) -> Iterator[Breakable]:
    """A cluster with two workers, each with a network, a clock and a disk of its own.

    Where this machine allows some of that alone, the rest is as in any cluster. In a folder that
    a cluster ended in before, that one goes on, if its disks were kept. `services` are as those of
    `Ground`.
    """
    missing = {"cables": why_no_cables(), "clocks": why_no_clocks(), "disks": ""}
    missing["disks"] = why_no_disks(folder / "try")
    with ExitStack() as stack:
        site = _take_site(stack)
        owners = {S3: folder / "s3", DATABASE: folder / "postgres"}
        disks = owners | {name: folder / name / "home" for name in WORKERS}
        for owner, disk in disks.items() if not missing["disks"] else ():
            mount_disk(disk, _MEGABYTES[owner])
            if not keeps_disks:
                stack.callback(unmount_disk, disk)
        cables = {} if missing["cables"] else _lay(site, stack)
        clocks = (
            {} if missing["clocks"] else {n: build_clock(folder / "clocks" / n) for n in WORKERS}
        )
        (folder / "postgres").mkdir(exist_ok=True)
        address = site.servers if cables else "127.0.0.1"
        ground = Ground(address, folder / "postgres", has_proxy=True, services=services or {})
        made = stack.enter_context(cluster(folder, ground=ground))
        for name in WORKERS:
            made.worker(
                name,
                before=cables[name].before if cables else (),
                variables=clocks[name].variables if clocks else {},
            )
        yield Breakable(made, cables, clocks, disks if not missing["disks"] else {}, missing)


def _take_site(stack: ExitStack) -> Site:
    """Names and addresses that no other breakable cluster of this machine has meanwhile."""
    for number in range(_SITES):
        lock = FileLock(Path(gettempdir()) / f"mintmark-site-{number}.lock")
        try:
            stack.enter_context(lock.acquire(timeout=0))
        except Timeout:
            continue
        return Site(number)
    raise AssertionError(f"{_SITES} breakable clusters are running")


def _lay(site: Site, stack: ExitStack) -> dict[str, Cable]:
    cables = {name: Cable(site, name, number) for number, name in enumerate(WORKERS, start=1)}
    stack.callback(site.leave)
    for cable in cables.values():
        stack.callback(cable.remove)
        cable.lay()
    return cables
