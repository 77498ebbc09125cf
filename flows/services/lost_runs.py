"""Runs that events lost sight of: what became of them is read from their states instead.

Automations bring back what crashed or fell silent, but they see events alone, and those get lost:
a server on SQLite gives one up where its database is busy, and holds back for a quarter of an hour
what follows it, as one that was started anew does. So a worker looks for the runs that it had taken
and has no more, those that crashed lately too, and begins none again that had ended.
"""

import asyncio
import logging
from collections.abc import Callable, Collection
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from httpx import HTTPError
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.filters import FlowRunFilter, WorkPoolFilter
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.states import AwaitingRetry

from flows.services.running import WORK_POOL
from flows.services.server_clock import server_time

SILENT = "It gave no sign of life any more and comes back."
LOST = "Its worker has it no more: it comes back."
SECONDS = 15.0
"""Between two looks; only what is missing at both is lost."""
_LATELY = timedelta(minutes=15)
"""For as long a server holds back what would have brought a crashed run back at once."""
_WORKER = "prefect.worker.name"
_PAGE = 200

logger = logging.getLogger(__name__)


async def bring_back_all(name: str) -> None:
    """Bring back what the worker `name` had when it ended; nothing may be held yet."""
    await _bring_back(await _find_lost(name, set, age=0.0))


async def keep_bringing_back(name: str, held: Callable[[], Collection[UUID]]) -> None:
    """Bring back what the worker `name` loses as it works, for ever."""
    missed: set[UUID] = set()
    while True:
        await asyncio.sleep(SECONDS)
        missing = await _find_lost(name, held, age=SECONDS)
        await _bring_back(missing & missed)
        missed = missing - missed


async def _find_lost(name: str, held: Callable[[], Collection[UUID]], *, age: float) -> set[UUID]:
    """The deployed runs that the worker took and that are neither held nor ended otherwise.

    What changed less than `age` seconds ago may be about to be held, or to tell its end. There are
    none where the server does not say.
    """
    try:
        async with get_client() as client:
            now = await server_time(client)
            found = [*await _under_way(client), *await _crashed(client, now)]
    except HTTPError as error:
        logger.warning("the server was not asked for lost runs: %s", error)
        return set()
    return {
        run.id
        for run in found
        if run.deployment_id and run.labels.get(_WORKER) == name and run.id not in held()
        if run.state is not None and run.state.timestamp < now - timedelta(seconds=age)
    }


async def _bring_back(lost: Collection[UUID]) -> None:
    """Have the lost runs begun again, as the same runs; those that cannot be told wait."""
    if not lost:
        return
    with suppress(HTTPError):
        async with get_client() as client:
            now = await server_time(client)
            for run_id in lost:
                logger.warning("run %s is lost, and comes back", run_id)
                back: State[None] = AwaitingRetry(message=LOST, scheduled_time=now)
                await client.set_flow_run_state(run_id, back, force=True)


async def had_ended(run: FlowRun) -> bool:
    """Whether silence brought a run back that had ended: its end is then restored."""
    if not run.run_count:
        return False
    async with get_client() as client:
        end = _end_before_silence(await client.read_flow_run_states(run.id))
        if end is None:
            return False
        logger.warning("run %s is %s and not begun again", run.id, end.name)
        restored = State(type=end.type, name=end.name, message=end.message, data=end.data)
        await client.set_flow_run_state(run.id, restored, force=True)
    return True


def _end_before_silence(states: Collection[State]) -> State | None:
    """The end that a run had as it was taken for silent; None for others, and without one."""
    *before, last = sorted(states, key=lambda state: state.timestamp)
    if last.message != SILENT or not before:
        return None
    end = before[-1]
    return end if end.is_final() and not end.is_crashed() else None


async def _under_way(client: PrefectClient) -> list[FlowRun]:
    return await _runs(
        client, {"state": {"type": {"any_": [StateType.PENDING, StateType.RUNNING]}}}
    )


async def _crashed(client: PrefectClient, now: datetime) -> list[FlowRun]:
    lately = (now - _LATELY).isoformat()
    of_state = {"state": {"type": {"any_": [StateType.CRASHED]}}}
    return await _runs(client, of_state | {"end_time": {"after_": lately}})


async def _runs(client: PrefectClient, wanted: dict[str, Any]) -> list[FlowRun]:
    """Every run of the work pool as is wanted."""
    of_runs = FlowRunFilter.model_validate(wanted)
    of_pool = WorkPoolFilter.model_validate({"name": {"any_": [WORK_POOL]}})
    found: list[FlowRun] = []
    while len(found) % _PAGE == 0:
        page = await client.read_flow_runs(
            flow_run_filter=of_runs, work_pool_filter=of_pool, limit=_PAGE, offset=len(found)
        )
        found += page
        if not page:
            break
    return found
