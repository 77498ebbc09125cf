"""The data card of a release: what the rows are, where they come from, and what was proven."""

import json
from collections.abc import Mapping
from typing import Any

from mlflow.entities.model_registry import ModelVersion
from pydantic import BaseModel, ConfigDict

from components.data.counted import counted
from components.evaluation.evidence import Outcome
from components.registry.releases.exposure import SourceAccount
from components.registry.tags import GATE, PARENTS, SYNTHETIC_DEPTH, VERDICT
from components.reporting.markdown import escaped
from components.reporting.wording import count, percent

_FACTS = (
    "data_uri",
    "data_sha256",
    "git_commit",
    "git_dirty",
    "params_sha256",
    "seed",
    "flow_run_id",
    "when",
)


_IMAGE = "image"
_HOLDS = {
    "datetime": "dates and times",
    "bool": "true or false",
    "int": "whole numbers",
    "uint": "whole numbers",
    "float": "decimal numbers",
}
"""What cells hold, by the beginning of their pandas type."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ColumnFact(_Frozen):
    """A column: its name, how it was modelled, and the type its rows have."""

    name: str
    kind: str
    dtype: str

    @property
    def holds(self) -> str:
        """What its cells hold, in words.

        >>> ColumnFact(name="age", kind="categorical", dtype="Int64").holds
        'whole numbers'
        """
        if self.kind == _IMAGE:
            return "PNG files"
        names = (words for sign, words in _HOLDS.items() if self.dtype.lower().startswith(sign))
        return next(names, "text")


class PurposeVerdict(_Frozen):
    """What the generator was judged for, with each gate's reason in words.

    `undecided` where it did not pass because the evidence was too thin, not because it was refused.
    """

    purpose: str
    passed: bool
    reasons: tuple[str, ...]
    undecided: bool = False


class SyntheticAncestry(_Frozen):
    """How far the rows are from real ones; `depth` is 1 where the generator saw real rows only.

    `share` is the synthetic part of the generator's data, `parents` the releases it came from.
    """

    depth: int
    share: float
    parents: tuple[str, ...]


class Card(_Frozen):
    """Everything a reader of the rows may ask; `unproven` says why they are out without proof."""

    format: int = 1
    name: str
    release: int
    generator: str
    generator_version: str
    rows: int
    columns: tuple[ColumnFact, ...]
    target: str
    seed: int
    sha256: str
    md5: str
    rows_sha256: str
    verdicts: tuple[PurposeVerdict, ...]
    unproven: str | None
    lineage: dict[str, Any]
    ancestry: SyntheticAncestry
    notes: str
    made: str
    libraries: dict[str, str]
    account: SourceAccount | None = None
    """All releases of the same source up to this one; None on cards of an earlier format."""

    @property
    def reference(self) -> str:
        """The release as one word, such as `adult@3`."""
        return f"{self.name}@{self.release}"

    @property
    def unit(self) -> str:
        """What its rows are called: images, where they hold such."""
        return "images" if any(each.kind == _IMAGE for each in self.columns) else "rows"


def read_verdicts(tags: Mapping[str, str]) -> tuple[PurposeVerdict, ...]:
    """The verdicts on a version, from its tags."""
    reasons = [json.loads(v)["reason"] for k, v in tags.items() if k.startswith(GATE)]
    return tuple(
        PurposeVerdict(
            purpose=(purpose := key.removeprefix(VERDICT)),
            passed=value == Outcome.PASSED,
            undecided=value == Outcome.UNDECIDED,
            reasons=tuple(reason for reason in reasons if f" for {purpose}: " in reason),
        )
        for key, value in sorted(tags.items())
        if key.startswith(VERDICT)
    )


def read_lineage(tags: Mapping[str, str]) -> dict[str, Any]:
    """The facts that trace a version, from its tags; those it lacks are None."""
    found = {name: tags.get(f"mintmark.{name}") for name in _FACTS}
    return found | {"git_dirty": found["git_dirty"] == "true"}


def read_ancestry(generator: ModelVersion) -> SyntheticAncestry:
    """The ancestry of rows drawn from this version: one step deeper than its own."""
    return SyntheticAncestry(
        depth=1 + int(generator.tags.get(SYNTHETIC_DEPTH, "0")),
        share=float(generator.tags.get("mintmark.synthetic_share", "0")),
        parents=tuple(json.loads(generator.tags.get(PARENTS, "[]"))),
    )


def card_markdown(card: Card) -> str:
    """The card for a person, the most important first."""
    lines = [
        f"# {card.name}, release {card.release}",
        f"{_size(card)}; drawn from version {card.generator_version} "
        f"({escaped(card.generator)}), "
        f"seed {card.seed}.",
        *_proof(card),
        *_account(card),
        "| | |\n|---|---|\n" + "\n".join(f"| {k} | {v} |" for k, v in _facts(card).items()),
        "| column | modelled as | holds |\n|---|---|---|\n"
        + "\n".join(f"| {escaped(c.name)} | {c.kind} | {c.holds} |" for c in card.columns),
    ]
    return "\n\n".join(lines)


def _size(card: Card) -> str:
    """How much there is, of what."""
    made = f"{count(card.rows)} synthetic {card.unit}"
    if card.unit == "images":
        return made + (", with labels" if len(card.columns) > 1 else "")
    return f"{made}, {counted(len(card.columns), 'column')}, target {escaped(card.target)}"


def _proof(card: Card) -> list[str]:
    lines = []
    if card.unproven is not None:
        lines.append(f"**Not proven for sharing.** Released all the same: {escaped(card.unproven)}")
    for verdict in card.verdicts:
        said = _outcome(verdict)
        reasons = "\n".join(f"- {escaped(reason)}" for reason in verdict.reasons)
        lines.append(f"**{verdict.purpose}: {said}**\n\n{reasons}")
    return lines


def _outcome(verdict: PurposeVerdict) -> Outcome:
    if verdict.passed:
        return Outcome.PASSED
    return Outcome.UNDECIDED if verdict.undecided else Outcome.REFUSED


def _account(card: Card) -> list[str]:
    """What is out of the same source, where it is more than this release."""
    if card.account is None or len(card.account.releases) < 2:
        return []
    lines = [
        f"- {escaped(part.reference)}: {count(part.rows)} rows of {escaped(part.generator)}"
        + (f", membership AUC at most {part.membership_auc:.3f}" if part.membership_auc else "")
        for part in card.account.releases
    ]
    said = (
        f"**Out of the same source: {card.account.sentence()}.** Each was judged by itself; who "
        "holds several can compare them."
    )
    return [said, "\n".join(lines)]


def _facts(card: Card) -> dict[str, str]:
    lineage = card.lineage
    ancestry = card.ancestry
    parents = f", through {escaped(', '.join(ancestry.parents))}" if ancestry.parents else ""
    return {
        "SHA-256 of the file": f"`{card.sha256}`",
        "Hash of the rows": f"`{card.rows_sha256}`",
        "Trained on": escaped(str(lineage["data_uri"])),
        "SHA-256 of that data": f"`{lineage['data_sha256']}`",
        "Code": f"`{lineage['git_commit']}`" + (" with changes" if lineage["git_dirty"] else ""),
        "Synthetic depth": f"{ancestry.depth}; {percent(ancestry.share)} of the data was "
        f"synthetic{parents}",
        "Notes": escaped(card.notes) or "none",
        "Made": card.made,
    }
