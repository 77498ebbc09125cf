"""One attempt at a flow run among several: how often it may begin, and when it has no say."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from httpx import HTTPError, TransportError
from prefect.client.orchestration import get_client
from prefect.runtime import flow_run

from components.errors import UserError
from components.storage.full_disk import disk_full, is_disk_full
from components.storage.home import find_home
from flows.service_settings import read_service_settings

logger = logging.getLogger(__name__)


@contextmanager
def attempt() -> Iterator[None]:
    """One attempt at this flow run; as a decorator, below `@flow`.

    It raises at once where the run was begun too often. A run that fell silent was given to
    another worker: what its former attempt fails of says nothing of the run, so that attempt ends
    without a word to the server. One that lost the server has crashed, not failed: it comes back.
    """
    check_attempts()
    try:
        yield
    except Exception as error:
        if _was_taken_over():
            logger.warning("another worker took this run over; here it ends: %s", error)
            logging.shutdown()
            os._exit(0)  # any other end would be told the server as that of the run
        if isinstance(error, TransportError):
            raise SystemExit(f"the Prefect server does not answer: {error}") from error
        if is_disk_full(error) and not isinstance(error, UserError):
            raise disk_full(error, find_home()) from error
        raise


def check_attempts() -> None:
    """Raise where this flow run was begun too often: something ends it each time.

    Crashed runs come back by an automation, which would go on for ever. Every suspension begins
    a run once more.
    """
    limit = read_service_settings().max_attempts
    begun = int(flow_run.run_count or 0)
    if begun > limit:
        raise UserError(
            f"this run was begun {begun} times and crashed; at most {limit} are tried "
            "(max_attempts in infra/deployments.yaml). Its logs say where it ended"
        )


def _was_taken_over() -> bool:
    """True where the server has begun this run once more since; False where it cannot be asked."""
    if flow_run.id is None:
        return False
    try:
        with get_client(sync_client=True) as client:
            found = client.read_flow_run(UUID(str(flow_run.id)))
    except HTTPError:
        return False
    return int(found.run_count) > int(flow_run.run_count or 0)
