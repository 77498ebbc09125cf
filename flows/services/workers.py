"""The worker as the Prefect server sees it."""

from datetime import UTC, datetime, timedelta

from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import Worker, WorkerStatus

from components.errors import UserError
from components.storage.home import Home
from flows.services.running import WORK_POOL
from flows.services.starting import START_SECONDS, wait_until
from flows.services.supervision import log_file

_FRESH = timedelta(seconds=90)


def live_workers() -> list[Worker]:
    """The workers that were heard of within the last 90 seconds."""
    with get_client(sync_client=True) as client:
        workers = client.read_workers_for_work_pool(WORK_POOL)
    return [worker for worker in workers if _is_live(worker)]


def wait_for_worker(home: Home) -> None:
    """Return once a worker takes runs; raises UserError where none does in time."""
    began, log = datetime.now(UTC), log_file("worker", home)

    def is_taking() -> bool:
        heard = [worker.last_heartbeat_time for worker in live_workers()]
        return any(when is not None and when > began - timedelta(seconds=30) for when in heard)

    if not wait_until(is_taking, "the worker", log):
        raise UserError(f"the worker did not begin within {START_SECONDS} s; its log is {log}")


def _is_live(worker: Worker) -> bool:
    heard = worker.last_heartbeat_time
    is_fresh = heard is not None and heard > datetime.now(UTC) - _FRESH
    return worker.status == WorkerStatus.ONLINE and is_fresh
