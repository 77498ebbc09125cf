"""`docs/evidence.md`, written from results alone."""

import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from benchmarks.calibration.sections import SECTIONS
from benchmarks.calibration.trials import Result

LIBRARIES = ("numpy", "scipy", "scikit-learn", "imbalanced-learn", "pandas")
HEAD = """# Are the verdicts to be trusted?

Written by `make evidence` (`python -m benchmarks.gate_calibration`) from its trials alone; do not \
edit. Shares stand with their exact (Clopper-Pearson) two-sided 95% interval.
"""


def write_page(path: Path, results: Mapping[str, Sequence[Result]], planned: int) -> None:
    """Write the page of every study's results; `planned` is how many trials there are to be."""
    done = [result for found in results.values() for result in found]
    parts = [HEAD, _facts(done, planned)]
    for study, found in results.items():
        title, section = SECTIONS[study]
        parts.append(f"## {title}\n\n{section(found) if found else 'Not run yet.'}")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(part.rstrip() + "\n" for part in parts))


def _facts(results: Sequence[Result], planned: int) -> str:
    minutes = sum(result.seconds for result in results) / 60
    versions = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    run = "all" if len(results) == planned else f"{len(results)} of {planned}"
    return (
        f"{datetime.now(UTC):%Y-%m-%d}; {run} trials run, {minutes:.0f} minutes of one core; "
        f"Python {platform.python_version()}, {versions}."
    )
