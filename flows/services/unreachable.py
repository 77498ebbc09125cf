"""A server that does not answer, or refuses a login, told as one line that says what to check."""

import os
import ssl
import sys
from collections.abc import Iterator
from http.client import HTTPException
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import urlopen

from components.errors import UserError
from components.storage.home import find_home
from components.storage.places import REGISTRY_VARIABLE

_REFUSED = (401, 403)
_THEIRS = 500
_PREFECT = "PREFECT_API_URL"
_TRACKING = "MLFLOW_TRACKING_URI"
_PATIENCE = 15
"""Seconds that a command waits for a first answer."""


def told_of_server(error: BaseException) -> str | None:
    """What a user can check where Prefect's or MLflow's server is why; None for other errors.

    An error of a client that was never imported is none of its server: nothing is imported.
    Nor is one of a run that was told to stop: what it started may have stopped before it.
    """
    if _was_stopped(error):
        return None
    if "httpx" in sys.modules and (told := _of_prefect(error)):
        return told
    return _of_registry(error) if "mlflow" in sys.modules else None


def check_registry_answers() -> None:
    """Raise UserError where the registry is a server that does not answer within seconds.

    MLflow's client would try for minutes, which is right for a run and too long for a person who
    waits. Any answer will do, also one that refuses: what follows tells that better.
    """
    uri = os.environ.get(REGISTRY_VARIABLE) or os.environ.get(_TRACKING, "")
    if not uri.startswith("http"):
        return
    address = _without_login(uri)
    unverified = ssl.create_default_context()  # a certificate is for MLflow's client to judge
    unverified.check_hostname, unverified.verify_mode = False, ssl.CERT_NONE
    try:
        with urlopen(f"{address.rstrip('/')}/health", timeout=_PATIENCE, context=unverified):
            return
    except HTTPError:
        return
    except (OSError, HTTPException) as error:
        reason = error.reason if isinstance(error, URLError) else error
        cause = reason if isinstance(reason, BaseException) else error
        name = f"the registry at {address} ({_TRACKING})"
        raise UserError(_does_not_answer(name, cause)) from error


def _was_stopped(error: BaseException) -> bool:
    """Whether it came of Ctrl-C, or of the signal that Prefect makes an exception of."""
    stops: tuple[type[BaseException], ...] = (KeyboardInterrupt,)
    if "prefect" in sys.modules:
        from prefect.exceptions import TerminationSignal

        stops += (TerminationSignal,)
    return any(isinstance(each, stops) for each in _chain(error))


def _of_prefect(error: BaseException) -> str | None:
    from httpx import HTTPStatusError, TransportError

    url = os.environ.get(_PREFECT)
    name = (
        f"the Prefect server at {_without_login(url)} ({_PREFECT})" if url else "Prefect's server"
    )
    for each in _chain(error):
        if isinstance(each, TransportError):
            return _does_not_answer(name, each)
        if isinstance(each, HTTPStatusError):
            status = each.response.status_code
            if status in _REFUSED:
                return f"{name} refuses the login ({status}): check PREFECT_API_AUTH_STRING"
            if status >= _THEIRS:
                return f"{name} failed ({status}): its log says why"
    return None


def _of_registry(error: BaseException) -> str | None:
    from components.registry.tracking import is_unavailable, refused_login, tracking_uri

    uri = tracking_uri(find_home())
    if not uri.startswith("http"):
        return None
    name = f"the registry at {_without_login(uri)} ({_TRACKING})"
    if status := refused_login(error):
        logins = "MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD"
        return f"{name} refuses the login ({status}): check {logins}, and what this user may do"
    return _does_not_answer(name, error) if is_unavailable(error) else None


def _does_not_answer(name: str, error: BaseException) -> str:
    *_, first = _chain(error)
    why = str(first) or type(first).__name__
    return f"{name} does not answer: {why}; check the address, and that the server runs"


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """The error and what it came of, the first cause last."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _without_login(url: str) -> str:
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
