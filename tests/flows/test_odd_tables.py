"""`mintmark synthesize` on columns as real tables have them: made cells have the same form."""

import re
from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from tests.home import invoke

NUM_ROWS = 240
RNG = np.random.default_rng(3)
SECONDS = RNG.integers(60, 200_000, NUM_ROWS).tolist()
COLUMNS: dict[str, tuple[list[str], str]] = {
    "pandas": ([str(pd.Timedelta(seconds=s)) for s in SECONDS], r"\d days \d\d:\d\d:\d\d"),
    "iso": ([f"PT{s // 3600}H{s // 60 % 60}M" for s in SECONDS], r"PT\d+H\d+M"),
    "trip": ([f"{s // 3600}h {s // 60 % 60}m" for s in SECONDS], r"\d+h \d+m"),
    "night": ([f"{(s % 5 + 22) % 24:02}:{s % 60:02}" for s in SECONDS], r"(2[23]|0[0-2]):[0-5]\d"),
    "cups": ([f"{s % 30} {s % 3 + 1}/4".replace("2/4", "1/2") for s in SECONDS],
             r"\d+( [13]/4| 1/2)?|[13]/4|1/2"),
    "file": ([f"{s % 90 + 1}.{s % 9} {'KM'[s % 2]}B" for s in SECONDS], r"\d+\.\d [KM]B"),
    "lat": ([f"{s % 80}°{s % 60:02}'{'NS'[s % 2]}" for s in SECONDS], r"\d+°[0-5]\d'[NS]"),
    "quarter": ([f"{s % 40 + 1980}Q{s % 4 + 1}" for s in SECONDS], r"\d{4}Q[1-4]"),
    "week": ([f"{s % 9 + 2010}-W{s % 52 + 1:02}" for s in SECONDS], r"\d{4}-W\d\d"),
    "day": ([f"{s % 12 + 1}/{s % 28 + 1}/{s % 20 + 2000}" for s in SECONDS],
            r"[1-9]\d?/[1-9]\d?/\d{4}"),
    "price": ([f"{s % 900}.{s % 10}0" for s in SECONDS], r"\d+\.\d\d"),
    "change": ([f"{s % 90 - 45:+d}" for s in SECONDS], r"\+\d+|-\d+|0"),
    "tiny": ([f"{10 ** (s % 90 / 9 - 8):.2E}" for s in SECONDS], r"\d\.\d\dE[+-]\d\d"),
}  # fmt: skip


def synthesize(real: Path, made: Path) -> str:
    asked = ("synthesize", str(real), "--target", "y", "-o", str(made))
    status, _, told = invoke(*asked, home=made.parent / "home")
    assert status == 0, told
    return " ".join(told.split())


def test_made_cells_have_the_form_of_the_source(tmp_path: Path) -> None:
    rows = pd.DataFrame({name: cells for name, (cells, _) in COLUMNS.items()})
    rows["change"] = rows["change"].replace("+0", "0")
    rows["y"] = RNG.choice(["a", "b"], NUM_ROWS)
    rows.to_csv(tmp_path / "real.csv")
    told = synthesize(tmp_path / "real.csv", tmp_path / "made.csv")
    assert "called 'index'; the first is taken for the rows' index" in told
    made = pd.read_csv(tmp_path / "made.csv", dtype="str")
    assert list(made) == ["index", *rows.columns]
    for name, (_, pattern) in COLUMNS.items():
        wrong = [cell for cell in made[name] if not re.fullmatch(pattern, cell)]
        assert not wrong, (name, wrong[:3])
    low, high = min(rows["price"], key=float), max(rows["price"], key=float)
    assert made["price"].astype(float).between(float(low), float(high)).all()


def test_durations_of_parquet_are_durations_again(tmp_path: Path) -> None:
    lasted = [None if n % 9 == 0 else timedelta(seconds=s) for n, s in enumerate(SECONDS)]
    rows = {
        "lasted": pa.array(lasted, pa.duration("ns")),
        "delay": pa.array([s * 1_000 - 10**8 for s in SECONDS], pa.duration("ms")),
        "y": pa.array(RNG.choice(["a", "b"], NUM_ROWS).tolist()),
    }
    pq.write_table(pa.table(rows), tmp_path / "real.parquet")
    synthesize(tmp_path / "real.parquet", tmp_path / "made.parquet")
    made = pq.read_table(tmp_path / "made.parquet")
    assert made.schema.types[:2] == [pa.duration("ns"), pa.duration("ms")]
    found = [each for each in made["lasted"].to_pylist() if each is not None]
    known = [each for each in lasted if each is not None]
    assert min(known) <= min(found) and max(found) <= max(known) and len(found) < NUM_ROWS
    synthesize(tmp_path / "real.parquet", tmp_path / "made.csv")
    cells = pd.read_csv(tmp_path / "made.csv", dtype="str")["delay"]
    assert cells.str.fullmatch(r"-?\d+ days \+?\d\d:\d\d:\d\d").all()
