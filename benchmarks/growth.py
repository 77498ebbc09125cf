"""What more machines buy: one thorough evaluation or race on many workers, many runs on many nodes.

    python -m benchmarks.growth [--repeats 1] [--runs 3] [--idle 60] [--write docs/growth.md]

Two things are measured here and carried on by simulation to what this machine does not have. Every
part that a thorough evaluation and a race fan out is run on one worker and timed, with what it
costs to send; then workers take parts in their order, a part from the one sender at a time. And a
cluster as in `make cluster-test` tells what a run costs each server, and an idle worker each
minute; then N nodes that make run after run are a closed network of queues, solved exactly by mean
value analysis (Reiser and Lavenberg 1980). Needs what `make cluster-test` needs.
"""

import argparse
import heapq
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import cloudpickle
import psutil
from joblib import register_parallel_backend
from joblib._parallel_backends import LokyBackend, ParallelBackendBase
from sklearn.datasets import load_breast_cancer

from benchmarks.calibration.given import parts_of
from benchmarks.calibration.tables import Parts
from benchmarks.calibration.wording import table
from benchmarks.load import request
from components.config import AutoConfig, EvaluateConfig, Purpose, TreesConfig
from components.data.table import Table
from components.evaluation.benefit.thorough import measure_thorough
from components.evaluation.case import Case
from components.models.contract import TabularModel, log_nothing
from components.racing.race import fit_chosen, fit_model
from tests.cluster.cluster import Cluster, cluster

WORKERS = (1, 2, 4, 10, 100, 1000)
NODES = (1, 10, 100, 1000)
BANDWIDTH = 125e6
"""Bytes a second from the sender, as a network of one gigabit has."""
SERVING = {"prefect": 1, "mlflow": 1, "S3": 4, "PostgreSQL": 4}
"""Processors that a server can use: Prefect's is one process, MLflow's as many as
`MLFLOW_WORKERS`, one by default."""


@dataclass(frozen=True)
class Part:
    """A call that was fanned out: seconds it took, and seconds and bytes to send it."""

    seconds: float
    packing: float
    size: int

    @property
    def sending(self) -> float:
        """Seconds that the sender is busy with it."""
        return self.packing + self.size / BANDWIDTH


@dataclass(frozen=True)
class Work:
    """Parts in phases, each of which begins when the one before has ended, and the rest."""

    phases: Sequence[Sequence[Part]]
    serial: float

    def seconds(self, num_workers: int) -> float:
        """How long it takes with so many workers, each part on one, in their order."""
        return self.serial + sum(_makespan(parts, num_workers) for parts in self.phases)

    def bottleneck(self, num_workers: int) -> str:
        """What most of the time goes to, or would be needed for less."""
        longest = sum(max(part.seconds for part in parts) for parts in self.phases)
        sending = sum(part.sending for parts in self.phases for part in parts)
        told = {
            "what is not fanned out": self.serial,
            "the longest part of each phase": longest,
            "sending the parts": sending,
            "the number of workers": self.seconds(num_workers) - self.serial - longest,
        }
        return max(told, key=lambda name: told[name])


def _makespan(parts: Sequence[Part], num_workers: int) -> float:
    free, sent, ended = [0.0] * min(num_workers, len(parts)), 0.0, 0.0
    for part in parts:
        sent = max(sent, free[0]) + part.sending
        heapq.heapreplace(free, sent + part.seconds)
        ended = max(ended, sent + part.seconds)
    return ended


class Recorder(ParallelBackendBase):  # type: ignore[misc]  # joblib has no types
    """Runs joblib's calls one after another, and notes what each took."""

    supports_retrieve_callback = True
    phases: list[list[Part]] = []  # noqa: RUF012 - joblib makes the instances

    def effective_n_jobs(self, n_jobs: int | None) -> int:
        """Two, since joblib keeps one to itself."""
        return 2

    def configure(self, n_jobs: int = 1, parallel: Any = None, **_: Any) -> int:
        """Begin a phase."""
        self.parallel, self._thread = parallel, ThreadPoolExecutor(1)
        self.phases.append([])
        return self.effective_n_jobs(n_jobs)

    def submit(self, func: Callable[[], Any], callback: Callable[[Any], None] | None = None) -> Any:
        """Run a call when those before it are done."""
        future: Future[Any] = self._thread.submit(self._timed, func, self.phases[-1])
        if callback is not None:
            future.add_done_callback(callback)
        return future

    def retrieve_result_callback(self, out: Any) -> Any:
        """What the call gave; raises what it raised."""
        return out.result()

    def terminate(self) -> None:
        """End the thread."""
        self._thread.shutdown()

    @staticmethod
    def _timed(call: Callable[[], Any], phase: list[Part]) -> Any:
        started = time.thread_time()
        size = len(cloudpickle.dumps(call))
        packed = time.thread_time()
        found = call()
        phase.append(Part(time.thread_time() - packed, packed - started, size))
        return found


@contextmanager
def recorded() -> Iterator[list[list[Part]]]:
    """The phases of what is fanned out inside, by seconds of the processor."""
    Recorder.phases = []
    register_parallel_backend("loky", Recorder)
    try:
        yield Recorder.phases
    finally:
        register_parallel_backend("loky", LokyBackend)


def work_of(done: Callable[[], object]) -> Work:
    """What `done` fans out, and the seconds of the processor of the rest."""
    started = time.process_time()
    with recorded() as phases:
        done()
    parts = sum(part.seconds + part.packing for phase in phases for part in phase)
    return Work([phase for phase in phases if phase], time.process_time() - started - parts)


def measure_work(repeats: int) -> dict[str, Work]:
    """A thorough evaluation of trees on a bundled table, and a race on it."""
    frame = load_breast_cancer(as_frame=True).frame
    frame["target"] = frame["target"].map({0: "malignant", 1: "benign"})
    parts: Parts = parts_of(frame, "target", len(frame))
    config = TreesConfig()
    settings = EvaluateConfig(purpose=Purpose.AUGMENTATION, protocol="thorough", repeats=repeats)
    make = partial(_fitted, config)
    fitted = make(parts.train, 0)
    case = Case(parts.train, parts.test, parts.train, settings, make, 2, fitted)
    race = AutoConfig(purpose=Purpose.SHARING)
    return {
        f"thorough evaluation, {repeats} of its repeats": work_of(
            lambda: measure_thorough(case, log_nothing)
        ),
        "race for sharing": work_of(lambda: fit_chosen(race, parts.train, seed=0, workers=2)),
    }


def _fitted(config: TreesConfig, rows: Table, seed: int) -> TabularModel:
    return fit_model(config, rows, seed=seed)


@dataclass(frozen=True)
class Costs:
    """Seconds of the processor of each server: for a run, and in each second.

    The latter are what it spends without any worker, and what each idle worker adds.
    """

    run: Mapping[str, float]
    alone: Mapping[str, float]
    worker: Mapping[str, float]


def measure_costs(runs: int, seconds: float) -> Costs:
    """What a cluster tells, first without a worker, then with two."""
    with (
        tempfile.TemporaryDirectory() as folder,
        cluster(Path(folder) / "cluster") as running,
    ):
        alone = _spent_idle(running, seconds)
        for name in ("first", "second"):
            running.worker(name)
        _await(running, 0)  # what is made once, is made
        both = _spent_idle(running, seconds)
        before, started = _processor(running), time.monotonic()
        for seed in range(1, runs + 1):
            _await(running, seed)
        took = time.monotonic() - started
        spent = _since(running, before)
    return Costs(
        run={name: max(0.0, spent[name] - both[name] * took) / runs for name in spent},
        alone=alone,
        worker={name: max(0.0, both[name] - alone[name]) / 2 for name in alone},
    )


def _spent_idle(running: Cluster, seconds: float) -> dict[str, float]:
    """Seconds of the processor in each second, while nothing is asked for."""
    before = _processor(running)
    time.sleep(seconds)
    return {name: spent / seconds for name, spent in _since(running, before).items()}


def _await(running: Cluster, seed: int) -> None:
    done = running.wait(running.start("retrain", **request(seed)))
    assert done["state_name"] == "Completed", running.logs(done["id"])


def _processor(running: Cluster) -> dict[str, float]:
    return {name: _used(server) for name, server in running.servers().items()}


def _used(process: psutil.Process) -> float:
    times = [each.cpu_times() for each in (process, *process.children(recursive=True))]
    ended = process.cpu_times()
    return sum(each.user + each.system for each in times) + (
        ended.children_user + ended.children_system
    )


def _since(running: Cluster, before: Mapping[str, float]) -> dict[str, float]:
    return {name: used - before[name] for name, used in _processor(running).items()}


def throughput(costs: Costs, own: float, nodes: int) -> tuple[float, str, float]:
    """Runs an hour of so many nodes, the server that is busiest, and its share of time.

    A run keeps its node busy for `own` seconds besides what it waits for servers. What idle workers
    ask for is taken off what a server can do.
    """
    left = {
        name: SERVING[name] - costs.alone[name] - nodes * costs.worker[name] for name in costs.run
    }
    worn = min(left, key=lambda name: left[name])
    if left[worn] <= 0:
        return 0.0, f"{worn}, by what workers ask without any run", 1.0
    demand = {name: costs.run[name] / left[name] for name in costs.run}
    queue = dict.fromkeys(demand, 0.0)
    rate = 0.0
    for number in range(1, nodes + 1):
        waits = {name: demand[name] * (1 + queue[name]) for name in demand}
        rate = number / (own + sum(waits.values()))
        queue = {name: rate * waits[name] for name in demand}
    busiest = max(demand, key=lambda name: demand[name])
    return 3600 * rate, busiest, rate * demand[busiest]


def page(works: Mapping[str, Work], costs: Costs, own: Sequence[float]) -> str:
    """The figures as Markdown."""
    lines = [
        "# What more machines buy",
        "",
        "Written by `python -m benchmarks.growth`; do not edit. Parts and servers were measured on "
        "two processors with other work, in seconds of the processor; beyond that it is "
        f"simulation: a sender with {BANDWIDTH / 1e6:.0f} MB/s, workers as fast as this one.",
        "",
        "## One job on many workers (`MINTMARK_FAN_OUT=ray`)",
        "",
        *(line for name, work in works.items() for line in _on_workers(name, work)),
        "## Many runs on many nodes",
        "",
        "Each node makes run after run, one at a time, that keeps it busy for so many minutes "
        "besides what it waits for servers. Prefect's server is one process, and so is MLflow's "
        "(`MLFLOW_WORKERS`); S3 and PostgreSQL have four processors each.",
        "",
        _of_servers(costs),
        "",
        _on_nodes(costs, own),
    ]
    return "\n".join([*lines, ""])


def _on_workers(name: str, work: Work) -> list[str]:
    """What a job is made of, and how long it takes on more and more workers."""
    calls = [part for phase in work.phases for part in phase]
    rows = [
        [
            str(count),
            f"{work.seconds(count):.1f}",
            f"{work.seconds(1) / work.seconds(count):.1f}",
            work.bottleneck(count),
        ]
        for count in WORKERS
    ]
    return [
        f"**{name.capitalize()}**: {len(calls)} parts in {len(work.phases)} phases of at most "
        f"{max(map(len, work.phases))}, {sum(part.seconds for part in calls):.0f} s in all, "
        f"the longest {max(part.seconds for part in calls):.1f} s; "
        f"{sum(part.size for part in calls) / 1e6:.1f} MB to send; {work.serial:.1f} s are not "
        "fanned out.",
        "",
        table(["workers", "seconds", "times as fast", "what holds it back"], rows),
        "",
    ]


def _of_servers(costs: Costs) -> str:
    """What runs and idle workers cost each server."""
    titles = ["a run", "an hour without workers", "an idle worker's hour"]
    rows = [
        [name, f"{each:.2f}", f"{3600 * costs.alone[name]:.1f}", f"{3600 * costs.worker[name]:.1f}"]
        for name, each in costs.run.items()
    ]
    return table(["seconds of the processor", *titles], rows)


def _on_nodes(costs: Costs, own: Sequence[float]) -> str:
    """How many runs more and more nodes make, and which server fills first."""
    rows = []
    for seconds in own:
        for nodes in NODES:
            rate, busiest, share = throughput(costs, seconds, nodes)
            alone = nodes * throughput(costs, seconds, 1)[0]
            rows.append(
                [
                    f"{seconds / 60:.0f}",
                    str(nodes),
                    f"{rate:.0f}",
                    f"{rate / alone:.0%}" if alone else "",
                    f"{busiest}, busy {share:.0%} of the time",
                ]
            )
    titles = ["minutes a run", "nodes", "runs an hour", "of what they would alone", "first to fill"]
    return table(titles, rows)


def main() -> None:
    """Measure, simulate, and say so."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--idle", type=float, default=60)
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    works = measure_work(options.repeats)
    costs = measure_costs(options.runs, options.idle)
    text = page(works, costs, (120.0, 1800.0))
    print(text)
    if options.write:
        options.write.write_text(text)


if __name__ == "__main__":
    main()
