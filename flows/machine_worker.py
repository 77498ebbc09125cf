"""The worker of a machine, run as `python -m flows.machine_worker NAME [LIMIT]`.

Prefect's own command ends with an error where a run that it still has is handed out once more,
as happens when the run fell silent for a while: such a run is left alone here until its process
has ended. So is one that is not due yet by the server's clock: a machine whose own is fast would
take it, and wait. Events that the server lost are told again, runs that events lost sight of come
back, and none is begun again that had ended (`lost_events.py` and `lost_runs.py` in
`flows/services/`).
"""

import asyncio
import contextlib
import os
import sys
from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.client.schemas.responses import WorkerFlowRunResponse
from prefect.utilities.processutils import setup_signal_handlers_worker
from prefect.workers.process import ProcessWorker

from flows.services.lost_events import keep_telling_again
from flows.services.lost_runs import bring_back_all, had_ended, keep_bringing_back
from flows.services.running import WORK_POOL
from flows.services.server_clock import server_time

_NO_LIMIT = 10_000
"""The work pool's own limit is then the lower one."""


def _say(message: object) -> None:
    sys.stdout.write(f"{message}\n")
    sys.stdout.flush()


async def _due(
    responses: Sequence[WorkerFlowRunResponse], *, within: float
) -> list[WorkerFlowRunResponse]:
    """Those of the runs that are to begin within so many seconds, or already were to."""
    if not responses:
        return []
    async with get_client() as client:
        last = await server_time(client) + timedelta(seconds=within)
    return [
        each
        for each in responses
        if each.flow_run.next_scheduled_start_time is None
        or each.flow_run.next_scheduled_start_time <= last
    ]


async def _work(name: str, limit: int) -> None:
    """Take runs until told to stop, at most `limit` at a time."""
    worker = ProcessWorker(name=name, work_pool_name=WORK_POOL, limit=limit)
    submit = worker._submit_scheduled_flow_runs

    def held() -> Collection[UUID]:
        return worker.limiter.statistics().borrowers  # type: ignore[return-value]

    async def submit_others(flow_run_response: list[WorkerFlowRunResponse]) -> list[Any]:
        others = [each for each in flow_run_response if each.flow_run.id not in held()]
        due = await _due(others, within=worker._prefetch_seconds)
        return await submit([each for each in due if not await had_ended(each.flow_run)])

    worker._submit_scheduled_flow_runs = submit_others  # type: ignore[method-assign]
    await bring_back_all(name)
    watches = [
        asyncio.create_task(keep_bringing_back(name, held)),
        asyncio.create_task(keep_telling_again()),
    ]
    try:
        await worker.start(printer=_say)
    finally:
        for watch in watches:
            watch.cancel()


if __name__ == "__main__":
    setup_signal_handlers_worker(os.getpid(), "the worker", _say)
    with contextlib.suppress(KeyboardInterrupt, asyncio.CancelledError):  # told to stop
        asyncio.run(_work(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else _NO_LIMIT))
