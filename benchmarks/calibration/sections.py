"""The sections of `docs/evidence.md`, each from the results of its study alone."""

from collections import defaultdict
from collections.abc import Callable, Sequence

from benchmarks.calibration.trials import Result
from components.evaluation.statistics import share_interval

Section = Callable[[Sequence[Result]], str]
MAX_PROMOTED = 0.05


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def share(count: int, trials: int) -> str:
    """A count, its share and the exact two-sided 95% interval of the share."""
    if not trials:
        return "no trial"
    found = share_interval(count, trials, confidence=0.95, sides=2)
    return f"{count} of {trials}: {found.value:.1%} ({found.low:.1%} to {found.high:.1%})"


def grouped(results: Sequence[Result], name: Callable[[Result], str]) -> dict[str, list[Result]]:
    """The results by what `name` says of them, in order of appearance."""
    found: dict[str, list[Result]] = defaultdict(list)
    for result in results:
        found[name(result)].append(result)
    return dict(found)


def count(results: Sequence[Result], key: str) -> int:
    """How many results have a true `key`."""
    return sum(bool(result.found[key]) for result in results)


def outcome(is_met: bool) -> str:
    """Whether what is asked was reached, in a word."""
    return "**met**" if is_met else "**not met**"


def useless(results: Sequence[Result]) -> str:
    """How often a useless generator was promoted."""
    promoted, num_trials = count(results, "passed"), len(results)
    is_met = num_trials >= 200 and promoted <= MAX_PROMOTED * num_trials
    rows = [
        [name, share(count(found, "passed"), len(found)), _mean(found, "gain")]
        for key in (_by_generator, _by_table)
        for name, found in grouped(results, key).items()
    ]
    return (
        "Generators that are worth nothing, on random subsamples of tables that libraries ship. "
        "The whole verdict for augmentation, by `components.evaluation.evaluate` with the default "
        "gates and folds, the generator fitted in every fold. Asked: promoted in at most 5% of at "
        f"least 200 trials. Promoted in {share(promoted, num_trials)}: {outcome(is_met)}.\n\n"
        + table(["trials", "promoted (95% interval)", "mean gain measured"], rows)
    )


def _by_generator(result: Result) -> str:
    return result.trial.generator


def _by_table(result: Result) -> str:
    return f"{result.trial.table}, {result.trial.rows} rows"


def _mean(results: Sequence[Result], key: str) -> str:
    return f"{sum(result.found[key] for result in results) / len(results):+.3f}"


SECTIONS: dict[str, tuple[str, Section]] = {
    "useless": ("(a) Useless generators are not promoted", useless),
}
"""The title and the section of each study, in the page's order."""
