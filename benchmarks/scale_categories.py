"""Memory of a fit on a table with a column of 300,000 categories, each generator a process."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.calibration.trials import ROOT
from benchmarks.calibration.wording import table

ROWS, CATEGORIES = 1_000_000, 300_000
MODELS = {
    "trees": {"name": "trees"},
    "trees, crowd 25": {"name": "trees", "crowd": 25},
    "copula": {"name": "copula"},
    "ctgan": {"name": "ctgan", "steps": 200, "look_every": 100},
}
NOTE = f"""
## A column of {CATEGORIES:,} categories

Adult drawn anew, {ROWS:,} rows, with a column of {CATEGORIES:,} names; the most frequent name has
about 1,300 rows, most have two or three. *Added* is the greatest memory of a fit beyond that of the
process that has its libraries and the table, as a multiple of the table in pandas. ctgan takes 200
steps here: more take time, not memory. It gives the 100 most frequent names a place of their own
and learns the others by their order, so all can be drawn; trees and copula learn every name. The
network (`autoregressive`) refuses more than 5,000 categories, and says what to do.

"""

_FIT = """
import json, sys, time
from pathlib import Path
import pandas as pd
import torch, scipy.linalg, scipy.special, sklearn.ensemble
from components.config import parse_params
from components.data.preparation import prepare_table
from components.data.table import Table
from components.data.schema import Schema
from components.models.catalog import make_model

folder, model = Path(sys.argv[1]), json.loads(sys.argv[2])
torch.optim.Adam([torch.zeros(1, requires_grad=True)], fused=True).step()
table = Table(pd.read_parquet(folder / "rows.parquet"), Schema.load(folder / "schema.json"))
status = Path("/proc/self/status")
def memory(name):
    return next(int(s.split()[1]) / 1024 for s in status.read_text().splitlines() if name in s)
Path("/proc/self/clear_refs").write_text("5")
before, started = memory("VmRSS"), time.monotonic()
raw = {"name": "fit", "prepare": {"data": "x", "target": "income"}, "train": {"model": model},
       "evaluate": {"purpose": "sharing"}}
fitted = make_model(parse_params(raw, "these").train.model)
fitted.fit(table, seed=0)
seconds, peak = time.monotonic() - started, memory("VmHWM")
size = table.frame.memory_usage(deep=True).sum() / 2**20
print(json.dumps([float(size), peak - before, seconds]))
"""
"""The process of one fit: the system tells its greatest memory since the table was there."""


def section(folder: Path, adult: Path) -> str:
    """The page's part on categories; what was measured before is taken from `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "schema.json").is_file():
        _make_table(adult, folder)
    lines = []
    for name, model in MODELS.items():
        size, added, seconds = _fit(name, model, folder)
        cells = [f"{size:,.0f}", f"{added:,.0f}", f"{added / size:.2f}", f"{seconds:.0f}"]
        lines.append([name, *cells])
    columns = ["generator", "the table in pandas, MB", "added, MB", "added, tables", "fit, s"]
    return NOTE + table(columns, lines) + "\n"


def _make_table(adult: Path, folder: Path) -> None:
    from components.data.preparation import prepare_table

    real, rng = pd.read_parquet(adult), np.random.default_rng(0)
    numbers = np.append(
        np.arange(CATEGORIES),
        (CATEGORIES * rng.random(ROWS - CATEGORIES) ** 2).astype(np.int64),
    )
    names = pd.Series(rng.permutation(numbers)).map("place {:06}".format).astype("str")
    rows = real.iloc[rng.integers(len(real), size=ROWS)].reset_index(drop=True)
    made = prepare_table(rows.assign(place=names), "income")
    made.frame.to_parquet(folder / "rows.parquet")
    made.schema.save(folder / "schema.json")


def _fit(name: str, model: dict[str, object], folder: Path) -> list[float]:
    """Megabytes of the table, megabytes that the fit added, seconds."""
    kept = folder / f"{name}.json"
    if not kept.is_file():
        command = [sys.executable, "-c", _FIT, str(folder), json.dumps(model)]
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        done = subprocess.run(
            command, cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE
        )
        kept.write_text(done.stdout.splitlines()[-1].decode())
    found: list[float] = json.loads(kept.read_text())
    return found
