"""Where a report's numbers come from: every fact needed to make them again."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import urlsplit

from components.reporting.wording import capitalised, count, percent

_LINKABLE = frozenset({"http", "https", "file", "s3"})


@dataclass(frozen=True)
class Fact:
    """One row of the lineage table; `code` asks for a fixed-width font."""

    title: str
    text: str
    code: bool = False


@dataclass(frozen=True)
class Link:
    """A place to go on reading: `href` is None where its scheme is not one we link to."""

    title: str
    text: str
    href: str | None


@dataclass(frozen=True)
class Lineage:
    """The model, data, code, settings and run behind an evaluation.

    `version` is None before registration; `alias` is the registry alias that the version was
    promoted to, None where it was not promoted; `held_back` says why not where its gates let it
    pass. `content_keys` maps a stage's output to its hash,
    `links` a title to a URL or path. `when` is an ISO 8601 time. `synthetic_share` is the part of
    the rows that are released synthetic ones, of the releases `parents`; `synthetic_depth` counts
    how many generators lie between the deepest of them and real rows.
    """

    name: str
    version: str | None
    generator: str
    settings: Mapping[str, object]
    data_uri: str
    data_sha256: str
    num_train: int
    num_test: int
    num_synthetic: int
    seed: int
    git_commit: str
    git_dirty: bool
    content_keys: Mapping[str, str]
    params_sha256: str
    libraries: Mapping[str, str]
    flow_run_id: str | None
    when: str
    links: Mapping[str, str] = field(default_factory=dict)
    alias: str | None = None
    held_back: str = ""
    synthetic_depth: int = 0
    synthetic_share: float = 0.0
    parents: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """The model's name, with its version once it has one."""
        return self.name if self.version is None else f"{self.name} v{self.version}"

    @property
    def moment(self) -> str:
        """When it was, to the minute, as people read it."""
        return datetime.fromisoformat(self.when).astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")

    @property
    def rows(self) -> str:
        """The three counts of rows in words."""
        return (
            f"{count(self.num_train)} train, {count(self.num_test)} test, "
            f"{count(self.num_synthetic)} synthetic"
        )

    @property
    def ancestry(self) -> str:
        """How much of the data is known to be synthetic, in words."""
        if not self.parents:
            return "none known: no file is a release"
        return (
            f"{percent(self.synthetic_share)} of the rows, from {', '.join(self.parents)}; "
            f"depth {self.synthetic_depth}"
        )


def facts(lineage: Lineage, rows: str = "rows") -> tuple[Fact, ...]:
    """The lineage as rows, in the order they are read: what, from what, by what, when.

    `rows` is what those that were judged are called.
    """
    commit = lineage.git_commit + (" + uncommitted changes" if lineage.git_dirty else "")
    return (
        Fact("Model", lineage.name),
        Fact("Version", lineage.version or "not registered yet"),
        Fact("Alias", lineage.alias or "none"),
        Fact("Generator", lineage.generator),
        Fact("Settings", _pairs(lineage.settings), code=True),
        Fact("Data", lineage.data_uri, code=True),
        Fact("Data SHA-256", lineage.data_sha256, code=True),
        Fact(capitalised(rows), lineage.rows),
        Fact("Synthetic ancestry", lineage.ancestry),
        Fact("Seed", str(lineage.seed)),
        Fact("Git commit", commit, code=True),
        *(Fact(f"Content of {name}", key, code=True) for name, key in lineage.content_keys.items()),
        Fact("Parameters hash", lineage.params_sha256, code=True),
        Fact("Libraries", _pairs(lineage.libraries, "\u00a0"), code=True),
        Fact("Flow run", lineage.flow_run_id or "none (run by hand)", code=True),
        Fact("When", lineage.moment),
    )


def links(lineage: Lineage) -> tuple[Link, ...]:
    """The lineage's links; what is no address or path, as a run's id is, stays plain text."""
    return tuple(
        Link(title, target, target if _is_linkable(target) else None)
        for title, target in lineage.links.items()
    )


def _is_linkable(target: str) -> bool:
    try:
        scheme = urlsplit(target).scheme.lower()
    except ValueError:
        return False
    return scheme in _LINKABLE if scheme else "/" in target


def _pairs(values: Mapping[str, object], separator: str = "=") -> str:
    """A mapping on one line, in its own order."""
    return ", ".join(f"{name}{separator}{value}" for name, value in values.items()) or "none"
