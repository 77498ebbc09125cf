"""Revocation: a source, generator or release is withdrawn with everything that descends from it."""

import re
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion

from components.data.bundled import is_bundled
from components.data.sources import absolute, hash_source, open_files
from components.errors import UserError
from components.registry.audit import Act, record
from components.registry.descent import (
    Descendant,
    data_hashes,
    key_of,
    trained_on,
    with_descendants,
)
from components.registry.descriptions import EVIDENCE, WHOLE_CARD, description
from components.registry.packaging.door import DoorResult, door_tags
from components.registry.promotion import CHAMPION, promotion_lock
from components.registry.releases.rows import file_sha256
from components.registry.releases.versions import (
    find_release,
    follow_champion,
    release_model,
    released_generator,
)
from components.registry.revoking.quarantine import quarantine_files
from components.registry.revoking.withdrawals import (
    SOURCE,
    Withdrawal,
    new_withdrawal,
    record_withdrawal,
)
from components.registry.tags import (
    CAUSE,
    DATA_URI,
    KIND,
    RELEASE,
    RELEASE_KEY,
    REVOKED,
    REVOKED_WHEN,
)
from components.registry.versions import aliased, find_version, list_versions
from components.storage.dvc_files import release_folder
from components.storage.home import Home

MODEL = "model"
KINDS = (SOURCE, MODEL, RELEASE)
EVERY = "all"
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Revoked:
    """What an act reaches: `things` in all, those `newly` marked, and the champions it ends.

    `without_champion` are the registered models that had a champion before and have none now.
    """

    act: Withdrawal
    things: tuple[Descendant, ...]
    newly: tuple[Descendant, ...]
    without_champion: tuple[str, ...]


def find_revocation(client: MlflowClient, kind: str, what: str, why: str) -> Revoked:
    """All that revoking `what` would reach; nothing is changed.

    `what` is a source's URI or a SHA-256 of its content, a generator as NAME@VERSION, or a release
    as NAME@NUMBER; aliases serve as well, and `@all` is every version. Raises UserError where there
    is no such thing, or no reason.
    """
    if kind not in KINDS:
        raise UserError(f"cannot revoke a {kind!r}; accepted are {', '.join(KINDS)}")
    if not why.strip():
        raise UserError("a revocation without a reason: say why, for all who meet it")
    versions = list_versions(client)
    if kind == SOURCE:
        uri, hashes = _identify(versions, what)
        roots = trained_on(versions, uri, hashes)
        act = new_withdrawal(kind, uri or what, why, hashes)
    else:
        roots = _roots(client, versions, kind, what)
        act = new_withdrawal(kind, ", ".join(root.title for root in roots), why)
    things = with_descendants(versions, roots)
    newly = tuple(thing for thing in things if REVOKED not in thing.version.tags)
    reached = {thing.key for thing in things}
    names = sorted({thing.version.name for thing in things})
    ended = tuple(n for n in names if (n, aliased(client, n, CHAMPION) or "") in reached)
    return Revoked(act, tuple(things), newly, ended)


def revoke(client: MlflowClient, kind: str, what: str, why: str, home: Home) -> Revoked:
    """Mark and quarantine `what` and all that descends from it; what was done, as values.

    All are marked before any is moved, so that from the first moment none is handed out. May be
    called again: what is marked keeps its first reason, and what a kill left undone is done.
    """
    found = find_revocation(client, kind, what, why)
    act = record_withdrawal(client, found.act, home)
    with ExitStack() as locks:
        for name in sorted({thing.version.name for thing in found.things}):
            locks.enter_context(promotion_lock(name, home))
        for thing in found.newly:
            _mark(client, thing, act, home)
        for thing in found.things:
            _remove_aliases(client, thing.version)
    for name in sorted({thing.version.name for thing in found.things if not thing.is_release}):
        follow_champion(client, name, aliased(client, name, CHAMPION), keep=True)
    for thing in found.things:
        quarantine_files(thing.version, act, home)
        _drop_local(thing, home)
    left = tuple(n for n in found.without_champion if aliased(client, n, CHAMPION) is None)
    return Revoked(act, found.things, found.newly, left)


def _identify(versions: Sequence[ModelVersion], what: str) -> tuple[str | None, set[str]]:
    """The URI that is meant, None for a hash, and every content it is known to have had."""
    if _SHA256.fullmatch(what):
        return None, {what}
    uris = {version.tags.get(DATA_URI, "") for version in versions} - {""}
    uri = what if what in uris or is_bundled(what) else absolute(what)
    hashes = {h for v in versions if v.tags.get(DATA_URI) == uri for h in data_hashes(v)}
    try:
        hashes.add(hash_source(uri))
        with open_files(uri) as paths:
            hashes |= {file_sha256(path) for path in paths}
    except UserError:
        if uri not in uris:
            known = ", ".join(sorted(uris)) or "nothing"
            raise UserError(
                f"{what!r} cannot be read and no registered model was trained on it; "
                f"models were trained on: {known}"
            ) from None
    return uri, hashes


def _roots(
    client: MlflowClient, versions: Sequence[ModelVersion], kind: str, what: str
) -> list[Descendant]:
    name, _, which = what.partition("@")
    if not which:
        raise UserError(
            f"which of {name!r}? Give {name}@NUMBER, {name}@champion, or {name}@{EVERY} for all"
        )
    model = release_model(name) if kind == RELEASE else name
    if which == EVERY:
        numbers = [str(version.version) for version in versions if version.name == model]
        if not numbers:
            raise UserError(f"no {kind} of {name!r} is registered")
    elif kind == RELEASE:
        numbers = [find_release(client, name, which).number]
    else:
        numbers = [str(find_version(client, name, which).version)]
    wanted = {(model, number) for number in numbers}
    chosen = [version for version in versions if key_of(version) in wanted]
    return [Descendant(version, "revoked by name") for version in chosen]


def _mark(client: MlflowClient, thing: Descendant, act: Withdrawal, home: Home) -> None:
    """Say on the version that it is revoked, in all the places where it is looked at."""
    name, number = thing.key
    refused = DoorResult(False, f"it was revoked: {act.why} ({act.cause})")
    tags = {
        CAUSE: f"because of {act.cause}",
        "mintmark.revoked_by": act.who,
        REVOKED_WHEN: act.when,
        "mintmark.revoked_how": thing.how,
        REVOKED: act.why,
    }
    if thing.version.tags.get(KIND) != RELEASE:
        tags |= door_tags(refused)
    for key, value in tags.items():
        client.set_model_version_tag(name, number, key, value)
    said = thing.version.description or ""
    text = f"REVOKED: {act.why} (because of {act.cause}; {thing.how})"
    whole = WHOLE_CARD if thing.is_release else EVIDENCE
    client.update_model_version(name, number, description(f"{text}\n\n{said}".strip(), whole))
    if thing.version.run_id:
        client.set_tag(thing.version.run_id, REVOKED, act.why)
    record(client, Act(name, "revoke", number, None, f"{act.why} (because of {act.cause})"), home)


def _remove_aliases(client: MlflowClient, version: ModelVersion) -> None:
    """Take away every alias that stands on the version."""
    name = version.name
    for alias, number in client.get_registered_model(name).aliases.items():
        if str(number) == str(version.version):
            client.delete_registered_model_alias(name, alias)


def _drop_local(thing: Descendant, home: Home) -> None:
    """Remove a release's rows from DVC's folder, so that nothing keeps them in the cache."""
    key = thing.version.tags.get(RELEASE_KEY)
    if thing.is_release and key is not None:
        name = released_generator(thing.version.name)
        for file in sorted(release_folder(home, name, key).glob("*")):
            file.unlink()
