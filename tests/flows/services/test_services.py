"""What happens while nobody watches: crashes, a server restarted, drift, the clock, a crowd."""

import hashlib
import json
import os
import shutil
import signal
import threading
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import psutil
import pytest
import torch

from flows.services.lost_runs import SILENT
from flows.services.slots import GPU
from tests.flows.live import Live, services, up
from tests.home import mintmark

pytestmark = pytest.mark.slow

EASY = 'evaluate.sharing_gates=[{"metric": "tstr_loss", "better_than": 2.0}]'
TRAINING = (
    "train.model.checkpoint_seconds=0",
    "train.model.max_epochs=120",
    "evaluate.purpose=sharing",  # which fits no more generators
)
OUTPUTS = ("models/generator/weights.safetensors", "models/training_curves.csv")


class News:
    """A real web server of our own that keeps what is posted to it."""

    def __init__(self) -> None:
        self.posted: list[dict[str, Any]] = []
        news = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers["Content-Length"])
                body = json.loads(self.rfile.read(length))
                news.posted.append(json.loads(body) if isinstance(body, str) else body)
                self.send_response(204)
                self.end_headers()

            def log_message(self, *arguments: Any) -> None:
                return

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture(scope="module")
def news() -> Iterator[News]:
    listening = News()
    yield listening
    listening.stop()


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory, news: News) -> Iterator[Live]:
    home = tmp_path_factory.mktemp("services") / "home"
    with services(home, MINTMARK_WEBHOOK_URL=news.url) as started:
        yield started


def _small(**more: Any) -> dict[str, Any]:
    overrides = [EASY, "evaluate.repeats=1", *more.pop("overrides", ())]
    return {"recipe": "survey_sharing", "preset": "smoke", "overrides": overrides, **more}


def _in_training(live: Live, run: str) -> None:
    """Return once the run has a checkpoint of its own."""
    known = set(live.home.glob("checkpoints/*/step-*.pt"))
    deadline = time.monotonic() + 120
    while not set(live.home.glob("checkpoints/*/step-*.pt")) - known:
        assert time.monotonic() < deadline, live.run(run)["state"]
        time.sleep(0.05)


def _kill(processes: list[psutil.Process]) -> None:
    assert processes
    for process in processes:
        os.kill(process.pid, signal.SIGKILL)


def _slots(live: Live) -> int:
    limits = live.call("/v2/concurrency_limits/filter", {})
    return sum(limit["active_slots"] for limit in limits)


def _hashes(live: Live, run: str) -> list[str]:
    folder = live.home / "workspaces" / run
    return [hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in OUTPUTS]


def test_a_killed_worker_and_run_come_back_with_equal_weights(live: Live) -> None:
    request = {"recipe": "breast_cancer_scarce", "overrides": [*TRAINING]}
    run = live.start("retrain", **request)
    _in_training(live, run)
    doomed = live.processes("flows.machine_worker", "prefect.engine")
    stages = live.processes("components.stages", "dvc")
    _kill(doomed)
    killed = time.monotonic()
    _, alive = psutil.wait_procs(stages, timeout=15)
    assert stages and not alive, "what a killed run had started goes on"
    while live.run(run)["run_count"] < 2:
        assert time.monotonic() < killed + 120, live.run(run)["state"]
        time.sleep(0.5)
    assert live.wait(run)["state_name"] == "Completed"
    assert _slots(live) == 0
    whole = live.start("retrain", **(request | {"name": "whole"}))
    _forget_training(live, run)
    assert live.wait(whole)["state_name"] == "Completed"
    assert _hashes(live, run) == _hashes(live, whole)


def _forget_training(live: Live, run: str) -> None:
    """Make the next training of the same settings begin anew: no run-cache, no checkpoints."""

    shutil.rmtree(live.home / "dvc" / "cache" / "runs", ignore_errors=True)
    shutil.rmtree(live.home / "dvc" / "remote" / "runs", ignore_errors=True)
    shutil.rmtree(live.home / "checkpoints", ignore_errors=True)


def test_a_run_outlives_its_server(live: Live) -> None:
    request = {"recipe": "breast_cancer_scarce", "overrides": [*TRAINING, "train.seed=1"]}
    run = live.start("retrain", **request)
    _in_training(live, run)
    _kill(live.processes("server start"))
    deadline = time.monotonic() + 120
    while not live.processes("server start") or not _answers(live):
        assert time.monotonic() < deadline
        time.sleep(0.5)
    ended = live.wait(run)
    assert ended["state_name"] == "Completed" and ended["run_count"] == 1
    assert _slots(live) == 0


def _answers(live: Live) -> bool:
    try:
        live.call("/health")
    except OSError:
        return False
    return True


def test_three_alarms_make_one_run_and_a_redeploy_does_not_make_a_second(
    live: Live, news: News
) -> None:
    first = live.start("retrain", **_small(name="drifting"))
    assert live.wait(first)["state_name"] == "Completed"
    live.emit("mintmark.drift.detected", "drifting", reason="first")
    _until(lambda: len(live.runs("retrain-on-drift")) == 1)
    live.emit("mintmark.drift.detected", "drifting", reason="second")
    again = mintmark("up", home=live.home, variables={"MINTMARK_WEBHOOK_URL": news.url})
    assert again.returncode == 0 and "set up" not in again.stdout, again.stdout + again.stderr
    live.emit("mintmark.drift.detected", "drifting", reason="third")
    time.sleep(25)
    (run,) = live.runs("retrain-on-drift")
    assert live.wait(run["id"])["state_name"] == "Completed"
    told = [item["event"] for item in news.posted if item["what"] == "drifting"]
    assert told.count("mintmark.drift.detected") == 3
    assert "mintmark.model.promoted" in told


def test_an_event_that_the_server_lost_is_told_again(live: Live) -> None:
    done = len(live.runs("monitor"))
    event = {
        "id": str(uuid.uuid4()),
        "occurred": datetime.now(UTC).isoformat(),
        "received": datetime.now(UTC).isoformat(),
        "event": "mintmark.batch.arrived",
        "resource": {"prefect.resource.id": "mintmark.model.nobody"},
        "related": [],
        "payload": {"model": "nobody", "data": "nowhere"},
        "follows": None,
    }
    folder = live.home / "prefect" / "dlq"
    folder.mkdir(exist_ok=True)
    message = {"data": json.dumps(event), "attributes": {}, "retry_count": 4}
    (folder / "lost").write_text(json.dumps(message))
    (folder / "half").write_text('{"data": ')
    _until(lambda: len(live.runs("monitor")) == done + 1)
    assert not (folder / "lost").exists() and (folder / "half").exists()


def test_a_run_that_had_ended_is_not_begun_again(live: Live) -> None:
    run = live.start("collect", keep_days=300)
    assert live.wait(run)["state_name"] == "Completed"
    state = {"type": "SCHEDULED", "name": "AwaitingRetry", "message": SILENT}
    live.call(f"/flow_runs/{run}/set_state", {"state": state, "force": True})
    _until(lambda: live.run(run)["state_name"] == "Completed")
    assert live.run(run)["run_count"] == 1


@pytest.mark.parametrize(
    "state", [{"type": "PENDING", "name": "Submitting"}, {"type": "CRASHED", "name": "Unheard"}]
)
def test_a_run_that_its_worker_has_no_more_comes_back(live: Live, state: dict[str, str]) -> None:
    run = live.start("collect", keep_days=301)
    assert live.wait(run)["state_name"] == "Completed"
    live.call(f"/flow_runs/{run}/set_state", {"state": state, "force": True})
    _until(lambda: live.run(run)["state_name"] == "Completed")
    assert live.run(run)["run_count"] == 2


@pytest.mark.skipif(torch.cuda.is_available(), reason="asks for a GPU where there is none")
def test_a_gpu_that_is_not_there_ends_the_run_and_frees_its_slot(live: Live) -> None:
    overrides = [*TRAINING, "train.model.device=cuda"]
    run = live.start("retrain", recipe="breast_cancer_scarce", overrides=overrides)
    ended = live.wait(run)
    assert ended["state_name"] == "Failed" and "no GPU" in ended["state"]["message"]
    limits = {limit["name"]: limit for limit in live.call("/v2/concurrency_limits/filter", {})}
    assert limits[GPU]["limit"] >= 1 and limits[GPU]["active_slots"] == 0


def test_a_registry_behind_a_server_takes_versions(live: Live, tmp_path: Path) -> None:
    command = ("run", "survey_sharing", "--preset", "smoke", "--name", "elsewhere", "--set", EASY)
    variables = {"MLFLOW_TRACKING_URI": live.mlflow}
    done = mintmark(*command, home=tmp_path / "home", variables=variables)
    assert done.returncode == 0, done.stdout + done.stderr
    listed = mintmark("models", home=live.home)
    assert "elsewhere" in listed.stdout


def test_the_clock_starts_a_run(live: Live) -> None:
    deployment = live.deployment("retrain")
    minute = time.gmtime(time.time() + 120)  # a busy server is told before that minute begins
    cron = {"cron": f"{minute.tm_min} {minute.tm_hour} * * *", "timezone": "UTC"}
    schedule = {"schedule": cron, "active": True, "parameters": {"request": _small(name="clock")}}
    before = {run["id"] for run in live.runs("retrain")}
    live.call(f"/deployments/{deployment['id']}/schedules", [schedule])
    _until(lambda: bool({run["id"] for run in live.runs("retrain")} - before), seconds=240)
    (run,) = (run for run in live.runs("retrain") if run["id"] not in before)
    assert run["auto_scheduled"] and live.wait(run["id"])["state_name"] == "Completed"


def test_ten_runs_at_once_all_end(live: Live) -> None:
    runs = [
        live.start("retrain", **_small(name="crowd", overrides=[f"train.seed={seed}"]))
        for seed in range(10)
    ]
    most = 0
    deadline = time.monotonic() + 900
    while any(live.run(run)["state_name"] != "Completed" for run in runs):
        assert time.monotonic() < deadline
        states = [live.run(run)["state_name"] for run in runs]
        ended = [run for run in map(live.run, runs) if run["state_name"] in ("Failed", "Crashed")]
        assert not ended, [run["state"]["message"] for run in ended]
        most = max(most, states.count("Running"))
        time.sleep(1)
    assert 0 < most <= (os.cpu_count() or 1)
    assert _slots(live) == 0
    done = mintmark("models", home=live.home)
    assert "crowd" in done.stdout


def test_down_and_up_again_lose_nothing(live: Live, news: News) -> None:
    request = {"recipe": "breast_cancer_scarce", "overrides": [*TRAINING, "train.seed=2"]}
    run = live.start("retrain", **request)
    _in_training(live, run)
    assert mintmark("down", home=live.home).returncode == 0
    again = up(live.home, MINTMARK_WEBHOOK_URL=news.url)
    assert (again.prefect, again.mlflow) == (live.prefect, live.mlflow)
    assert live.wait(run)["state_name"] == "Completed"


def _until(is_so: Any, seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.5)


def test_two_homes_that_start_at_once_have_servers_of_their_own(tmp_path: Path) -> None:
    homes = [tmp_path / name for name in ("one", "two")]
    with ThreadPoolExecutor() as at_once, ExitStack() as stopping:
        for home in homes:
            stopping.callback(mintmark, "down", home=home)
        started = list(at_once.map(up, homes))
    assert len({each.prefect for each in started} | {each.mlflow for each in started}) == 4
