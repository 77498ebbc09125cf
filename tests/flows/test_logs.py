"""Logs as JSON lines: what is in them, and that a form nobody knows is refused."""

import json
import logging
import os
import subprocess
import sys
from contextvars import copy_context

import pytest

from components.errors import UserError
from flows.logs import LOGS_VARIABLE, JsonLines, log_about, log_settings
from tests.home import PROJECT, environment


def line(message: str = "done in %d s", *arguments: object, **known: object) -> dict[str, str]:
    record = logging.LogRecord("x.y", logging.WARNING, "f.py", 1, message, arguments, None)
    record.__dict__.update(known)
    found: dict[str, str] = json.loads(JsonLines().format(record))
    return found


def test_a_line_has_the_run_and_what_it_is_about() -> None:
    def told() -> dict[str, str]:
        log_about(model="adult")
        log_about(version="3")
        return line("stage\n%d", 4, flow_run_id="f-1", task_run_name="train")

    found = copy_context().run(told)
    assert found.pop("time").endswith("+00:00")
    assert found == {
        "level": "warning",
        "logger": "x.y",
        "message": "stage\n4",
        "flow_run_id": "f-1",
        "task_run_name": "train",
        "model": "adult",
        "version": "3",
    }
    assert "model" not in line("another run", flow_run_id="f-2")


def test_an_error_comes_with_its_traceback_on_the_same_line() -> None:
    try:
        raise ValueError("no\nluck")
    except ValueError:
        record = logging.LogRecord("x", logging.ERROR, "f", 1, "failed", (), sys.exc_info())
    text = JsonLines().format(record)
    assert "\n" not in text and "ValueError: no" in json.loads(text)["error"]


def test_another_form_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(LOGS_VARIABLE, "xml")
    with pytest.raises(UserError, match="accepted are text, json"):
        log_settings()
    monkeypatch.delenv(LOGS_VARIABLE)
    assert log_settings() == {}


@pytest.mark.slow
def test_prefect_logs_in_this_form(tmp_path: object) -> None:
    script = (
        "from flows.project import set_up_environment\n"
        "set_up_environment()\n"
        "from prefect.logging import get_logger\n"
        "from prefect.logging.configuration import setup_logging\n"
        "setup_logging()\n"
        "from flows.logs import log_about\n"
        "log_about(model='adult')\n"
        "get_logger('flow_runs').info('a [bold]line[/bold] ' + 'x' * 300)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=environment(tmp_path, MINTMARK_LOGS="json", PYTHONPATH=str(PROJECT)),  # type: ignore[arg-type]
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    lines = [json.loads(each) for each in done.stderr.splitlines() if each.startswith("{")]
    assert [each["model"] for each in lines] == ["adult"], done.stderr
    assert lines[0]["message"].startswith("a [bold]line[/bold] xxx")
    assert os.linesep not in lines[0]["message"]
