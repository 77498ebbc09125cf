"""Waiting for what was started: long enough for a busy machine, and not in silence."""

import logging
import time
from collections.abc import Callable
from pathlib import Path

from filelock import FileLock

from components.storage.home import Home

START_SECONDS = 600
"""A server that needs ten seconds of a processor needs minutes beside much other work."""
_QUIET_SECONDS = 60
_PAUSE_SECONDS = 0.1

logger = logging.getLogger(__name__)


def wait_until(is_over: Callable[[], bool], what: str, log: Path) -> bool:
    """True once `is_over` says so, False where it did not in `START_SECONDS`.

    After a minute a warning says that `what` takes long, and where its log is.
    """
    began, told = time.monotonic(), False
    while not is_over():
        waited = time.monotonic() - began
        if waited > START_SECONDS:
            return False
        if waited > _QUIET_SECONDS and not told:
            logger.warning(
                "%s has not answered for %d s: the machine is busy, or its log says why not: %s; "
                "waiting for up to %d s",
                what,
                _QUIET_SECONDS,
                log,
                START_SECONDS,
            )
            told = True
        time.sleep(_PAUSE_SECONDS)
    return True


def history_lock(home: Home) -> FileLock:
    """Held while a server makes the tables of Prefect's history, or brings them up to date."""
    home.locks.mkdir(parents=True, exist_ok=True)
    return FileLock(home.locks / "history.lock")
