"""The race that chose a generator, as a table: who ran, what was judged, who won."""

from dataclasses import dataclass

from components.evaluation.evidence import Outcome
from components.racing.standing import Race, Runner
from components.reporting.wording import count, interval, measured, title


@dataclass(frozen=True)
class RaceRow:
    """A generator's line: `note` has its place and its seconds, `figures` a gated metric each.

    A figure is a value with its interval.
    """

    name: str
    note: str
    outcome: Outcome
    figures: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class RaceTable:
    """The lines, the best first, under the gated metrics' titles, and what is to be known."""

    titles: tuple[str, ...]
    rows: tuple[RaceRow, ...]
    reading: str


def race_table(race: Race) -> RaceTable:
    """The table of a race."""
    left_out = "".join(f" {name} was left out: {why}." for name, why in race.left_out.items())
    return RaceTable(
        titles=tuple(title(gate.metric) for gate in race.winner.gates),
        rows=tuple(_row(runner, place) for place, runner in enumerate(race.runners)),
        reading=(
            f"Each was fitted on {count(race.num_train)} of the training rows and judged on the "
            f"{count(race.num_held_out)} others, in so many seconds of a processor; the winner was "
            "then fitted on all of them. The "
            f"best outcome wins, and among equals {_first_of_equals(race)}. Those that passed are "
            "equals, and of others those with no value beyond its bar whose worst gate cannot be "
            f"told from the least bad one's. {_as_good(race)}"
            "Unbeaten is what no other equals on every gate and betters on one."
            f"{left_out}"
        ),
    )


def _first_of_equals(race: Race) -> str:
    return (
        "the rows most like real ones"
        if race.winner.has_likeness
        else "the gate that uses up least"
    )


def _as_good(race: Race) -> str:
    if not race.winner.has_likeness:
        return ""
    return (
        "One that is undecided is as good as the best that passed where that has a gate with less "
        "than a tenth left, and its own worst gate uses up no more. "
    )


def _row(runner: Runner, place: int) -> RaceRow:
    note = "won, " if place == 0 else "unbeaten, " if runner.is_unbeaten else ""
    return RaceRow(
        name=runner.name,
        note=f"{note}{runner.seconds:.1f} s",
        outcome=runner.outcome,
        figures=tuple(
            (measured(gate.value), interval(gate.low, gate.high)) for gate in runner.gates
        ),
    )
