"""Where the checkout and its state lie, and the environment its services need."""

import os
import re
from pathlib import Path

from components.errors import UserError
from components.storage.home import HOME_VARIABLE, Home, find_home
from components.storage.places import REGISTRY_VARIABLE
from components.storage.writable import why_not_writable
from components.threads import WAITING
from flows.logs import log_settings

PROJECT = Path(__file__).parents[1]

_MISREAD = re.compile(r"%[0-9A-Fa-f]{2}|%\(|\?")
"""What MLflow takes for an encoded character, DVC for another setting, SQLite for an option."""


def set_up_environment() -> Home:
    """Make the home folder, and point Prefect and our stages at it; before Prefect is imported.

    Values that are set already are kept. Raises UserError where the folder cannot be made or
    written in.
    """
    os.environ.setdefault(HOME_VARIABLE, str(PROJECT / ".mintmark"))
    home = find_home()
    _make_folder(home.root)
    defaults = {
        "DO_NOT_TRACK": "1",
        WAITING: "passive",  # scikit-learn's threads would spin, and keep others from working
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_HOME": str(home.prefect),
        "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30",
        "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
        "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
        "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
        "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    }
    defaults |= log_settings()
    if "MLFLOW_TRACKING_URI" in os.environ:
        defaults[REGISTRY_VARIABLE] = os.environ["MLFLOW_TRACKING_URI"]
    for name, value in defaults.items():
        os.environ.setdefault(name, value)
    return home


def _make_folder(root: Path) -> None:
    another = f"{HOME_VARIABLE} may name another"
    if misread := _MISREAD.search(str(root)):
        raise UserError(f"{root} cannot be the home: {misread[0]!r} would be misread; {another}")
    try:
        root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"cannot make the folder {root}: {error.strerror}; {another}") from error
    if why := why_not_writable(root):
        raise UserError(f"cannot write in the folder {root}: {why}; {another}")
