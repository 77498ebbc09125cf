"""The append-only record of who moved which alias, and why: a run of its own for each act."""

import getpass
from dataclasses import dataclass

from mlflow import MlflowClient

from components.registry.tracking import find_experiment
from components.storage.home import Home

EXPERIMENT = "mintmark-audit"


@dataclass(frozen=True)
class Act:
    """One decision on a registered model: what was done to which version, from which, and why."""

    model: str
    action: str
    version: str
    previous: str | None
    reason: str


def record(client: MlflowClient, act: Act, home: Home) -> str:
    """Write `act` as a new run of the audit experiment; its run id. Records are never changed."""
    tags = {
        "mintmark.model": act.model,
        "mintmark.action": act.action,
        "mintmark.version": act.version,
        "mintmark.previous": act.previous or "",
        "mintmark.reason": act.reason,
        "mintmark.who": getpass.getuser(),
    }
    experiment = find_experiment(client, EXPERIMENT, home)
    run = client.create_run(experiment, tags=tags, run_name=f"{act.action} {act.model}")
    client.set_terminated(run.info.run_id)
    return str(run.info.run_id)


def history(client: MlflowClient, model: str, home: Home) -> list[Act]:
    """All recorded acts on `model`, the newest first."""
    runs = client.search_runs(
        [find_experiment(client, EXPERIMENT, home)],
        f"tags.`mintmark.model` = '{model}'",
        order_by=["attributes.start_time DESC"],
    )
    return [_read(run.data.tags) for run in runs]


def _read(tags: dict[str, str]) -> Act:
    return Act(
        model=tags["mintmark.model"],
        action=tags["mintmark.action"],
        version=tags["mintmark.version"],
        previous=tags["mintmark.previous"] or None,
        reason=tags["mintmark.reason"],
    )
