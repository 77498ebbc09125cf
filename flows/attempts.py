"""One attempt at a flow run among several: how often it may begin, and when it has no say.

A run that crashes comes back by itself (`flows/services/lost_runs.py`), and so does one of a
deployment that a server refused for now: it waits for longer each time, and fails of the last
refusal.
"""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import NoReturn
from uuid import UUID

from httpx import HTTPError, HTTPStatusError, TransportError
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from prefect.states import AwaitingRetry

from components.errors import Unavailable, UserError
from components.registry.tracking import is_unavailable
from components.storage.full_disk import disk_full, is_disk_full
from components.storage.home import find_home
from flows.services.server_clock import ask_server_time
from flows.services.settings import read_service_settings

logger = logging.getLogger(__name__)

_SERVER_ERRORS = 500
_MOST_DOUBLINGS = 4
"""How often the wait of a refused run doubles: an outage may be longer than all waits before."""


@contextmanager
def attempt() -> Iterator[None]:
    """One attempt at this flow run; as a decorator, below `@flow`.

    It raises at once where the run was begun too often. A run that fell silent was given to
    another worker: what its former attempt fails of says nothing of the run, so that attempt ends
    without a word to the server. One that lost the server has crashed, not failed: it comes back.
    So does one that S3, the registry or the Prefect server refuses for now, after a while.
    """
    check_attempts()
    try:
        yield
    except Exception as error:
        if _was_taken_over():
            _end_without_a_word("another worker took this run over; here it ends: %s", error)
        told = _told_by_client(error)
        if isinstance(told, TransportError):
            raise SystemExit(f"the Prefect server does not answer: {error}") from error
        if is_disk_full(error) and not isinstance(error, UserError):
            raise disk_full(error, find_home()) from error
        if isinstance(error, Unavailable) or is_unavailable(error) or _is_server_busy(told):
            _wait_for_another_attempt(error)
        raise


def _told_by_client(error: Exception) -> Exception:
    """What the Prefect client raised where an error of Prefect's stands for it, as for slots."""
    cause = error.__cause__
    return cause if isinstance(cause, HTTPError) and not isinstance(error, UserError) else error


def _is_server_busy(error: Exception) -> bool:
    """Whether the Prefect server failed at a request, also when it was asked again and again."""
    return isinstance(error, HTTPStatusError) and error.response.status_code >= _SERVER_ERRORS


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


def _wait_for_another_attempt(error: Exception) -> None:
    """Have this run of a deployment begun again later, and end here; else return.

    It returns after the last attempt, and where the Prefect server cannot be told.
    """
    begun = int(flow_run.run_count or 0)
    settings = read_service_settings()
    if flow_run.id is None or not 1 <= begun < settings.max_attempts:
        return
    seconds = settings.retry_seconds * 2 ** min(begun - 1, _MOST_DOUBLINGS)
    said = f"{' '.join(str(error).split())} It begins again in {seconds:.0f} s."
    try:
        with get_client(sync_client=True) as client:
            run_id = UUID(str(flow_run.id))
            if client.read_flow_run(run_id).deployment_id is None:
                return
            when = ask_server_time(client) + timedelta(seconds=seconds)
            later: State[None] = AwaitingRetry(message=said, scheduled_time=when)
            client.set_flow_run_state(run_id, later, force=True)
    except HTTPError:
        return
    _end_without_a_word("%s", said)


def _end_without_a_word(message: str, *about: object) -> NoReturn:
    """End this process so that nothing is told the server as the end of the run."""
    logger.warning(message, *about)
    logging.shutdown()
    os._exit(0)


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
