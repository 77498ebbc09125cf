"""Every recipe of a family run with several seeds; its page says what each reached."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from components.errors import UserError
from components.recipes.catalog import recipes_of
from components.recipes.recipe import Family, Preset
from components.storage.code import git_revision
from components.storage.dvc import StageFailed
from flows.project import PROJECT
from flows.request import RunRequest, build_params, request_key
from flows.retrain import retrain
from flows.verifying.records import Records, Verified

SEEDED = ("prepare", "train", "synthesize", "evaluate")


@dataclass(frozen=True)
class Planned:
    """A recipe to be run with a seed, and the records, where that of its last run may be."""

    recipe: str
    preset: Preset
    seed: int
    request: RunRequest
    records: Records

    @cached_property
    def key(self) -> str:
        """A name for the settings and the code that would run: what recipes say is in the settings.

        So a change of one recipe leaves the records of the others as they are. Empty where there
        are no settings, as where the data is missing: no record has that.
        """
        try:
            params = build_params(self.request)
        except UserError:
            return ""
        return request_key(params, without=("recipes",))

    def record(self) -> Verified | None:
        """What it reached when it was run last, perhaps with other code; None if it never was."""
        return self.records.find(self.recipe, self.preset, self.seed)

    def is_kept(self) -> bool:
        """True where a run would find again what is recorded."""
        found = self.record()
        return found is not None and found.key == self.key

    def run(self) -> Verified:
        """Run it and keep its record; one that cannot be run is recorded nowhere but here."""
        try:
            outcome = retrain(self.request.pinned(build_params(self.request)))
        except (UserError, StageFailed) as error:
            return Verified(
                recipe=self.recipe,
                preset=self.preset,
                seed=self.seed,
                minutes=0,
                key=self.key,
                commit=git_revision(PROJECT),
                failed=str(error),
            )
        found = Verified.of(self.recipe, self.preset, self.seed, self.key, outcome)
        self.records.keep(found)
        return found


def undone(planned: Sequence[Planned], *, older: bool) -> list[Planned]:
    """What is to be run: first what never was; then, with `older`, what older code did."""
    left = [each for each in planned if each.record() is None or (older and not each.is_kept())]
    return sorted(left, key=lambda each: each.record() is not None)


def plan(
    family: Family, seeds: Sequence[int], preset: Preset, records: Records, only: Sequence[str] = ()
) -> list[Planned]:
    """Every recipe of the family, or those named, with each seed: the first seed of all first.

    Every seed draws another split, trains and judges anew. Raises UserError for a name that is not
    of the family.
    """
    known = recipes_of(family)
    strange = [name for name in only if name not in known]
    if strange:
        raise UserError(f"no recipe {strange[0]!r} of {family}; there are: {', '.join(known)}")
    planned = []
    for seed in seeds:
        for name in only or known:
            overrides = tuple(f"{section}.seed={seed}" for section in SEEDED)
            request = RunRequest(recipe=name, preset=preset, overrides=overrides)
            planned.append(Planned(name, preset, seed, request, records))
    return planned
