"""What S3 and its clients say went wrong, as one line: for good, or for now."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from components.errors import Unavailable, UserError

_FOR_NOW = frozenset({"RequestTimeTooSkewed", "RequestTimeout", "SlowDown", "RequestExpired"})
"""Codes below 500 that the same request will not get later."""
_TOO_MANY = 429
_SKEW = timedelta(minutes=10)
"""S3 refuses signatures of a clock that is a quarter of an hour off; HEAD does not say why."""
_SAID_BY_DVC = re.compile(
    r"An error occurred \((?:403|429|5\d\d|\w*Unavailable|InternalError|SlowDown|Request\w+)\)"
    r"|Could not connect to the endpoint|Connection was closed before|Connect timeout on endpoint"
    r"|Read timeout on endpoint|Cannot connect to host|Server disconnected"
)


@contextmanager
def told_as_users_errors(doing: str) -> Iterator[None]:
    """What boto3 raises, as one line: the server is down, refuses, or has no such thing.

    Raises Unavailable where the same may work later, else UserError.
    """
    from boto3.exceptions import Boto3Error
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except (BotoCoreError, ClientError, Boto3Error, ValueError) as error:
        kind = Unavailable if _is_for_now(error) else UserError
        clock = f"; {off}" if (off := _clock_is_off(error)) else ""
        raise kind(f"cannot {doing}: {error}{clock}") from error


def is_for_now(line: str) -> bool:
    """True where a line of DVC's says that its remote does not answer, or refuses.

    A key without rights looks as a wrong clock does, so that counts as well.
    """
    return _SAID_BY_DVC.search(line) is not None


def _is_for_now(error: BaseException | None) -> bool:
    from botocore.exceptions import ClientError, ConnectionError, HTTPClientError

    if error is None or isinstance(error, ConnectionError | HTTPClientError):
        return error is not None
    if isinstance(error, ClientError):
        status, code = _answer(error).get("HTTPStatusCode", 0), error.response["Error"].get("Code")
        is_theirs = status >= 500 or status == _TOO_MANY or code in _FOR_NOW
        return is_theirs or _clock_is_off(error) is not None
    return _is_for_now(error.__cause__ or error.__context__)  # boto3's own wrap what was raised


def _clock_is_off(error: BaseException | None) -> str | None:
    """That this machine's clock is not the server's, where that is what it refused; else None."""
    from botocore.exceptions import ClientError

    while error is not None and not isinstance(error, ClientError):
        error = error.__cause__ or error.__context__
    if error is None or "date" not in _answer(error).get("HTTPHeaders", {}):
        return None
    try:
        theirs = parsedate_to_datetime(_answer(error)["HTTPHeaders"]["date"])
    except ValueError:
        return None
    ahead = _now() - theirs.astimezone(UTC)
    if abs(ahead) < _SKEW:
        return None
    minutes = round(abs(ahead).total_seconds() / 60)
    way = "ahead of" if ahead > _SKEW else "behind"
    return f"this machine's clock is {minutes} minutes {way} the server's"


def _now() -> datetime:
    return datetime.now(UTC)


def _answer(error: Any) -> dict[str, Any]:
    return dict(error.response.get("ResponseMetadata", {}))
