"""The kinds of faults: each is a block in which it has happened, and after which nothing is broken.

The first line of each docstring is its name in tables. What lasts for a time has ended before the
block begins; what lasts to the block's end says so.
"""

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress

import psutil
import psycopg2
from botocore.exceptions import ClientError

from tests.cluster.cluster import BUCKET
from tests.cluster.member import Member, command_of
from tests.cluster.postgres import Postgres
from tests.faults.breakable import DATABASE, S3, Breakable
from tests.faults.clock import SECONDS_UNTIL_SEEN
from tests.faults.disk import filled
from tests.storage.seaweed import S3Server

Fault = Callable[[Breakable, Member], AbstractContextManager[None]]


class NothingToKill(Exception):
    """Raised where what is to be killed does not run at that moment."""


_DOWN = 5.0
"""How long a server stays away, as an orchestrator needs to start it anew."""
_A_WHILE = 30.0
_SILENT = 150.0
"""Longer than a run may be silent before it is given to another worker."""
_HOURS = 3 * 3600
_FOLDERS = 64
"""Enough for one in each of the eight parts of SeaweedFS's index."""


@contextmanager
def kill_training(running: Breakable, worker: Member) -> Iterator[None]:
    """kill -9 of the training alone"""
    _kill(worker, "components.stages.")
    yield


@contextmanager
def kill_flow(running: Breakable, worker: Member) -> Iterator[None]:
    """kill -9 of the flow run's process"""
    _kill(worker, "prefect.engine")
    yield


@contextmanager
def kill_worker(running: Breakable, worker: Member) -> Iterator[None]:
    """kill -9 of the worker with all that it runs, for good"""
    assert worker.process is not None
    if worker.process.poll() is not None:
        raise NothingToKill(f"the worker {worker.name} has ended")
    worker.kill()
    yield


@contextmanager
def kill_mlflow(running: Breakable, worker: Member) -> Iterator[None]:
    """kill -9 of MLflow, away for 5 s"""
    _restart(running.cluster.members["mlflow"])
    yield


@contextmanager
def kill_s3(running: Breakable, worker: Member) -> Iterator[None]:
    """kill -9 of S3, away for 5 s"""
    _restart(running.cluster.s3)
    yield


@contextmanager
def kill_prefect(running: Breakable, worker: Member) -> Iterator[None]:
    """kill -9 of Prefect, away for 5 s"""
    _restart(running.cluster.members["prefect"])
    yield


@contextmanager
def kill_database(running: Breakable, worker: Member) -> Iterator[None]:
    """kill -9 of PostgreSQL, away for 5 s"""
    _restart(running.cluster.database)
    yield


@contextmanager
def s3_refuses(running: Breakable, worker: Member) -> Iterator[None]:
    """S3 refuses everything for 30 s"""
    _refuse(running, _A_WHILE)
    yield


@contextmanager
def s3_refuses_long(running: Breakable, worker: Member) -> Iterator[None]:
    """S3 refuses everything for 150 s, so that the run begins again later"""
    _refuse(running, _SILENT)
    yield


@contextmanager
def s3_is_slow(running: Breakable, worker: Member) -> Iterator[None]:
    """S3 takes half a second more for each request, to the end"""
    running.proxy.seconds = 0.5
    try:
        yield
    finally:
        running.proxy.calm()


@contextmanager
def s3_corrupts(running: Breakable, worker: Member) -> Iterator[None]:
    """S3 changes a bit in 1% of what is read, to the end"""
    with _corrupting(running, 0.01):
        yield


@contextmanager
def s3_corrupts_much(running: Breakable, worker: Member) -> Iterator[None]:
    """S3 changes a bit in 10% of what is read, to the end"""
    with _corrupting(running, 0.1):
        yield


@contextmanager
def connections_exhausted(running: Breakable, worker: Member) -> Iterator[None]:
    """all connections of PostgreSQL are taken for 20 s, those of the servers with them"""
    taken: list[psycopg2.extensions.connection] = []
    ends = time.monotonic() + 20
    url = running.cluster.database.url("postgres")
    _take_connections(taken, url)
    ours = [connection.get_backend_pid() for connection in taken]
    with taken[0].cursor() as cursor:
        others = "select pg_terminate_backend(pid) from pg_stat_activity where pid <> all(%s)"
        cursor.execute(f"{others} and backend_type = 'client backend'", (ours,))
    while time.monotonic() < ends:
        _take_connections(taken, url)
        time.sleep(0.02)
    for connection in taken:
        connection.close()
    yield


@contextmanager
def clock_ahead(running: Breakable, worker: Member) -> Iterator[None]:
    """the worker's clock is three hours ahead for 30 s"""
    _move_clock(running, worker, _HOURS, _A_WHILE)
    yield


@contextmanager
def clock_behind(running: Breakable, worker: Member) -> Iterator[None]:
    """the worker's clock is three hours behind for 30 s"""
    _move_clock(running, worker, -_HOURS, _A_WHILE)
    yield


@contextmanager
def clock_ahead_long(running: Breakable, worker: Member) -> Iterator[None]:
    """the worker's clock is three hours ahead for 150 s, so that S3 refuses what it signs"""
    _move_clock(running, worker, _HOURS, _SILENT)
    yield


@contextmanager
def clock_behind_long(running: Breakable, worker: Member) -> Iterator[None]:
    """the worker's clock is three hours behind for 150 s, so that S3 refuses what it signs"""
    _move_clock(running, worker, -_HOURS, _SILENT)
    yield


@contextmanager
def network_cut(running: Breakable, worker: Member) -> Iterator[None]:
    """the worker's network is cut for 30 s"""
    _cut(running, worker, _A_WHILE)
    yield


@contextmanager
def network_cut_long(running: Breakable, worker: Member) -> Iterator[None]:
    """the worker's network is cut for 150 s, so that another takes its run over"""
    _cut(running, worker, _SILENT)
    yield


@contextmanager
def s3_disk_full(running: Breakable, worker: Member) -> Iterator[None]:
    """the disk of S3 is full for 30 s; it is started again where it does not take all afterwards"""
    with filled(running.disks[S3]):
        time.sleep(_A_WHILE)
    try:
        for folder in range(_FOLDERS):
            running.cluster.boto().put_object(Bucket=BUCKET, Key=f"full/{folder}/again", Body=b"x")
    except ClientError:  # parts of SeaweedFS's index stay closed once they could not be written
        _restart(running.cluster.s3)
    yield


@contextmanager
def database_disk_full(running: Breakable, worker: Member) -> Iterator[None]:
    """the disk of PostgreSQL is full for 30 s; it is started again where it gave up"""
    with filled(running.disks[DATABASE]):
        time.sleep(_A_WHILE)
    if running.cluster.database.process.poll() is not None:
        running.cluster.database.start()
    yield


KILLS: tuple[Fault, ...] = (
    kill_training,
    kill_flow,
    kill_worker,
    kill_mlflow,
    kill_s3,
    kill_prefect,
    kill_database,
)
FAULTS: tuple[Fault, ...] = (
    *KILLS,
    s3_refuses,
    s3_refuses_long,
    s3_is_slow,
    s3_corrupts,
    s3_corrupts_much,
    connections_exhausted,
    clock_ahead,
    clock_ahead_long,
    clock_behind,
    clock_behind_long,
    network_cut,
    network_cut_long,
    s3_disk_full,
    database_disk_full,
)
_NEEDS: dict[Fault, str] = {
    clock_ahead: "clocks",
    clock_behind: "clocks",
    clock_behind_long: "clocks",
    clock_ahead_long: "clocks",
    network_cut: "cables",
    network_cut_long: "cables",
    s3_disk_full: "disks",
    database_disk_full: "disks",
}


def is_of_worker(fault: Fault) -> bool:
    """Whether a fault changes nothing but a worker's network or clock."""
    return _NEEDS.get(fault) in ("clocks", "cables")


def why_not(fault: Fault, running: Breakable) -> str:
    """Why a fault cannot be made to happen on this machine, empty where it can."""
    return running.missing.get(_NEEDS.get(fault, ""), "")


def name_of(fault: Fault) -> str:
    """What a fault is called in tables."""
    assert fault.__doc__ is not None
    return fault.__doc__.strip()


def _restart(server: Member | S3Server | Postgres) -> None:
    server.kill()
    time.sleep(_DOWN)
    server.start()


def _kill(worker: Member, sign: str) -> None:
    """Kill what the worker runs whose command line has this sign."""
    assert worker.process is not None
    if worker.process.poll() is not None:
        raise NothingToKill(f"the worker {worker.name} has ended")
    tree = psutil.Process(worker.process.pid).children(recursive=True)
    doomed = [process for process in tree if sign in command_of(process)]
    doomed = [process for process in doomed if "leash.py" not in command_of(process)]
    if not doomed:
        raise NothingToKill(json.dumps([command_of(process) for process in tree]))
    for process in doomed:
        with suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGKILL)


@contextmanager
def _corrupting(running: Breakable, share: float) -> Iterator[None]:
    proxy = running.proxy
    proxy.corrupt = share
    try:
        yield
    finally:
        print(f"{proxy.corrupted} of {proxy.reads} reads were corrupted")
        proxy.calm()


def _take_connections(taken: list[psycopg2.extensions.connection], url: str) -> None:
    """Take connections until there are no more."""
    while True:
        try:
            taken.append(psycopg2.connect(url))
        except psycopg2.OperationalError:
            return
        taken[-1].autocommit = True


def _refuse(running: Breakable, seconds: float) -> None:
    running.proxy.refuse = 1.0
    time.sleep(seconds)
    running.proxy.calm()


def _move_clock(running: Breakable, worker: Member, by: float, seconds: float) -> None:
    with running.clocks[worker.name].moved(by):
        time.sleep(seconds)
    time.sleep(SECONDS_UNTIL_SEEN)


def _cut(running: Breakable, worker: Member, seconds: float) -> None:
    cable = running.cables[worker.name]
    cable.cut()
    try:
        time.sleep(seconds)
    finally:
        cable.mend()
