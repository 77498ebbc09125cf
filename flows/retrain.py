"""The loop once through: prepare, train, synthesize, evaluate, register, decide, promote."""

from importlib import import_module
from pathlib import Path
from threading import Thread

import yaml
from prefect import flow
from prefect.futures import PrefectFuture
from prefect.runtime import flow_run

from components.config import Params, parse_params, read_params
from components.registry.packaging.packages import Package
from components.registry.tracking import registry_shown
from components.stages.judgeable import check_judgeable
from components.stages.paths import StagePaths
from components.storage.dvc import DvcSession, is_workspace, make_workspace
from components.storage.home import find_home
from components.storage.places import is_remote_shared
from components.storage.shared import keep_text, kept_text
from flows.attempts import attempt
from flows.logs import log_about
from flows.project import PROJECT
from flows.request import RunRequest, build_params, to_yaml
from flows.services.running import version_page
from flows.steps.decision import decide_and_settle
from flows.steps.outcome import Outcome, Registered, StageDone
from flows.steps.registration import package_generator, register_candidate, trace_ancestry
from flows.steps.report import write_report
from flows.steps.stages import keep_outputs, run_stage

STAGES = ("prepare", "train", "synthesize", "evaluate")


@flow(name="retrain", flow_run_name="retrain {request.about}", persist_result=False)
@attempt()
def retrain(request: RunRequest) -> Outcome:
    """Train, judge and register a generator as `request` asks, and promote it if it passes."""
    return run_loop(request, find_home().workspaces / str(flow_run.id))


def run_loop(request: RunRequest, workspace: Path) -> Outcome:
    """The loop in `workspace`; where a killed attempt left one, with the settings it began with."""
    params, registered, done = make_candidate(request, workspace)
    decision = decide_and_settle(registered, params, workspace)
    report = write_report(registered, decision, workspace)
    home = find_home()
    pages = version_page(home, registered.model, registered.version)
    return Outcome(registered, decision, report, workspace, registry_shown(home), pages, done)


def make_candidate(
    request: RunRequest, workspace: Path
) -> tuple[Params, Registered, dict[str, StageDone]]:
    """The settings, the registered version and its stages: everything but the decision."""
    params = begin(request, workspace)
    log_about(model=params.name)
    with DvcSession(workspace, find_home()) as dvc:
        # needed after the last stage; the first one leaves a processor idle
        Thread(target=import_module, args=("components.reporting.plots",), daemon=True).start()
        ancestry = trace_ancestry(params)
        done, package = _run_stages(dvc, params, workspace)
        is_new = not all(stage.was_cached for stage in done.values())
        # what is found done may be of a run that was killed before it was kept
        kept = None if is_new and is_remote_shared() else keep_outputs.submit(dvc)
        registered = register_candidate(
            params, workspace, ancestry, package.result() if package else None
        )
        log_about(version=registered.version, mlflow_run_id=registered.run_id)
        if kept is not None:
            kept.result()
    return params, registered, done


def begin(request: RunRequest, workspace: Path) -> Params:
    """The run's settings, with its workspace made; as they were where a killed attempt began it.

    That may have been on another machine: the settings are kept where all find them.
    """
    home, kept = find_home(), "/".join((*workspace.parts[-2:], "params.yaml"))
    if is_workspace(workspace):
        return read_params(StagePaths(workspace).params)
    begun = kept_text("runs", kept, home.workspaces)
    params = build_params(request) if begun is None else parse_params(yaml.safe_load(begun), kept)
    if begun is None:
        keep_text("runs", kept, to_yaml(params), home.workspaces)
    make_workspace(workspace, PROJECT, to_yaml(params), home)
    return params


def _run_stages(
    dvc: DvcSession, params: Params, workspace: Path
) -> tuple[dict[str, StageDone], PrefectFuture[Package] | None]:
    """All stages, one after another; a new generator is packaged and tried beside the later ones.

    None where the generator was there before: most likely so is its version.
    """
    done, package = {}, None
    for stage in STAGES:
        done[stage] = run_stage(stage, dvc, params)
        if is_remote_shared() and not done[stage].was_cached:
            keep_outputs(dvc)  # another machine may have to go on
        if stage == "prepare":
            check_judgeable(params, StagePaths(workspace))
        if stage == "train" and not done[stage].was_cached:
            package = package_generator.submit(params, workspace)
    return done, package
