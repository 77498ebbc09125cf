"""Tests of the tests: are useless generators refused, true gains found, memorisers caught?

    python -m benchmarks.gate_calibration [--state FILE] [--only STUDY,...] [--trials SHARE]
        [--minutes M] [--workers N] [--write docs/evidence.md]

Every trial's result is one line of FILE, under a key of the trial and of the evaluation's code: a
killed run goes on, and changed code runs again. `--trials .1` runs the first tenth of each study.
`--minutes` starts no trial after so long. The page is written from the results alone. The
study "ranks" comes first: its self-tests are written to `components/evaluation/selftest.json`,
which the gates of the others ask.
"""

import argparse
import sys
import time
from importlib import import_module
from pathlib import Path

from benchmarks.calibration.page import write_page
from benchmarks.calibration.ranks import self_tests
from benchmarks.calibration.running import MAX_WORKERS, run_trials
from benchmarks.calibration.sections import SECTIONS
from benchmarks.calibration.trials import ROOT, ResultFile, Trial
from components.evaluation.selftest import RECORDS, write_self_tests

STATE = ROOT / ".mintmark" / "calibration" / "results.jsonl"


def planned(study: str, share: float) -> list[Trial]:
    """The trials of a study, or its first ones where `share` is less than 1."""
    found: list[Trial] = import_module(f"benchmarks.calibration.{study}").trials(share)
    return found


def main() -> int:
    """Run what is missing, then write the page; 1 where trials are left."""
    options = _options()
    file = ResultFile(options.state)
    plan = {study: planned(study, options.trials) for study in SECTIONS}
    started = time.monotonic()
    first = [study for study in ("ranks",) if study in options.only]
    is_done = True
    for studies in (first, [study for study in options.only if study not in first]):
        todo = [trial for study in studies for trial in file.missing(plan[study])]
        print(f"{len(todo)} trials to run of {', '.join(studies)}", file=sys.stderr)
        left = options.minutes and options.minutes - (time.monotonic() - started) / 60
        is_done &= run_trials(todo, file, minutes=left, workers=options.workers)
        if not file.missing(plan["ranks"]):
            write_self_tests(self_tests(file.of(plan["ranks"])), RECORDS)
    results = {study: file.of(trials) for study, trials in plan.items()}
    if options.write:
        write_page(options.write, results, sum(map(len, plan.values())))
        print(f"wrote {options.write}", file=sys.stderr)
    return 0 if is_done else 1


def _studies(text: str) -> list[str]:
    chosen = text.split(",")
    unknown = [study for study in chosen if study not in SECTIONS]
    if unknown:
        raise argparse.ArgumentTypeError(f"no study {unknown[0]!r}; known: {', '.join(SECTIONS)}")
    return chosen


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--state", type=Path, default=STATE, help="where results are kept")
    parser.add_argument("--only", type=_studies, default=list(SECTIONS), help="studies, by comma")
    parser.add_argument("--trials", type=float, default=1.0, help="the share of trials to run")
    parser.add_argument("--minutes", type=float, help="start no trial after so long")
    parser.add_argument("--workers", type=int, default=MAX_WORKERS, help="processes, at most two")
    parser.add_argument("--write", type=Path, help="the page to write")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
