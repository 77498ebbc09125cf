"""What has been released of a source so far: an account, since each release tells a little more."""

from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion
from pydantic import BaseModel, ConfigDict

from components.registry.descent import Key, data_hashes, key_of, trained_on, with_descendants
from components.registry.tags import GENERATOR_NAME, GENERATOR_VERSION, NUM_ROWS, RELEASE_KEY
from components.registry.versions import list_versions, revocation
from components.reporting.wording import count

DECLARED_EPSILON = "mintmark.declared_epsilon"
"""The tag of a version whose model declares a guarantee of differential privacy."""


class ReleasedPart(BaseModel):
    """One release of a source, and what was found of its generator.

    `membership_auc` is the upper bound of the best attack by rows of that generator, None where it
    was not measured on this very source. `epsilon` is what its generator declares, None where it
    declares nothing.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    reference: str
    generator: str
    rows: int
    membership_auc: float | None = None
    epsilon: float | None = None


class SourceAccount(BaseModel):
    """All releases of a source that stand, the newest last.

    Each was judged by itself. Whoever holds several of them can attack their union, which no
    figure here bounds but the sum of the epsilons.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    releases: tuple[ReleasedPart, ...]

    @property
    def rows(self) -> int:
        """The rows of all releases together."""
        return sum(part.rows for part in self.releases)

    @property
    def worst_auc(self) -> float | None:
        """The highest bound of a membership attack, None where none was measured."""
        known = [p.membership_auc for p in self.releases if p.membership_auc is not None]
        return max(known, default=None)

    @property
    def epsilon(self) -> float | None:
        """The epsilons of the generators added, each once, None where one declares none.

        Rows drawn again from the same generator cost nothing more (post-processing); trainings on
        the same rows add up (basic composition; Dwork and Roth 2014, theorem 3.16).
        """
        declared = {part.generator: part.epsilon for part in self.releases}
        values = [epsilon for epsilon in declared.values() if epsilon is not None]
        return sum(values) if values and len(values) == len(declared) else None

    def sentence(self) -> str:
        """The account in words.

        >>> part = ReleasedPart(reference="a@1", generator="a/1", rows=1000, membership_auc=0.53)
        >>> SourceAccount(releases=(part,)).sentence()
        '1 release of this source, 1,000 rows; worst membership AUC at most 0.530; no epsilon'
        """
        number = len(self.releases)
        worst = self.worst_auc
        return (
            f"{number} release{'' if number == 1 else 's'} of this source, "
            f"{count(self.rows)} rows; "
            + (
                "membership not measured"
                if worst is None
                else f"worst membership AUC at most {worst:.3f}"
            )
            + ("; no epsilon" if self.epsilon is None else f"; epsilon {self.epsilon:g} in all")
        )


def account(client: MlflowClient, generator: ModelVersion, number: str, rows: int) -> SourceAccount:
    """The standing releases of what `generator` was trained on, with the one about to be made.

    A release counts where its generator was trained on any of the same files, or on a release
    that did.
    """
    hashes = data_hashes(generator)
    versions = list_versions(client)
    known = {key_of(version): version for version in versions}
    found = [
        _part(client, descendant.version, known, hashes)
        for descendant in with_descendants(versions, trained_on(versions, None, hashes))
        if descendant.is_release and _stands(descendant.version)
    ]
    found.sort(key=lambda part: (part.reference.rpartition("@")[0], _number(part)))
    own = _of_generator(client, f"{generator.name}@{number}", generator, rows, hashes)
    return SourceAccount(releases=(*found, own))


def _number(part: ReleasedPart) -> int:
    return int(part.reference.rpartition("@")[2])


def _stands(release: ModelVersion) -> bool:
    return RELEASE_KEY in release.tags and revocation(release) is None


def _part(
    client: MlflowClient,
    release: ModelVersion,
    known: dict[Key, ModelVersion],
    hashes: set[str],
) -> ReleasedPart:
    name = release.tags[GENERATOR_NAME]
    reference, rows = f"{name}@{release.version}", int(release.tags[NUM_ROWS])
    generator = known.get((name, release.tags[GENERATOR_VERSION]))
    if generator is None:
        version = release.tags[GENERATOR_VERSION]
        return ReleasedPart(reference=reference, generator=f"{name}/{version}", rows=rows)
    return _of_generator(client, reference, generator, rows, hashes)


def _of_generator(
    client: MlflowClient, reference: str, generator: ModelVersion, rows: int, hashes: set[str]
) -> ReleasedPart:
    """A release with what its generator's run measured, on this source alone."""
    metrics = {}
    if hashes & data_hashes(generator) and generator.run_id:
        metrics = client.get_run(generator.run_id).data.metrics
    declared = generator.tags.get(DECLARED_EPSILON)
    return ReleasedPart(
        reference=reference,
        generator=f"{generator.name}/{generator.version}",
        rows=rows,
        membership_auc=metrics.get("membership_auc.high"),
        epsilon=None if declared is None else float(declared),
    )
