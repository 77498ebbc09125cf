"""The time by the Prefect server, which runs wait for: a machine's own clock may be hours off."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from httpx import Response
from prefect.client.orchestration import PrefectClient, SyncPrefectClient


def ask_server_time(client: SyncPrefectClient) -> datetime:
    """What time it is, to the second. Raises HTTPError where the server does not answer."""
    return _answered_at(client.request("GET", "/hello"))


async def server_time(client: PrefectClient) -> datetime:
    """See `ask_server_time`."""
    return _answered_at(await client.request("GET", "/hello"))


def _answered_at(answer: Response) -> datetime:
    """By the answer's header; a proxy may have cut it off, and then this machine has to know."""
    said = answer.headers.get("Date")
    return parsedate_to_datetime(said) if said else datetime.now(UTC)
