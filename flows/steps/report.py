"""The report of a version: on disk, in MLflow, and in short as a Prefect artifact."""

import os
from dataclasses import replace
from pathlib import Path

from prefect import task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE
from prefect.runtime import flow_run

from components.evaluation.images.panels import load_panels
from components.racing.standing import Race
from components.registry.promotion import CHAMPION
from components.registry.tracking import connect, registry_shown
from components.reporting.lineage import Lineage
from components.reporting.report import render, says_the_same, unit_of
from components.reporting.summary import summary_markdown
from components.stages.paths import StagePaths
from components.stages.training_curves import read_training_curves
from components.storage.home import Home, find_home
from flows.services.running import flow_run_page, run_page, version_page
from flows.steps.outcome import Decision, Registered


@task(cache_policy=NO_CACHE, task_run_name="report")
def write_report(registered: Registered, decision: Decision, workspace: Path) -> Path:
    """The path of the HTML report; it is written once for each version and decision."""
    home = find_home()
    lineage = _complete(registered, decision, home)
    path = keep_page(registered, lineage, workspace, home)
    create_markdown_artifact(
        summary_markdown(registered.evidence, lineage, judged_unit(registered, workspace)),
        key="verdict",
        description=f"{registered.model} version {registered.version}: {_outcome(decision)}",
    )
    return path


def keep_page(registered: Registered, lineage: Lineage, workspace: Path, home: Home) -> Path:
    """The path of the page, written anew unless it says the same of this version already."""
    path = home.reports / registered.model / f"v{registered.version}.html"
    was_written = registered.reused and path.is_file()
    if was_written and says_the_same(path.read_text(), registered.evidence, lineage):
        return path
    paths = StagePaths(workspace)
    curves = read_training_curves(paths.training_curves)
    race = Race.load(paths.race) if paths.race.is_file() else None
    evidence, panels = registered.evidence.with_curves(curves), load_panels(paths.panels)
    page = render(evidence, lineage, panels, race)
    connect(home).log_text(registered.run_id, page, path.name)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{os.getpid()}.part")
    partial.write_text(page)
    partial.replace(path)
    return path


def judged_unit(registered: Registered, workspace: Path) -> str:
    """What one of those that were judged is called."""
    return unit_of(registered.evidence, load_panels(StagePaths(workspace).panels))


def _outcome(decision: Decision) -> str:
    """What became of it, in a line."""
    if decision.waits:
        return f"waits for approval; {decision.waits}"
    if decision.promote or decision.is_champion:
        return "champion"
    return f"{'undecided' if decision.undecided else 'refused'}; {decision.reason}"


def _held_back(decision: Decision) -> str:
    """Why a version whose gates let it pass is not the champion; nothing is said of others."""
    if decision.waits:
        return f"it waits for approval; {decision.waits}"
    return "" if decision.undecided else decision.reason


def _complete(registered: Registered, decision: Decision, home: Home) -> Lineage:
    experiment = connect(home).get_run(registered.run_id).info.experiment_id
    places = {
        "the version in MLflow": version_page(home, registered.model, registered.version),
        "the run in Prefect": flow_run_page(home, str(flow_run.id)),
        "MLflow registry": registry_shown(home),
        "MLflow run": run_page(home, experiment, registered.run_id) or registered.run_id,
    }
    promoted = decision.promote or decision.is_champion
    return replace(
        registered.lineage,
        version=registered.version,
        alias=CHAMPION if promoted else None,
        held_back="" if promoted else _held_back(decision),
        links={name: place for name, place in places.items() if place},
    )
