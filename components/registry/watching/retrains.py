"""The retrainings that alarms started, as acts of the audit record: when, of what, and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from filelock import FileLock
from mlflow import MlflowClient

from components.registry.audit import Act, record, recorded
from components.storage.home import Home

_ACTION = "retrain"


@dataclass(frozen=True)
class Retraining:
    """One that was started: over which champion, on which content, by which flow run, and why."""

    model: str
    champion: str
    data_sha256: str
    flow_run: str
    reason: str
    when: datetime


def record_retraining(
    client: MlflowClient,
    model: str,
    champion: str,
    *,
    data_sha256: str,
    flow_run: str,
    reason: str,
    home: Home,
) -> None:
    """Write that the model is trained again."""
    facts = {"data_sha256": data_sha256, "flow_run": flow_run}
    record(client, Act(model, _ACTION, champion, champion, reason), home, facts)


def list_retrainings(client: MlflowClient, home: Home, model: str = "") -> Sequence[Retraining]:
    """Those of a model, or of all, the newest first."""
    return [
        Retraining(
            model=found.act.model,
            champion=found.act.version,
            data_sha256=found.facts["data_sha256"],
            flow_run=found.facts["flow_run"],
            reason=found.act.reason,
            when=found.when,
        )
        for found in recorded(client, home, model=model, actions=(_ACTION,))
    ]


def retraining_lock(model: str, home: Home) -> FileLock:
    """Held while it is decided whether the model is trained again, and recorded that it is."""
    home.locks.mkdir(parents=True, exist_ok=True)
    return FileLock(home.locks / f"retrain-{model}.lock")
