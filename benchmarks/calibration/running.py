"""Running trials in two processes, every result written down as it comes, with time left."""

import multiprocessing
import os
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from importlib import import_module
from typing import Any

from benchmarks.calibration.trials import Result, ResultFile, Trial
from components.threads import limited_threads

MAX_WORKERS = 2
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def run_trials(todo: list[Trial], file: ResultFile, *, minutes: float | None, workers: int) -> bool:
    """Run each trial and append its result; False where the time ran out before the last one.

    After `minutes` no further trial is started; those under way are waited for.
    """
    started, done = time.monotonic(), 0
    end = None if minutes is None else started + 60 * minutes
    for name in THREADS:
        os.environ.setdefault(name, "1")
    waiting, under_way = iter(todo), set[Future[Result]]()
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(workers, MAX_WORKERS), mp_context=context) as pool:
        while True:
            is_late = end is not None and time.monotonic() > end
            room = 0 if is_late else min(workers, MAX_WORKERS) - len(under_way)
            under_way |= {pool.submit(run_trial, trial) for trial in _take(waiting, room)}
            if not under_way:
                break
            finished, under_way = wait(under_way, return_when=FIRST_COMPLETED)
            for future in finished:
                file.add(future.result())
                done += 1
                _tell(future.result(), done, len(todo), time.monotonic() - started)
    return done == len(todo)


def _take(trials: Iterator[Trial], count: int) -> list[Trial]:
    return [trial for _, trial in zip(range(count), trials, strict=False)]


def run_trial(trial: Trial) -> Result:
    """One trial of the study it names, on one thread; its seconds are the processor's."""
    run: Callable[[Trial], dict[str, Any]] = import_module(
        f"benchmarks.calibration.{trial.study}"
    ).run
    began = time.process_time()
    with limited_threads(1):
        found = run(trial)
    return Result(trial, found, time.process_time() - began)


def _tell(result: Result, done: int, total: int, elapsed: float) -> None:
    left = elapsed / done * (total - done) / 60
    line = f"{done}/{total}, {left:.0f} min left; {result.trial.name}: {result.seconds:.1f} s"
    print(line, file=sys.stderr, flush=True)
