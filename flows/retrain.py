"""The loop once through: prepare, train, synthesize, evaluate, register, decide, promote."""

from importlib import import_module
from pathlib import Path
from threading import Thread

from prefect import flow, task
from prefect.cache_policies import NO_CACHE
from prefect.runtime import flow_run

from components.config import Params, read_params
from components.registry.tracking import tracking_uri
from components.stages.paths import StagePaths
from components.storage.dvc import is_workspace, make_workspace, push
from components.storage.home import find_home
from flows.attempts import check_attempts
from flows.decision_task import decide, settle
from flows.outcome import Outcome, Registered, StageDone
from flows.project import PROJECT
from flows.registration_task import register_candidate, trace_ancestry
from flows.report_task import write_report
from flows.request import RunRequest, build_params, to_yaml
from flows.services import version_page
from flows.stage_tasks import run_stage

STAGES = ("prepare", "train", "synthesize", "evaluate")


@flow(name="retrain", persist_result=False)
def retrain(request: RunRequest) -> Outcome:
    """Train, judge and register a generator as `request` asks, and promote it if it passes."""
    check_attempts()
    return run_loop(request, find_home().workspaces / str(flow_run.id))


def run_loop(request: RunRequest, workspace: Path) -> Outcome:
    """The loop in `workspace`; where a killed attempt left one, with the settings it began with."""
    Thread(target=import_module, args=("torch.export",), daemon=True).start()  # for `register`
    params, registered, done = make_candidate(request, workspace)
    decision = settle(decide(registered, params, workspace), registered, params)
    report = write_report(registered, decision, workspace)
    home = find_home()
    pages = version_page(home, registered.model, registered.version)
    return Outcome(registered, decision, report, workspace, tracking_uri(home), pages, done)


def make_candidate(
    request: RunRequest, workspace: Path
) -> tuple[Params, Registered, dict[str, StageDone]]:
    """The settings, the registered version and its stages: everything but the decision."""
    home = find_home()
    if is_workspace(workspace):
        params = read_params(StagePaths(workspace).params)
    else:
        params = build_params(request)
        make_workspace(workspace, PROJECT, to_yaml(params), home)
    ancestry = trace_ancestry(params)
    done = {stage: run_stage(stage, workspace, params) for stage in STAGES}
    registered = register_candidate(params, workspace, ancestry)
    if not all(stage.was_cached for stage in done.values()):
        keep_outputs(workspace)
    return params, registered, done


@task(
    cache_policy=NO_CACHE, task_run_name="push to the DVC remote", retries=2, retry_delay_seconds=5
)
def keep_outputs(workspace: Path) -> None:
    """Copy this run's outputs and the run-cache to the DVC remote."""
    push(workspace, find_home())
