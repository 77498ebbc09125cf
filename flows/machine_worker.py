"""The worker of one machine among several, run as `python -m flows.machine_worker NAME LIMIT`.

Prefect's own command ends with an error where a run that it still has is handed out once more,
as happens when the run fell silent for a while: such a run is left alone here until its process
has ended.
"""

import asyncio
import contextlib
import os
import sys
from typing import Any

from prefect.utilities.processutils import setup_signal_handlers_worker
from prefect.workers.process import ProcessWorker

from flows.services import WORK_POOL


def _say(message: object) -> None:
    sys.stdout.write(f"{message}\n")
    sys.stdout.flush()


async def _work(name: str, limit: int) -> None:
    """Take runs until told to stop, at most `limit` at a time."""
    worker = ProcessWorker(name=name, work_pool_name=WORK_POOL, limit=limit)
    submit = worker._submit_scheduled_flow_runs

    async def submit_others(flow_run_response: list[Any]) -> list[Any]:
        held = worker.limiter.statistics().borrowers
        return await submit([each for each in flow_run_response if each.flow_run.id not in held])

    worker._submit_scheduled_flow_runs = submit_others  # type: ignore[method-assign]
    await worker.start(printer=_say)


if __name__ == "__main__":
    setup_signal_handlers_worker(os.getpid(), "the worker", _say)
    with contextlib.suppress(KeyboardInterrupt, asyncio.CancelledError):  # told to stop
        asyncio.run(_work(sys.argv[1], int(sys.argv[2])))
