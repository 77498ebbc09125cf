"""The stages as Prefect tasks: each one `dvc repro` of one stage in the run's workspace."""

import time
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
from flows.request import request_key
from flows.services.slots import slot_for
from flows.steps.outcome import StageDone

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
        meter = _Meter(dvc, _num_gpus(stage, params), time.monotonic() - asked)
        try:
            was_cached = dvc.reproduce(stage, tell)
        except StageFailed:  # what it took is part of what the version costs
            add_cost(connect(home), params.name, key, stage, meter.cost(), home)
            raise
    cost = meter.cost()
    if not was_cached:
        add_cost(connect(home), params.name, key, stage, cost, home)
    logger.info("%s: %s in %.1f s", stage, "unchanged" if was_cached else "done", cost.seconds)
    return StageDone(cost.seconds, was_cached)


class _Meter:
    """Counts what the stage takes that is begun next, on so many GPUs."""

    def __init__(self, dvc: DvcSession, num_gpus: int, waited: float) -> None:
        self._dvc, self._num_gpus, self._waited = dvc, num_gpus, waited
        self._started, self._before = time.monotonic(), dvc.processor_seconds

    def cost(self) -> Cost:
        """What it took so far."""
        seconds = time.monotonic() - self._started
        processor = self._dvc.processor_seconds - self._before
        return Cost(seconds, self._waited, processor, self._num_gpus * seconds)


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
