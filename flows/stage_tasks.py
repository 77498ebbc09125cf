"""The stages as Prefect tasks: each one `dvc repro` of one stage in the run's workspace."""

import time
from typing import Any

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.logging import get_run_logger

from components.config import Params
from components.registry.live import live_curves
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
    with slot_for(stage, params), live_curves(params.name, key, home) as curves:
        started = time.monotonic()
        was_cached = dvc.reproduce(stage, tell)
        seconds = time.monotonic() - started
    logger.info("%s: %s in %.1f s", stage, "unchanged" if was_cached else "done", seconds)
    return StageDone(seconds, was_cached)


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
