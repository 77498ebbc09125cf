"""Verdicts on tables of your own: our generators, peers' rows, copies and further real rows.

    python -m benchmarks.verdicts --data-dir FOLDER [--peer-env DIR] [--state FILE]
        [--only TABLE,...] [--minutes M] [--pages DIR] [--write docs/verdicts.md]

FOLDER holds the folders adult, default_credit, bank_marketing, magic_gamma and pima_diabetes. DIR
gets an environment of its own with CTGAN, arfpy and SDV, made on the first run; without it peers
are left out. A killed run goes on; changed code runs again. Training rows are capped: see the page.
With --pages, the report of every verdict that is made is written there, to be looked at.
"""

import argparse
import os
import subprocess
import sys
import venv
from collections.abc import Sequence
from pathlib import Path

from benchmarks.calibration import given
from benchmarks.calibration.running import run_trials
from benchmarks.calibration.trials import ROOT, Result, ResultFile
from benchmarks.calibration.wording import table

STATE = ROOT / ".mintmark" / "calibration" / "verdicts.jsonl"
PEER_REQUIREMENTS = ("torch==2.13.0", "sdv", "arfpy", "numpy<2.4", "pyarrow")
COPY_AUC = 0.95


def page(results: Sequence[Result]) -> str:
    """Every verdict with its reasons, and the membership attacks on a copy and on real rows."""
    caps = ", ".join(f"{most} for {purpose}" for purpose, most in given.CAPS.items())
    return (
        "# Verdicts\n\n"
        "Written by `python -m benchmarks.verdicts`; do not edit. Default settings and gates; at "
        f"most so many training rows, and as many test rows: {caps}.\n\n"
        "## Our generators and others'\n\n"
        + table(
            ["table", "generator", "rows", "verdict", "reasons", "sdmetrics says"],
            [_line(result) for result in results if _name(result) not in given.REAL],
        )
        + f"\n## Membership attacks: a copy must reach {COPY_AUC}, further real rows .5\n\n"
        + table(
            ["table", "rows", "membership AUC", "as it must"],
            [_attack(result) for result in results if _name(result) in given.REAL],
        )
    )


def _name(result: Result) -> str:
    return result.trial.generator.partition(", ")[0]


def _line(result: Result) -> list[str]:
    found = result.found
    scores = "; ".join(f"{name} {value:.2f}" for name, value in found["sdmetrics"].items())
    return [
        result.trial.table,
        result.trial.generator,
        str(found["num_train"]),
        found["outcome"],
        "<br>".join(found["reasons"]),
        scores,
    ]


def _attack(result: Result) -> list[str]:
    value, low, high = result.found["membership"]
    is_copy = _name(result) == "copy"
    right = value >= COPY_AUC if is_copy else low <= 0.5 <= high
    shown = f"{value:.3f} ({low:.3f} to {high:.3f})"
    return [result.trial.table, _name(result), shown, "yes" if right else "**no**"]


def make_peer_env(directory: Path) -> None:
    """An environment with the peers in `directory`, unless there is one."""
    if not (directory / "bin" / "python").exists():
        venv.create(directory, with_pip=True)
        pip = [directory / "bin" / "python", "-m", "pip", "install", "--quiet"]
        subprocess.run([*pip, *PEER_REQUIREMENTS], check=True)


def main() -> int:
    """Judge what is missing, then write the page; 1 where verdicts are left."""
    options = _options()
    os.environ[given.DATA_VARIABLE] = str(options.data_dir.resolve())
    if options.peer_env:
        make_peer_env(options.peer_env)
        os.environ[given.PEER_VARIABLE] = str(options.peer_env.resolve())
    if options.pages:
        options.pages.mkdir(parents=True, exist_ok=True)
        os.environ[given.PAGES_VARIABLE] = str(options.pages.resolve())
    file = ResultFile(options.state)
    plan = [
        trial
        for trial in given.trials(with_peers=options.peer_env is not None)
        if trial.table in options.only
    ]
    is_done = run_trials(file.missing(plan), file, minutes=options.minutes, workers=options.workers)
    if options.write:
        options.write.write_text(page(file.of(plan)))
    return 0 if is_done else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--peer-env", type=Path, help="made where missing")
    parser.add_argument("--state", type=Path, default=STATE)
    parser.add_argument("--only", type=lambda text: text.split(","), default=list(given.FILES))
    parser.add_argument("--minutes", type=float)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--pages", type=Path, help="where reports of the verdicts go")
    parser.add_argument("--write", type=Path)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
