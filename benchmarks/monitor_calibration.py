"""How often the monitor cries wolf, and how long it takes to see one.

    python -m benchmarks.monitor_calibration [--data-dir FOLDER] [--minutes M] [--state FILE]
        [--write docs/monitoring.md]

Windows of rows that are drawn as the training rows were, and windows with a planted shift, beside
Evidently with its defaults on the same windows. Every trial's result is a line of FILE under a key
of the trial and of the monitor's code: a killed run goes on, and changed code runs again. FOLDER
holds the folder adult, whose rows are the second population; without it, made-up people alone.
"""

import argparse
import hashlib
import json
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.calibration.trials import ROOT
from benchmarks.calibration.wording import share, table
from benchmarks.monitor_windows import SHIFTS, Population, adult, people
from components.data.batches import frame_batches
from components.monitoring import effects
from components.monitoring.drift import ALPHA, Baseline, compare_rows, make_baseline
from components.monitoring.far_values import judge_end
from components.monitoring.streams import read_rows

STATE = ROOT / ".mintmark" / "benchmarks" / "monitor.jsonl"
NUM_REFERENCE = 20_000
SIZES = (100, 1_000, 10_000, 100_000)
LOOSE = 0.05
"""A chance of a false alarm that 500 windows can tell; the default is a sixtieth of it."""
WINDOWS, PART = 500, 25
TOGETHER = 100
"""Null windows of each size that the trees look at too."""
STREAMS, MOST_WINDOWS = 5, 8
PEER_STREAMS, PEER_WINDOWS = 3, 3
PEER_NULLS = 15
AT_LIMIT = 4_000
DECIDING = (
    "changes",
    "columns",
    "drift",
    "effects",
    "extremes",
    "far_values",
    "follows",
    "joint",
    "levels",
    "reading",
    "reference",
    "repeated",
    "rhythm",
    "sampled",
    "season",
    "sketch",
    "streams",
    "swapped",
    "tails",
    "time_order",
    "together",
    "unseen",
    "verdict",
)
"""The modules of the monitor that decide what is measured here."""
_COLUMNS, _WARM = 5, 200
Drawn = Callable[[np.random.Generator, int], NDArray[np.float64]]
TAILS: dict[str, Drawn] = {
    "normal": lambda rng, n: rng.normal(size=(n, _COLUMNS)),
    "lognormal, sigma 1.5": lambda rng, n: rng.lognormal(0, 1.5, (n, _COLUMNS)),
    "Student's t, 3": lambda rng, n: rng.standard_t(3, (n, _COLUMNS)),
    "Student's t, 2": lambda rng, n: rng.standard_t(2, (n, _COLUMNS)),
    "Cauchy": lambda rng, n: rng.standard_cauchy((n, _COLUMNS)),
    "counts, Poisson 2": lambda rng, n: rng.poisson(2, (n, _COLUMNS)).astype(float),
    "one in ten not 0": lambda rng, n: (
        rng.lognormal(0, 1.5, (n, _COLUMNS)) * (rng.random((n, _COLUMNS)) < 0.1)
    ),
    "a series, normal steps": lambda rng, n: _series(rng.normal(size=(n + _WARM, _COLUMNS))),
    "a series, steps of t 2": lambda rng, n: _series(rng.standard_t(2, (n + _WARM, _COLUMNS))),
}
"""Columns and series with nothing wrong, whose tails are light and heavy."""
TAIL_REFERENCE, TAIL_SIZES = 1_000, (100, 1_000, 10_000)
TAIL_LOOKS, TAIL_PART = 400, 200
_TESTS = 5
"""Differences that are looked at in a column of numbers."""
FAR = (10, 100, 1_000)
"""How many times the furthest number seen a planted one is."""
MARK = "<!-- measured -->\n"


@dataclass(frozen=True)
class Trial:
    """One trial: what is studied, by whom, in which population, at which size and strength."""

    study: str
    population: str
    rows: int
    seed: int
    shift: str = ""
    strength: float = 0.0

    def key(self) -> str:
        """The trial together with the code that decides its result."""
        said = json.dumps(asdict(self), sort_keys=True)
        return hashlib.sha256(f"{said}{code_hash()}".encode()).hexdigest()[:20]


@cache
def code_hash() -> str:
    """The hash of what decides that rows drifted, and of what windows are drawn from."""
    digest = hashlib.sha256()
    for name in DECIDING:
        digest.update((ROOT / "components" / "monitoring" / f"{name}.py").read_bytes())
    digest.update((ROOT / "benchmarks" / "monitor_windows.py").read_bytes())
    return digest.hexdigest()


@cache
def population_of(name: str, folder: Path | None) -> Population:
    """The population of this name."""
    if name == "people":
        return people()
    assert folder is not None
    return adult(folder)


@cache
def baseline_of(name: str, folder: Path | None, seed: int) -> tuple[Baseline, pd.DataFrame]:
    """Training rows drawn from the population, and the monitor's baseline of them."""
    population = population_of(name, folder)
    rows = population.draw(NUM_REFERENCE, np.random.default_rng([seed, 1]))
    return make_baseline(frame_batches(rows), population.schema(rows)), rows


def null(trial: Trial, folder: Path | None) -> dict[str, Any]:
    """How many of some null windows are called anything but the same, at two chances of that."""
    population = population_of(trial.population, folder)
    baseline, _ = baseline_of(trial.population, folder, trial.seed)
    rng = np.random.default_rng([trial.seed, trial.rows, 2])
    together = trial.seed * PART < TOGETHER
    found = {"windows": PART, "together": PART * together, "loose": 0, "default": 0, "trees": 0}
    for _ in range(PART):
        rows = read_rows(
            frame_batches(population.draw(trial.rows, rng)), baseline.reference.sketcher()
        )
        for name, alpha in (("loose", LOOSE), ("default", ALPHA)):
            trees = together and name == "loose"
            report = compare_rows(baseline, rows, alarm_share=1e-9, alpha=alpha, together=trees)
            found[name] += report.breached or report.is_anomalous
            told = (report.joint, report.target)
            found["trees"] += any(each is not None and each.drifted for each in told)
    return found


def _series(steps: NDArray[np.float64]) -> NDArray[np.float64]:
    """Levels that return by a tenth at each of these steps, without the first ones."""
    from scipy.signal import lfilter

    return np.asarray(lfilter([1.0], [1.0, -0.9], steps, axis=0)[_WARM:])


def beyond(trial: Trial, folder: Path | None) -> dict[str, Any]:
    """How many healthy windows are said to have a value far beyond anything, at two chances.

    Each look has training rows of its own; and how many planted values are told by default.
    """
    rng = np.random.default_rng([trial.seed, trial.rows, 4, list(TAILS).index(trial.shift)])
    found = {"windows": TAIL_PART, "loose": 0, "default": 0, **{str(times): 0 for times in FAR}}
    for _ in range(TAIL_PART):
        seen, window = (TAILS[trial.shift](rng, n) for n in (TAIL_REFERENCE, trial.rows))
        for name, alpha in (("loose", LOOSE), ("default", ALPHA)):
            ends = [sign * side.T for sign in (1, -1) for side in (seen, window)]
            found[name] += any(
                _is_far(before, now, alpha)
                for olds, news in (ends[:2], ends[2:])
                for before, now in zip(olds, news, strict=True)
            )
        for times in FAR:
            planted = np.append(window[1:, 0], times * seen[:, 0].max())
            found[str(times)] += _is_far(seen[:, 0], planted, ALPHA)
    return found


def _is_far(before: NDArray[np.float64], now: NDArray[np.float64], alpha: float) -> bool:
    """Whether the largest is told as far, by the column's share of a look's chance."""
    each = alpha / 2 / (_TESTS * _COLUMNS)
    judged = judge_end(float(now.max()), before, now, len(now), each, is_calm=True)
    return judged is not None and judged[1]


def at_limit(trial: Trial, folder: Path | None) -> dict[str, Any]:
    """How often a column counts whose true distance is exactly what counts: the worst case."""
    rng = np.random.default_rng(trial.seed)
    before = np.full(10, 0.1)
    low, high = 0.0, 1.0
    for _ in range(60):
        tilt = (low + high) / 2
        now = before * (1 + tilt * np.linspace(-1, 1, 10))
        below = effects.jensen_shannon(before, now) < effects.DISTANCE
        low, high = (tilt, high) if below else (low, tilt)
    counted = 0
    for _ in range(AT_LIMIT):
        sides = [
            rng.multinomial(n, shares) / n
            for n, shares in ((NUM_REFERENCE, before), (trial.rows, now))
        ]
        found = effects.jensen_shannon(*sides)
        limit = effects.distance_threshold(10, NUM_REFERENCE, trial.rows, 0.01)
        counted += found > limit
    return {"windows": AT_LIMIT, "counted": counted}


def planted(trial: Trial, folder: Path | None) -> dict[str, Any]:
    """How many windows with a shift pass until it is found, by default settings; 0 for never."""
    population = population_of(trial.population, folder)
    baseline, _ = baseline_of(trial.population, folder, trial.seed)
    rng = np.random.default_rng([trial.seed, trial.rows, 3])
    for number in range(1, MOST_WINDOWS + 1):
        window = _shifted(population, trial, rng)
        rows = read_rows(frame_batches(window), baseline.reference.sketcher())
        report = compare_rows(baseline, rows, alarm_share=1e-9)
        if report.breached:
            alone = any(column.drifted for column in report.columns)
            return {"windows": number, "by": "column" if alone else "together"}
    return {"windows": 0, "by": ""}


def peer(trial: Trial, folder: Path | None) -> dict[str, Any]:
    """The same by Evidently's defaults: until one column drifts, and until half of them do."""
    population = population_of(trial.population, folder)
    _, reference = baseline_of(trial.population, folder, trial.seed)
    rng = np.random.default_rng([trial.seed, trial.rows, 3 if trial.shift else 2])
    found = {"column": 0, "table": 0}
    for number in range(1, (PEER_WINDOWS if trial.shift else 1) + 1):
        drifted = _evidently(_shifted(population, trial, rng), reference)
        for name, is_alarm in (("column", drifted > 0), ("table", drifted >= 0.5)):
            found[name] = found[name] or number * is_alarm
        if all(found.values()):
            break
    return found


def _shifted(population: Population, trial: Trial, rng: np.random.Generator) -> pd.DataFrame:
    window = population.draw(trial.rows, rng)
    if not trial.shift:
        return window
    return SHIFTS[trial.shift][0](population, window, trial.strength)


def _evidently(window: pd.DataFrame, reference: pd.DataFrame) -> float:
    """The share of columns that drifted by Evidently's defaults."""
    from evidently import Dataset, Report
    from evidently.presets import DataDriftPreset

    snapshot = Report([DataDriftPreset()]).run(
        Dataset.from_pandas(window), Dataset.from_pandas(reference)
    )
    return float(snapshot.dict()["metrics"][0]["value"]["share"])


STUDIES: dict[str, Callable[[Trial, Path | None], dict[str, Any]]] = {
    "null": null,
    "beyond": beyond,
    "limit": at_limit,
    "planted": planted,
    "peer": peer,
}


def plan(populations: Iterable[str]) -> list[Trial]:
    """Every trial, the cheap ones first."""
    found = [Trial("limit", "", rows, 0) for rows in SIZES]
    parts = range(TAIL_LOOKS // TAIL_PART)
    found += [Trial("beyond", "", n, s, kind) for n in TAIL_SIZES for kind in TAILS for s in parts]
    for name in populations:
        found += [Trial("null", name, n, s) for n in SIZES for s in range(WINDOWS // PART)]
        cells = [(n, k, v) for n in (1_000, 10_000) for k in SHIFTS for v in SHIFTS[k][1]]
        found += [Trial("planted", name, n, s, k, v) for n, k, v in cells for s in range(STREAMS)]
        found += [Trial("peer", name, 1_000, s) for s in range(PEER_NULLS)]
        found += [
            Trial("peer", name, n, s, k, v)
            for n, k, v in cells
            for s in range(PEER_STREAMS)
            if n == 1_000
        ]
    return found


def run(trials: list[Trial], state: Path, folder: Path | None, minutes: float | None) -> None:
    """Run the trials that have no result yet, each appended as it is done."""
    known = read(state)
    started = time.monotonic()
    state.parent.mkdir(parents=True, exist_ok=True)
    for trial in trials:
        if trial.key() in known:
            continue
        if minutes is not None and time.monotonic() - started > 60 * minutes:
            return
        found = STUDIES[trial.study](trial, folder)
        with state.open("a") as file:
            said = {"key": trial.key(), "trial": asdict(trial), "found": found}
            file.write(json.dumps(said) + "\n")
        print(trial, found, file=sys.stderr, flush=True)


def read(state: Path) -> dict[str, dict[str, Any]]:
    """What was found, by key; a line that a kill cut short is left out."""
    lines = state.read_text().splitlines(keepends=True) if state.exists() else []
    said = [json.loads(line) for line in lines if line.endswith("\n")]
    return {each["key"]: each["found"] for each in said}


def page(trials: list[Trial], known: dict[str, dict[str, Any]]) -> str:
    """The tables of the page, of the trials that have a result."""
    done = [(trial, known[trial.key()]) for trial in trials if trial.key() in known]
    parts = [f"{len(done)} of {len(trials)} trials have a result.\n"]
    for name in dict.fromkeys(trial.population for trial, _ in done if trial.population):
        own = [(t, found) for t, found in done if t.population == name]
        parts += [f"### {name.capitalize()}\n", _nulls(own), _delays(own)]
    limits = [(t, found) for t, found in done if t.study == "limit"]
    rows = [[f"{t.rows:,}", share(f["counted"], f["windows"])] for t, f in limits]
    parts += ["### At the limit\n", table(["rows", "counted, at a chance of 1%"], rows)]
    return "\n".join([*parts, _beyond([(t, f) for t, f in done if t.study == "beyond"])])


Done = list[tuple[Trial, dict[str, Any]]]


def _beyond(done: Done) -> str:
    rows = []
    for kind in TAILS:
        for size in TAIL_SIZES:
            found = [f for t, f in done if (t.shift, t.rows) == (kind, size)]
            total = {key: sum(each[key] for each in found) for key in (found[0] if found else ())}
            if total:
                num = total["windows"]
                told = [f"{total[str(times)] / num:.0%}" for times in FAR]
                rows.append(
                    [
                        kind,
                        f"{size:,}",
                        *(share(total[k], num) for k in ("loose", "default")),
                        *told,
                    ]
                )
    head = ["numbers", "rows", f"at {LOOSE:.0%} a look", f"the default, {ALPHA:.2%} a look"]
    told = [f"told at {times:,} times" for times in FAR]
    return "### Far beyond\n\n" + table([*head, *told], rows)


def _nulls(done: Done) -> str:
    rows = []
    for size in SIZES:
        found = [f for t, f in done if t.study == "null" and t.rows == size]
        total = {key: sum(each[key] for each in found) for key in (found[0] if found else ())}
        if not total:
            continue
        rows.append(
            [
                f"{size:,}",
                share(total["loose"], total["windows"]),
                share(total["trees"], total["together"]),
                share(total["default"], total["windows"]),
            ]
        )
    head = ["rows", f"{LOOSE:.0%} a look", "of these by trees", f"the default, {ALPHA:.2%} a look"]
    peers = [f for t, f in done if t.study == "peer" and not t.shift]
    text = table(head, rows)
    if peers:
        columns, tables = (sum(bool(f[key]) for f in peers) for key in ("column", "table"))
        text += (
            f"\nEvidently's defaults at 1,000 rows: some column {share(columns, len(peers))}; "
            f"half of them {share(tables, len(peers))}.\n"
        )
    return text


def _delays(done: Done) -> str:
    rows = []
    for kind, (_, strengths) in SHIFTS.items():
        for strength in strengths:
            own = [(t, f) for t, f in done if (t.shift, t.strength) == (kind, strength)]
            cells = [kind, f"{strength:g}"]
            for size in (1_000, 10_000):
                found = [f for t, f in own if t.study == "planted" and t.rows == size]
                cells.append(_delay([f["windows"] for f in found], MOST_WINDOWS))
                cells.append(", ".join(sorted({f["by"] for f in found if f["by"]})))
            peers = [f for t, f in own if t.study == "peer"]
            cells += [_delay([f[key] for f in peers], PEER_WINDOWS) for key in ("column", "table")]
            if any(cells[2:]):
                rows.append(cells)
    head = ["shift", "by", "1,000 rows", "by", "10,000 rows", "by"]
    return table([*head, "Evidently, 1,000: a column", "half of them"], rows)


def _delay(windows: list[int], most: int) -> str:
    """The median number of windows until it was found, and how often it was not."""
    if not windows:
        return ""
    missed = sum(number == 0 for number in windows)
    median = sorted(number or most + 1 for number in windows)[len(windows) // 2]
    said = f"over {most}" if median > most else f"{median}"
    return said + (f" ({missed} of {len(windows)} never)" if missed else "")


def main() -> None:
    """Run what is missing, then write the page."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data-dir", type=Path)
    parser.add_argument("--state", type=Path, default=STATE)
    parser.add_argument("--minutes", type=float, help="start no trial after so long")
    parser.add_argument("--study", choices=STUDIES, help="run the trials of this study alone")
    parser.add_argument("--write", type=Path, help="the page, whose end is replaced")
    options = parser.parse_args()
    trials = plan(["people", *(["adult"] if options.data_dir else [])])
    wanted = [trial for trial in trials if options.study in (None, trial.study)]
    run(wanted, options.state, options.data_dir, options.minutes)
    text = page(trials, read(options.state))
    print(text)
    if options.write:
        start = options.write.read_text().partition(MARK)[0]
        options.write.write_text(f"{start}{MARK}\n{text}")


if __name__ == "__main__":
    main()
