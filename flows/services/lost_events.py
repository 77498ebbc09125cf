"""Events that a server gave up, told it again: automations miss them, and those that follow.

A server that keeps events in SQLite tries one four times within a second. Where its database is
busy that long it puts the event into a folder of its home, and looks at it no more.
"""

import asyncio
import json
import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from httpx import HTTPError
from prefect.client.orchestration import get_client
from prefect.settings import get_current_settings

SECONDS = 15.0
_RECENT = timedelta(minutes=15)
"""Older events are no news: the server itself waits no longer for what others follow."""

logger = logging.getLogger(__name__)


def given_up() -> Path:
    """The folder into which the server of this machine puts what it gave up."""
    return get_current_settings().home / "dlq"


async def keep_telling_again() -> None:
    """Tell the server of every event that it gives up, for ever."""
    while True:
        await tell_again(given_up())
        await asyncio.sleep(SECONDS)


async def tell_again(folder: Path) -> int:
    """Tell the server the recent events in `folder`, and take them out of it; how many they were.

    What is no event, and what the server does not take now, is left where it is.
    """
    events = {path: event for path in folder.glob("*") if (event := _recent_event(path))}
    if not events:
        return 0
    try:
        async with get_client() as client:
            answer = await client.request("POST", "/events", json=list(events.values()))
            answer.raise_for_status()
    except HTTPError as error:
        logger.warning("%d lost events were not told again: %s", len(events), error)
        return 0
    for path, event in events.items():
        logger.warning("the event %s of %s was lost, and is told again", event["event"], path.name)
        path.unlink()
    return len(events)


def _recent_event(path: Path) -> dict[str, Any] | None:
    """The event in a file of the server's, None where there is none, or one of long ago."""
    try:
        event = json.loads(json.loads(path.read_bytes())["data"])
        age = datetime.now(UTC) - datetime.fromisoformat(event["occurred"])
    except (OSError, ValueError, KeyError, TypeError):  # half written, or an action
        return None
    return event if "event" in event and age < _RECENT else None
