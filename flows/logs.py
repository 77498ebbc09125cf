"""Logs as JSON, a line each, with the run and the model that they are about.

`MINTMARK_LOGS=json` asks for them. What Prefect logs of a run, and our own lines in it, then go to
standard error in this form; the pages of Prefect show them as before.
"""

import json
import logging
import os
from collections.abc import Mapping
from contextvars import ContextVar
from datetime import UTC, datetime

from components.errors import UserError

LOGS_VARIABLE = "MINTMARK_LOGS"
_FORMS = ("text", "json")
_OF_A_RUN = ("flow_run_id", "flow_run_name", "task_run_id", "task_run_name")
_about: ContextVar[Mapping[str, str]] = ContextVar("about", default={})  # noqa: B039 - never changed


def log_settings() -> dict[str, str]:
    """The variables by which Prefect logs in the form that is asked for; none for text.

    Raises UserError for a form that is not known.
    """
    form = os.environ.get(LOGS_VARIABLE) or "text"
    if form not in _FORMS:
        raise UserError(f"{LOGS_VARIABLE} = {form!r}: accepted are {', '.join(_FORMS)}")
    if form == "text":
        return {}
    return {
        "PREFECT_LOGGING_FORMATTERS_JSON_CLASS": f"{__name__}.{JsonLines.__name__}",
        "PREFECT_LOGGING_HANDLERS_CONSOLE_FORMATTER": "json",
        "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "INFO",
        "PREFECT_LOGGING_COLORS": "false",
    }


def log_about(**facts: str) -> None:
    """What the lines that follow in this run are about, beside what is known of them already."""
    _about.set({**_about.get(), **facts})


class JsonLines(logging.Formatter):
    """A record as one line of JSON: `time` (UTC), `level`, `logger`, `message`.

    With the ids of the flow run and the task where there is one, the `model` and the `version` once
    they are known, and the `error` with its traceback.
    """

    def __init__(self, *_: object) -> None:
        """The form is always the same, whatever Prefect's settings say of one."""
        super().__init__()

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        when = datetime.fromtimestamp(record.created, UTC)
        line = {
            "time": when.isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        said = ((name, getattr(record, name, None)) for name in _OF_A_RUN)
        line |= {name: str(value) for name, value in said if value}
        line |= _about.get()
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)
