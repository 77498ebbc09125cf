"""The stages as Prefect tasks: each one `dvc repro` of one stage in the run's workspace."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.logging import get_run_logger

from components.config import Device, Params
from components.registry.costs import Cost, add_cost
from components.registry.live import live_curves
from components.registry.tracking import connect
from components.stages.training_curves import parse_step_line
from components.storage.dvc import DvcSession, StageFailed
from components.storage.home import find_home
from flows.outcome import StageDone
from flows.request import request_key
from flows.slots import slot_for

_PUSH_WAITS = [2.0, 5.0, 15.0, 60.0]
"""Seconds between attempts: a server of S3 that starts again is waited for."""


async def _is_worth_retrying(task: Any, run: TaskRun, state: State[Any]) -> bool:
    """A stage that was killed goes on from its checkpoint; a user's error stays one."""
    failure = await state.aresult(raise_on_failure=False)
    return isinstance(failure, StageFailed) and failure.was_killed


@task(
    task_run_name="{stage}",
    cache_policy=NO_CACHE,
    retries=1,
    retry_delay_seconds=2,
    retry_condition_fn=_is_worth_retrying,
)
def run_stage(stage: str, dvc: DvcSession, params: Params) -> StageDone:
    """Bring a stage's outputs up to date, from the run-cache where the same work was done."""
    logger = get_run_logger()

    def tell(line: str) -> None:
        logger.info("%s: %s", stage, line)
        if parsed := parse_step_line(line):
            curves.log(*parsed)

    key, home = request_key(params), find_home()
    asked = time.monotonic()
    with slot_for(stage, params), live_curves(params.name, key, home) as curves:
        with _counted(stage, dvc, params, waited=time.monotonic() - asked) as done:
            done.was_cached = dvc.reproduce(stage, tell)
    found = "unchanged" if done.was_cached else "done"
    logger.info("%s: %s in %.1f s", stage, found, done.cost.seconds)
    return StageDone(done.cost.seconds, done.was_cached)


@dataclass
class _Done:
    """What is known of a stage while it is brought up to date."""

    was_cached: bool = False
    cost: Cost = field(default_factory=Cost)


@contextmanager
def _counted(stage: str, dvc: DvcSession, params: Params, *, waited: float) -> Iterator[_Done]:
    """Count what a stage takes in the block, and add it to the request's run, also if it fails.

    A stage that was done before costs the version nothing.
    """
    done, started, before = _Done(), time.monotonic(), dvc.processor_seconds
    try:
        yield done
    finally:
        seconds, gpus = time.monotonic() - started, _num_gpus(stage, params)
        done.cost = Cost(seconds, waited, dvc.processor_seconds - before, gpus * seconds)
        if not done.was_cached:
            home = find_home()
            key = request_key(params)
            add_cost(connect(home), params.name, key, stage, done.cost, home)


def _num_gpus(stage: str, params: Params) -> int:
    """How many GPUs the stage holds."""
    is_on_gpus = stage == "train" and params.train.device is Device.CUDA
    return params.train.devices if is_on_gpus else 0


@task(
    cache_policy=NO_CACHE,
    task_run_name="push to the DVC remote",
    retries=len(_PUSH_WAITS),
    retry_delay_seconds=_PUSH_WAITS,
    retry_jitter_factor=0.5,
)
def keep_outputs(dvc: DvcSession) -> None:
    """Copy this run's outputs and the run-cache to the DVC remote."""
    dvc.push()
