"""The record of what was revoked, one run for each act: also of sources, which have no version."""

import getpass
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from mlflow import MlflowClient

from components.errors import UserError
from components.registry.paging import every
from components.registry.tracking import REVOCATIONS, find_experiment
from components.storage.home import Home

SOURCE = "source"
_HASHES = "mintmark.sha256."
_HASHES_PER_TAG = 100


@dataclass(frozen=True)
class Withdrawal:
    """One act: what was revoked, why, by whom and when; `hashes` are a source's contents."""

    kind: str
    what: str
    why: str
    who: str
    when: str
    hashes: tuple[str, ...] = ()

    @property
    def cause(self) -> str:
        """The root of a revocation in words, such as `source data/people.csv`."""
        return f"{self.kind} {self.what}"


def new_withdrawal(kind: str, what: str, why: str, hashes: Iterable[str] = ()) -> Withdrawal:
    """An act of the present user, now."""
    when = datetime.now(UTC).isoformat(timespec="seconds")
    return Withdrawal(kind, what, why, getpass.getuser(), when, tuple(sorted(set(hashes))))


def record_withdrawal(client: MlflowClient, act: Withdrawal, home: Home) -> Withdrawal:
    """Write `act` down, unless it stands there already; the act as it is on record."""
    for known in list_withdrawals(client, home):
        same = (known.kind, known.what) == (act.kind, act.what)
        if same and set(act.hashes) <= set(known.hashes):
            return known
    tags = {
        "mintmark.kind": act.kind,
        "mintmark.what": act.what,
        "mintmark.reason": act.why,
        "mintmark.who": act.who,
        "mintmark.when": act.when,
    }
    for start in range(0, len(act.hashes), _HASHES_PER_TAG):
        part = act.hashes[start : start + _HASHES_PER_TAG]
        tags[f"{_HASHES}{start // _HASHES_PER_TAG}"] = " ".join(part)
    experiment = find_experiment(client, REVOCATIONS, home)
    run = client.create_run(experiment, tags=tags, run_name=f"revoke {act.cause}")
    client.set_terminated(run.info.run_id)
    return act


def list_withdrawals(client: MlflowClient, home: Home) -> list[Withdrawal]:
    """All recorded acts, the newest first."""
    experiment = find_experiment(client, REVOCATIONS, home)
    return [_read(run.data.tags) for run in every(client.search_runs, [experiment])]


def check_source(client: MlflowClient, uri: str, hashes: Iterable[str], home: Home) -> None:
    """Raise UserError with the reason where this URI or any of these contents is revoked."""
    wanted = set(hashes)
    for act in list_withdrawals(client, home):
        if act.kind == SOURCE and (act.what == uri or wanted & {act.what, *act.hashes}):
            raise UserError(f"{uri} was revoked ({act.cause}): {act.why}")


def _read(tags: dict[str, str]) -> Withdrawal:
    return Withdrawal(
        kind=tags["mintmark.kind"],
        what=tags["mintmark.what"],
        why=tags["mintmark.reason"],
        who=tags["mintmark.who"],
        when=tags["mintmark.when"],
        hashes=tuple(
            value for k, v in sorted(tags.items()) if k.startswith(_HASHES) for value in v.split()
        ),
    )
