"""The append-only record of who moved which alias, and why: a run of its own for each act."""

import getpass
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from mlflow import MlflowClient
from mlflow.entities import Run

from components.registry.paging import every
from components.registry.tracking import AUDIT, find_experiment
from components.storage.home import Home

_FACT = "mintmark.fact."


@dataclass(frozen=True)
class Act:
    """One decision on a registered model: what was done to which version, from which, and why."""

    model: str
    action: str
    version: str
    previous: str | None
    reason: str


@dataclass(frozen=True)
class Recorded:
    """An act in the audit record: its run, when it was, and what was told beside it."""

    act: Act
    run_id: str
    when: datetime
    facts: Mapping[str, str]


def record(
    client: MlflowClient, act: Act, home: Home, facts: Mapping[str, str] | None = None
) -> str:
    """Write `act` as a new run of the audit experiment; its run id. Records are never changed.

    `facts` are told beside it, each by a name of its own.
    """
    tags = {
        "mintmark.model": act.model,
        "mintmark.action": act.action,
        "mintmark.version": act.version,
        "mintmark.previous": act.previous or "",
        "mintmark.reason": act.reason,
        "mintmark.who": getpass.getuser(),
    } | {f"{_FACT}{name}": value for name, value in (facts or {}).items()}
    experiment = find_experiment(client, AUDIT, home)
    run = client.create_run(experiment, tags=tags, run_name=f"{act.action} {act.model}")
    client.set_terminated(run.info.run_id)
    return str(run.info.run_id)


def history(client: MlflowClient, model: str, home: Home) -> list[Act]:
    """All recorded acts on `model`, the newest first."""
    return [found.act for found in recorded(client, home, model=model)]


def recorded(
    client: MlflowClient, home: Home, *, model: str = "", actions: Collection[str] = ()
) -> list[Recorded]:
    """The acts on `model`, or on all, the newest first; where `actions` are named, these alone."""
    wanted = f"tags.`mintmark.model` = '{model}'" if model else ""
    runs = every(
        client.search_runs,
        [find_experiment(client, AUDIT, home)],
        wanted,
        order_by=["attributes.start_time DESC"],
    )
    found = [_read(run) for run in runs]
    return [each for each in found if not actions or each.act.action in actions]


def _read(run: Run) -> Recorded:
    tags = run.data.tags
    act = Act(
        model=tags["mintmark.model"],
        action=tags["mintmark.action"],
        version=tags["mintmark.version"],
        previous=tags["mintmark.previous"] or None,
        reason=tags["mintmark.reason"],
    )
    facts = {k.removeprefix(_FACT): v for k, v in tags.items() if k.startswith(_FACT)}
    when = datetime.fromtimestamp(run.info.start_time / 1000, UTC)
    return Recorded(act, str(run.info.run_id), when, facts)
