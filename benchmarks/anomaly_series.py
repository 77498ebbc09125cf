"""Anomalies in series: a convolutional autoencoder beside an isolation forest, PCA and a z-score.

    python -m benchmarks.anomaly_series --data-dir DIR [--only nab|ecg] [--seeds N] [--every N]
        [--most N] [--state FILE] [--write docs/anomaly_series.md]

DIR holds `nab.parquet`, the Numenta Anomaly Benchmark in one table (series, timestamp, value,
label). What was measured is kept in FILE, a series and its settings a line, so that a killed run
goes on; `--most` measures at most so many more, `--every` one of so many series of NAB by name.
"""

import argparse
import time
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.calibration.trials import ROOT
from benchmarks.calibration.wording import table
from benchmarks.kept import Kept
from components.config import (
    NORMAL,
    EvaluateConfig,
    Purpose,
    SeriesAutoencoderConfig,
    SeriesLayout,
)
from components.data.ecg import SOUND, draw_ecg
from components.data.preparation import prepare_table
from components.data.series import channels_of, read_series
from components.data.series_windows import latest_rows
from components.data.table import Table
from components.errors import UserError
from components.evaluation.anomaly.placements import place_events
from components.evaluation.anomaly.series_alarms import Detection, detect
from components.evaluation.anomaly.series_case import ScoredSteps, SeriesCase
from components.evaluation.anomaly.series_detection import detect_in_series
from components.evaluation.statistics import auc_influence, mean_interval
from components.models.series.autoencoder import SeriesAutoencoder
from components.models.series.block_threshold import PER

STATE = ROOT / ".mintmark" / "benchmarks" / "anomaly_series.jsonl"

PROBATION, MOST_PROBATION = 0.15, 5_000
"""NAB's rule: of a series, or of its first 5,000 rows, the first 15% are to be learned from."""
ECG_SECONDS, ECG_CLEAN = 600, 300
ECG_SHARE = 0.05
"""Of blocks away from an anomaly that may raise an alarm."""
CALIBRATION = 0.3
"""Of the rows to be learned from, the latest, are held out for the threshold."""
FEWEST_BLOCKS = 2
"""Of the rows held out; a single one can state a rate of a half, and no lower one."""

NAB = SeriesAutoencoderConfig(layout=SeriesLayout(time="timestamp"), steps=400)
ECG = SeriesAutoencoderConfig(layout=SeriesLayout(time="time"), steps=800)

YOUR_OWN = """## Your own series

A table with a column of times, one or several of numbers, and one that says which rows are normal;
rows of several series are told apart by a column of names. In `params.yaml`:

    prepare:
      data: pumps.parquet
      target: state
      normal: {values: [ok]}
      split: {method: time, column: when}
    train:
      calibration_share: 0.3
      model:
        name: series_autoencoder
        layout: {time: when, group: pump}
    evaluate:
      purpose: anomaly
      anomaly_gates: [{metric: event_auroc, better_than: moving_z_score}]

Windows end where a row lacks a value, or comes later than ten times the usual interval
(`largest_gap`) after the one before; what could not be scored for that is said in the evidence. A
step's error is told for each channel, so that an event names the channels it is of
(`components/monitoring/series.py`). The generator side is modest: windows drawn from the codes of
normal ones follow one another without a link.
"""

OURS = "autoencoder"
FEWEST = 4
"""Series whose mean has an interval."""
AREAS = {"steps": "AUROC of steps", "events": "AUROC of events"}
ALARMS = {
    "recall": "anomalies found",
    "false_events": f"false alarms in {PER:,} steps",
    "stated": "stated",
    "delay": "delay, steps",
}


def main() -> None:
    """Measure what is asked for, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--only", choices=("nab", "ecg"))
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--most", type=int, default=10_000)
    parser.add_argument("--state", type=Path, default=STATE)
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    found = measure(options)
    text = page(found, options.every)
    print(text)
    if options.write:
        options.write.write_text(text)


def measure(options: argparse.Namespace) -> list[dict[str, Any]]:
    """The figures of each series: those in the file, and what was missing."""
    kept, found, left = Kept(options.state), [], options.most
    for name, config, rows, share in _series(options):
        key = f"{name}|{config.model_dump_json()}"
        if key not in kept:
            if not left:
                continue
            left -= 1
        found.append(kept.entry(key, partial(_measured, name, config, rows, share)))
    return found


Job = tuple[str, SeriesAutoencoderConfig, tuple[Table, Table] | None, float | None]


def _series(options: argparse.Namespace) -> Iterator[Job]:
    """Each series with its settings, what is learned from and tested, and a rate, if one is had."""
    if options.only != "nab":
        for seed in range(options.seeds):
            yield f"ECG/{seed}", ECG, _ecg(seed), ECG_SHARE
    if options.only != "ecg":
        rows = pd.read_parquet(options.data_dir / "nab.parquet")
        with_anomalies = [s for s in rows.groupby("series", sort=True) if s[1]["label"].any()]
        for name, series in with_anomalies[:: options.every]:
            yield str(name), NAB, _nab(series), None


def _ecg(seed: int) -> tuple[Table, Table]:
    frame = draw_ecg(ECG_SECONDS, clean_seconds=ECG_CLEAN, seed=1_000 + seed).frame()
    return _cut(prepare_table(frame.replace({"fault": {SOUND: NORMAL}}), "fault"), len(frame) // 2)


def _nab(series: pd.DataFrame) -> tuple[Table, Table]:
    frame = series[["timestamp", "value"]].assign(
        kind=np.where(series["label"] == 1, "anomaly", NORMAL)
    )
    first = int(PROBATION * min(len(frame), MOST_PROBATION))
    return _cut(prepare_table(frame, "kind"), first)


def _cut(whole: Table, first: int) -> tuple[Table, Table]:
    rows = np.arange(len(whole), dtype=np.int64)
    return whole.take(rows[:first]), whole.take(rows[first:])


def _measured(
    name: str, config: SeriesAutoencoderConfig, rows: tuple[Table, Table], share: float | None
) -> dict[str, Any]:
    """Every figure of each detector; why there are none where the series cannot be judged."""
    started = time.perf_counter()
    try:
        case = _case(config, rows, share)
    except UserError as error:
        return {"series": name, "left_out": str(error)}
    if not len(case.events):
        return {"series": name, "left_out": "no anomaly lies in a stretch of a window or more"}
    return {
        "series": name,
        "events": len(case.events),
        "steps": int(case.judged.sum()),
        "seconds": time.perf_counter() - started,
        "detectors": {
            each: figures(scored, case)
            for each, scored in {OURS: case.model, **case.baselines}.items()
        },
    }


def _case(
    config: SeriesAutoencoderConfig, rows: tuple[Table, Table], share: float | None
) -> SeriesCase:
    """The case; without a share of false alarms the lowest that the rows held out can state."""
    train, test = rows
    model = SeriesAutoencoder(config)
    series = read_series(train.frame, channels_of(train.schema, config.layout), config.layout)
    fitted, held_out = (train.take(part) for part in latest_rows(series, CALIBRATION))
    model.fit(fitted, seed=0)
    stretches = model.series(held_out.frame).stretches
    blocks = int((np.diff(stretches, axis=1) // config.window).sum())
    if blocks < FEWEST_BLOCKS:
        raise UserError(
            f"{len(held_out)} steps held out have {blocks} blocks of {config.window} steps, and no "
            f"threshold can be set by fewer than {FEWEST_BLOCKS}"
        )
    settings = EvaluateConfig(purpose=Purpose.ANOMALY, false_alarms=share or 1 / (1 + blocks))
    return detect_in_series(model, fitted=fitted, held_out=held_out, test=test, config=settings)


def figures(scored: ScoredSteps, case: SeriesCase) -> dict[str, float | None]:
    """What is told of a detector on one series."""
    found = detect(scored, case)
    return {
        "steps": auc_influence(case.is_anomaly[case.judged], scored.oddness[case.judged])[0],
        "events": place_events(scored.oddness, case).area(),
        "recall": float(found.found.mean()),
        "false_events": _rate(found),
        "stated": scored.threshold.rate,
        "delay": float(found.delays[found.found].mean()) if found.found.any() else None,
    }


def _rate(found: Detection) -> float | None:
    """Blocks with an alarm in 1,000 steps; None where no block is away from every anomaly."""
    blocks = found.false_blocks
    return float(blocks.mean()) * PER / found.block if len(blocks) else None


def _values(found: Sequence[Mapping[str, Any]], detector: str, figure: str) -> np.ndarray:
    """A figure of a detector in each series that has one."""
    values = [each["detectors"][detector][figure] for each in found]
    return np.array([value for value in values if value is not None and np.isfinite(value)])


def _interval(values: np.ndarray) -> str:
    """The mean and its two-sided 95% interval over series; the mean alone of few, or of equals."""
    if len(values) < FEWEST or not values.std():
        return f"{values.mean():.3f}" if len(values) else "-"
    found = mean_interval(values, confidence=0.95, sides=2)
    return f"{found.value:.3f} ({found.low:.3f} to {found.high:.3f})"


def _groups(found: Sequence[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    """The measured series by where they come from, and those of NAB together."""
    measured = [each for each in found if "detectors" in each]
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for each in measured:
        origin = each["series"].split("/")[0]
        for name in [origin] if origin == "ECG" else ["NAB", origin]:
            groups.setdefault(name, []).append(each)
    return groups


def area_lines(found: Sequence[Mapping[str, Any]]) -> Iterator[list[str]]:
    """A line for each group and detector: both areas, and how much larger ours are."""
    for group, series in _groups(found).items():
        for detector in series[0]["detectors"]:
            cells = [_interval(_values(series, detector, area)) for area in AREAS]
            for area in AREAS:
                ours, theirs = (_values(series, each, area) for each in (OURS, detector))
                cells.append("" if detector == OURS else _interval(ours - theirs))
            yield [f"{group} ({len(series)})", detector, *cells]


def alarm_lines(found: Sequence[Mapping[str, Any]]) -> Iterator[list[str]]:
    """A line for each group and detector: what its alarms are worth."""
    for group, series in _groups(found).items():
        for detector in series[0]["detectors"]:
            cells = [_interval(_values(series, detector, figure)) for figure in ALARMS]
            yield [group, detector, *cells]


def page(found: Sequence[Mapping[str, Any]], every: int) -> str:
    """The page in Markdown."""
    some = f" Of its series with anomalies, one of {every} by name is measured." * (every > 1)
    out = [each for each in found if "left_out" in each]
    left = "\n".join(f"- `{each['series']}`: {each['left_out']}" for each in out) or "None."
    areas, alarms = list(area_lines(found)), list(alarm_lines(found))
    differences = [f"{title}: ours less this" for title in AREAS.values()]
    return f"""# Anomalies in series

Written by `python -m benchmarks.anomaly_series`; do not edit. Means over series, each with its
two-sided 95% interval over series (Student's, where there are {FEWEST}; in brackets behind a
group: how many). Every detector learns from the same steps of the one series it is judged on, in
the same robust scaling, by windows of {NAB.window} steps: the autoencoder ({ECG.steps} updates for
the ECG and {NAB.steps} for NAB, else by default settings); an isolation forest and principal
components (nine tenths of the variance) of windows; and how many deviations a step is off the
{NAB.window} before it (`moving_z_score`).

- **ECG**: {ECG_SECONDS} procedural seconds a seed, two leads, {ECG_CLEAN} sound ones to be learned
  from; missing and premature beats, inverted T waves, bursts of noise (`components/data/ecg.py`).
- **NAB**: the Numenta Anomaly Benchmark. By its own rule the first 15% of a series (750 steps at
  most) are learned from, and its windows, a tenth of the steps about each anomaly, are the truth: a
  step in a window may well be normal, so that no AUROC of steps comes near 1. Its score, which
  rewards early alarms, is another.{some}

## Who tells anomalies apart

The AUROC of events is the chance that an anomaly's peak is above that of a normal stretch as long;
what says nothing has .5. A positive difference is in favour of the autoencoder, and one whose
interval holds 0 is a tie.

{table(["series", "detector", *AREAS.values(), *differences], areas)}
## What alarms are worth

Thresholds are conformal, from the latest {CALIBRATION:.0%} of the steps that are learned from
(`components/models/series/block_threshold.py`), at a stated rate of false alarms: for the ECG a
twentieth of the blocks of {ECG.window} steps, for NAB the lowest that so few steps can state, which
is high. A false alarm is a block with one, away from every anomaly. Where the rate is far above the
stated one, later steps of the series are not like those that were learned from: it drifts, and no
threshold from its past holds. The delay is until the alarm is known; scores by windows are final
{NAB.window - 1} steps after a step.

{table(["series", "detector", *ALARMS.values()], alarms)}
## Left out

{left}

{YOUR_OWN}"""


if __name__ == "__main__":
    main()
