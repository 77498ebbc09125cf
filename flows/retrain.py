"""The loop once through: prepare, train, synthesize, evaluate, register, decide, promote."""

from pathlib import Path

from prefect import flow, task
from prefect.cache_policies import NO_CACHE
from prefect.runtime import flow_run

from components.registry.tracking import tracking_uri
from components.storage.dvc import make_workspace, push
from components.storage.home import find_home
from flows.decision_task import decide
from flows.outcome import Outcome
from flows.project import PROJECT
from flows.promote import promote
from flows.registration_task import register_candidate
from flows.report_task import write_report
from flows.request import RunRequest, build_params, to_yaml
from flows.services import version_page
from flows.stage_tasks import run_stage

STAGES = ("prepare", "train", "synthesize", "evaluate")


@flow(name="retrain", persist_result=False)
def retrain(request: RunRequest) -> Outcome:
    """Train, judge and register a generator as `request` asks, and promote it if it passes."""
    params = build_params(request)
    home = find_home()
    workspace = home.workspaces / str(flow_run.id)
    make_workspace(workspace, PROJECT, to_yaml(params), home)
    done = {stage: run_stage(stage, workspace, params) for stage in STAGES}
    registered = register_candidate(params, workspace)
    decision = decide(registered, params, workspace)
    if decision.promote:
        promote(registered.model, registered.version, decision.champion, decision.reason)
    if not all(stage.was_cached for stage in done.values()):
        keep_outputs(workspace)
    report = write_report(registered, decision, workspace)
    pages = version_page(home, registered.model, registered.version)
    return Outcome(registered, decision, report, workspace, tracking_uri(home), pages, done)


@task(
    cache_policy=NO_CACHE, task_run_name="push to the DVC remote", retries=2, retry_delay_seconds=5
)
def keep_outputs(workspace: Path) -> None:
    """Copy this run's outputs and the run-cache to the DVC remote."""
    push(workspace, find_home())
