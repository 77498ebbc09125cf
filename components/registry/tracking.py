"""The connection to MLflow: a server where one is set, else a database under the home folder."""

import logging
import os
import re

import mlflow
from filelock import FileLock
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException, RestException

from components.storage.home import Home
from components.storage.places import REGISTRY_VARIABLE

NOTE = "mlflow.note.content"
"""The tag that MLflow shows as the description of a run or an experiment."""

AUDIT, RELEASES = "mintmark-audit", "mintmark-releases"
REVOCATIONS = "mintmark-revocations"
_MONITOR = "-monitor"
_OURS = {
    AUDIT: "Who promoted, rolled back or retrained what, and why; only added to.",
    RELEASES: "Synthetic rows that were published, each with its card.",
    REVOCATIONS: "What was withdrawn, with all that came of it, and why.",
}
_BUSY_SECONDS = 60
_THEIRS = 500
_REFUSED = (401, 403)
_OF_LOGIN = re.compile(r"API request to .* failed with error code (401|403)")
_OF_SERVER = re.compile(r"API request to .* failed with (error code 5|timeout|exception)")


def tracking_uri(home: Home) -> str:
    """The address of the registry: `MINTMARK_REGISTRY_URI`, else the home folder's database.

    MLflow's own variable will not do: MLflow sets it itself once it is connected.
    """
    database = home.mlflow / "mlflow.db"
    return os.environ.get(REGISTRY_VARIABLE) or f"sqlite:///{database}?timeout={_BUSY_SECONDS}"


def registry_shown(home: Home) -> str:
    """The address of the registry as it is told to people: without a password or how to wait.

    >>> from pathlib import Path
    >>> registry_shown(Home(Path("/home/me/.mintmark")))
    'sqlite:////home/me/.mintmark/mlflow/mlflow.db'
    """
    return re.sub(r"//[^/@]*@", "//", tracking_uri(home).partition("?")[0])


def connect(home: Home) -> MlflowClient:
    """A client of the registry, whose tables are made where they are missing."""
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    for noisy in ("alembic", "mlflow.store.db.utils"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    uri = tracking_uri(home)
    mlflow.set_tracking_uri(uri)
    mlflow.set_registry_uri(uri)
    home.mlflow.mkdir(parents=True, exist_ok=True)
    home.locks.mkdir(parents=True, exist_ok=True)
    with FileLock(home.locks / "mlflow.lock"):
        client = MlflowClient(uri, uri)  # this, too, makes tables
        client.search_experiments(max_results=1)
    return client


def find_experiment(client: MlflowClient, name: str, home: Home) -> str:
    """The id of the experiment called `name`, made where it is missing."""
    with FileLock(home.locks / "mlflow.lock"):
        found = client.get_experiment_by_name(name)
        if found is None:
            _make_experiment(client, name, home)
            found = client.get_experiment_by_name(name)
        assert found is not None
        return str(found.experiment_id)


def is_unavailable(error: BaseException | None) -> bool:
    """True where the registry's server did not answer, or had an error of its own.

    MLflow's client has tried for a minute or two by then.
    """
    from requests import RequestException

    while error is not None:
        if isinstance(error, RequestException):
            return error.response is None or error.response.status_code >= _THEIRS
        if isinstance(error, MlflowException) and _OF_SERVER.match(error.message):
            return True
        if isinstance(error, RestException):
            return int(error.get_http_status_code()) >= _THEIRS  # type: ignore[no-untyped-call]
        error = error.__cause__ or error.__context__
    return False


def refused_login(error: BaseException | None) -> int | None:
    """The status with which the registry's server refused this user, None where it did not."""
    while error is not None:
        if isinstance(error, RestException):
            status = int(error.get_http_status_code())  # type: ignore[no-untyped-call]
            return status if status in _REFUSED else None
        if isinstance(error, MlflowException) and (said := _OF_LOGIN.match(error.message)):
            return int(said[1])
        error = error.__cause__ or error.__context__
    return None


def monitor_experiment(model: str) -> str:
    """The experiment of the looks at a model's new data."""
    return f"{model}{_MONITOR}"


def _about(name: str) -> str:
    """What the runs of an experiment are, for MLflow's pages.

    >>> _about("people-monitor")
    "Looks at new data for people's champion: what drifted, what is odd, whether it decayed."
    """
    model = name.removesuffix(_MONITOR)
    watched = (
        f"Looks at new data for {model}'s champion: what drifted, what is odd, whether it decayed."
    )
    trained = f"Trainings of {name}: settings, data, metrics and the report of each version."
    return _OURS.get(name, trained if model == name else watched)


def _make_experiment(client: MlflowClient, name: str, home: Home) -> None:
    """Make an experiment, unless another machine is first."""
    is_served = tracking_uri(home).startswith("http")
    local = None if is_served else (home.mlflow / "artifacts").as_uri()
    try:
        client.create_experiment(name, artifact_location=local, tags={NOTE: _about(name)})
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
