"""How the page says things: tables in Markdown, shares with their intervals."""

from collections import defaultdict
from collections.abc import Callable, Sequence

from benchmarks.calibration.trials import Result
from components.evaluation.statistics import share_interval


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
