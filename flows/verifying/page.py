"""What the recipes of a family reached, as a page to read: every gate, seed by seed."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import attrgetter

from components.evaluation.evidence import Outcome
from components.recipes.catalog import recipes_of
from components.recipes.recipe import Family, Preset
from flows.verifying.records import GateSeen, Verified

_TITLES = ("recipe", "metric", "asked", "reached, seed by seed", "passed", "minutes", "commit")


def verification_page(family: Family, preset: Preset, found: Sequence[Verified]) -> str:
    """Markdown: a question and a line for each gate; beneath it what the first seed missed."""
    ordered = sorted(found, key=attrgetter("recipe", "seed"))
    by_recipe = {name: list(runs) for name, runs in groupby(ordered, key=attrgetter("recipe"))}
    lines = [
        f"# What the recipes of {family} reach",
        "",
        f"Written by `mintmark verify {family}`, preset `{preset}`; do not edit. Every seed draws "
        "another split, where rows are parted at random, trains, and judges anew; baselines are "
        "fitted in the same run to the same rows or images. A gate is passed where the worse end "
        "of the interval, at the gate's confidence, is beyond what is asked; \u201cagainst\u201d a "
        "baseline the interval is that of the difference. Minutes are those of the stages, on "
        "whatever the machine did besides, without what the run cache had already; at the commit "
        "the recipe was run.",
        "",
        f"| {' | '.join(_TITLES)} |",
        f"|{'---|' * len(_TITLES)}",
    ]
    for name in recipes_of(family):
        lines += _rows(name, by_recipe.get(name, []))
    lines += ["", "## What each answers", ""]
    for name, recipe in recipes_of(family).items():
        lines.append(f"- `{name}`: {recipe.question}")
        lines += _reasons(by_recipe.get(name, []))
    return "\n".join(lines) + "\n"


def _rows(name: str, runs: Sequence[Verified]) -> Iterator[str]:
    done = [run for run in runs if run.gates]
    if not done:
        yield f"| {name} | | | {'failed' if runs else 'not run'} | | | |"
        return
    minutes = " / ".join(f"{run.minutes:.1f}" for run in done)
    commits = " / ".join(dict.fromkeys(_short(run.commit) for run in done))
    asked = [{(gate.metric, _asked(gate)): gate for gate in run.gates} for run in done]
    every = dict.fromkeys(gate for gates in asked for gate in gates)  # older code asked for others
    for place, (metric, bar) in enumerate(every):
        seen = [gates.get((metric, bar)) for gates in asked]
        passed = sum(each is not None and each.outcome is Outcome.PASSED for each in seen)
        reached = " / ".join(_reached(each) for each in seen)
        first = name if place == 0 else ""
        taken, commit = (minutes, commits) if place == 0 else ("", "")
        count = len(seen) - seen.count(None)
        yield (
            f"| {first} | {metric} | {bar} | {reached} | {passed} of {count} | {taken} | {commit} |"
        )


def _reached(gate: GateSeen | None) -> str:
    if gate is None:
        return "not asked"
    return f"{gate.value:.3f} ({gate.low:.3f} to {gate.high:.3f})"


def _short(commit: str) -> str:
    """Seven digits of a commit, and whether anything tracked was changed."""
    digits, plus, changes = commit.partition("+")
    return digits[:7] + plus + changes


def _asked(gate: GateSeen) -> str:
    against = f" against {gate.baseline}" if gate.baseline else ""
    return f"{gate.bar:g}{against}"


def _reasons(runs: Sequence[Verified]) -> Iterator[str]:
    """Why runs failed, and what the first seed that ran missed."""
    for run in runs:
        if run.failed:
            yield f"  - seed {run.seed} could not be run: {_in_a_line(run.failed)}"
    for run in [run for run in runs if run.gates][:1]:
        missed = [gate.reason for gate in run.gates if gate.outcome is not Outcome.PASSED]
        yield from (f"  - seed {run.seed}: {reason}" for reason in missed)


def _in_a_line(failed: str) -> str:
    """The last line of what a run said of its failure, as Markdown that is no markup."""
    last = next((line for line in reversed(failed.splitlines()) if line.strip()), failed)
    return f"`{last.strip().replace('`', chr(39))}`"
