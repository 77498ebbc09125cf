"""The page of a replay: one time line, and a table of what each policy reached at what cost."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.replay import COOL_DOWN, NEWEST_ROWS, REFERENCE_WEEKS, WEEK
from components.reporting.svg import drawing

Entry = dict[str, Any]

SMOOTHED = 4
_BY_EVENTS = "by events, on the services of `mintmark up`"
_IN_PROCESS = (
    "by the flows in one process beside a Prefect server, alarms answered as by the automation, "
    f"with a cool-down of {COOL_DOWN} windows"
)
WAYS = {
    "never": "never retrained",
    "loop": "the loop",
    "every window": "retrained in every window",
    "real": "real rows instead of synthetic ones, every window",
}
LANES = ("drift", "decay", "retrained", "promoted", "rolled back", "confirmed")
_ACTS = {"retrain": "retrained", "promote": "promoted", "rollback": "rolled back"}


def happened(entry: Entry) -> list[str]:
    """What happened in a window, by the names of the lanes."""
    acts = [action for action, _, _ in entry["acts"]]
    return [*entry["alarms"], *(_ACTS.get(act, "confirmed") for act in acts)]


def page(entries: Sequence[Entry], path: Path, *, by_services: bool) -> str:
    """The page as Markdown; the time line lies beside it as an SVG."""
    picture = path.parent / "pictures" / f"{path.stem}.svg"
    _draw(entries, picture)
    way = _BY_EVENTS if by_services else _IN_PROCESS
    lines = [
        "# Elec2 through the closed loop",
        "",
        "Written by `python -m benchmarks.replay`; do not edit. One seed, default margins; "
        f"{len(entries)} weekly windows of {WEEK} rows after a reference of {REFERENCE_WEEKS} "
        f"weeks, {way}. Trees are the generator, boosted trees the learner; every accuracy is of "
        "windows that were predicted before they arrived. A model is trained again on the newest "
        f"{NEWEST_ROWS} rows at most. The gate is a loss by synthetic rows below .1: those for "
        "privacy are left out, since half-hours that follow one another are near copies by nature.",
        "",
        f"![The time line](pictures/{picture.name})",
        "",
        *_table(["way", "trainings", "accuracy", "against never (95% interval over windows)"],
                _ways(entries)),
        "",
        *(f"- {text}" for text in _sentences(entries)),
        "",
        "## Every window in which something happened",
        "",
        *_table(["window", "champion", "accuracy", "what happened"], _events(entries)),
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def _ways(entries: Sequence[Entry]) -> Iterator[list[str]]:
    retrained = sum(happened(entry).count("retrained") for entry in entries)
    counts = {"never": 0, "loop": retrained, "every window": len(entries), "real": len(entries)}
    never = _of("never", entries)
    for way, title in WAYS.items():
        found = _of(way, entries)
        gain = found - never
        reach = 1.96 * gain.std(ddof=1) / np.sqrt(len(gain)) if len(gain) > 1 else float("nan")
        shown = f"{gain.mean():+.3f} ({gain.mean() - reach:+.3f} to {gain.mean() + reach:+.3f})"
        yield [title, str(counts[way]), f"{found.mean():.3f}", "" if way == "never" else shown]


def _sentences(entries: Sequence[Entry]) -> Iterator[str]:
    counts = {lane: sum(happened(each).count(lane) for each in entries) for lane in LANES}
    alarmed = [entry for entry in entries if entry["alarms"]]
    yield (
        f"{len(alarmed)} of {len(entries)} windows raised an alarm (drift {counts['drift']}, decay "
        f"{counts['decay']}); {counts['retrained']} had the model trained again, "
        f"{counts['promoted']} of the versions were promoted, {counts['confirmed']} confirmed at "
        f"the end of their bake window and {counts['rolled back']} rolled back."
    )
    loop, every = _of("loop", entries), _of("every window", entries)
    gap = loop - every
    reach = 1.96 * gap.std(ddof=1) / np.sqrt(len(gap)) if len(gap) > 1 else float("nan")
    yield (
        f"The loop against retraining in every window: {gap.mean():+.3f} "
        f"({gap.mean() - reach:+.3f} to {gap.mean() + reach:+.3f})."
    )
    seconds = sum(entry["seconds"] for entry in entries)
    yield f"The replay took {seconds / 60:.0f} minutes, other work beside it."


def _events(entries: Sequence[Entry]) -> Iterator[list[str]]:
    for entry in entries:
        told = [f"{name} alarm" for name in entry["alarms"]]
        told += [_act(*act) for act in entry["acts"]]
        if told:
            accuracy = f"{entry['accuracy']['loop']:.3f}"
            yield [str(entry["number"]), f"version {entry['champion']}", accuracy, "; ".join(told)]


def _act(action: str, version: str, reason: str) -> str:
    if action == "rollback":
        return f"**rolled back to version {version}** ({reason})"
    if action == "retrain":
        return "trained again"
    words = {"promote": "promoted", "confirm": "confirmed"}
    return f"version {version} {words.get(action, action)}"


def _of(way: str, entries: Sequence[Entry]) -> Any:
    return np.array([entry["accuracy"][way] for entry in entries])


def _table(titles: Sequence[str], rows: Iterator[list[str]]) -> list[str]:
    lines = [f"| {' | '.join(titles)} |", "|" + "---|" * len(titles)]
    return lines + [f"| {' | '.join(row)} |" for row in rows]


def _draw(entries: Sequence[Entry], path: Path) -> None:
    from matplotlib.figure import Figure

    numbers = np.array([entry["number"] for entry in entries])
    with drawing():
        figure = Figure(figsize=(9, 5), layout="constrained")
        top, below = figure.subplots(2, 1, sharex=True, height_ratios=[3, 2])
        for way in ("never", "loop", "every window"):
            values = _of(way, entries)
            smooth = [values[max(0, k - SMOOTHED + 1) : k + 1].mean() for k in range(len(values))]
            top.plot(numbers, smooth, label=WAYS[way], linewidth=1.2)
        top.set_ylabel(f"accuracy, mean of {SMOOTHED} windows")
        top.legend(loc="lower left", ncols=3)
        for place, lane in enumerate(LANES):
            at = [entry["number"] for entry in entries if lane in happened(entry)]
            below.plot(at, [-place] * len(at), linestyle="none", marker="|", markersize=11)
        below.set_yticks([-place for place in range(len(LANES))], list(LANES))
        below.set_ylim(-len(LANES) + 0.4, 0.6)
        below.set_xlabel("window (weeks after the reference)")
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, format="svg", metadata={"Date": None})
