"""The page of a replay: what it counts, and what it says of each window."""

from pathlib import Path
from typing import Any

from benchmarks.replay import WEEK, reference_request
from benchmarks.replay_page import happened, page
from tests.procedural import mixed_frame


def entry(
    number: int, loop: float, *acts: tuple[str, str, str], alarms: tuple[str, ...] = ()
) -> Any:
    ways = {"never": 0.5, "loop": loop, "every window": 0.8, "real": 0.8}
    told = [list(act) for act in acts]
    known = {"number": number, "champion": "1", "accuracy": ways, "seconds": 30.0}
    return known | {"alarms": list(alarms), "acts": told}


ENTRIES = [
    entry(1, 0.5, ("retrain", "1", "drift"), ("promote", "2", "fit"), alarms=("drift", "decay")),
    entry(2, 0.7, ("rollback", "1", "worse on live rows")),
    entry(3, 0.6),
    entry(4, 0.8, ("confirm", "2", "as good"), alarms=("drift",)),
]


def test_what_happened_is_named_by_its_lane() -> None:
    assert happened(ENTRIES[0]) == ["drift", "decay", "retrained", "promoted"]
    assert [happened(each) for each in ENTRIES[1:3]] == [["rolled back"], []]


def test_the_page_counts_trainings_and_compares_the_ways(tmp_path: Path) -> None:
    text = page(ENTRIES, tmp_path / "replay.md", by_services=False)
    assert "| the loop | 1 | 0.650 | +0.150 (+0.023 to +0.277) |" in text
    assert "| retrained in every window | 4 | 0.800 |" in text and f"of {WEEK} rows" in text
    assert "2 of 4 windows raised an alarm (drift 2, decay 1); 1 had the model trained" in text
    assert "**rolled back to version 1** (worse on live rows)" in text and "\n| 3 | ver" not in text
    assert (tmp_path / "pictures" / "replay.svg").stat().st_size > 1_000


def test_columns_with_one_value_are_declared(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    mixed_frame(60).to_parquet(path)
    assert "prepare.kinds={currency: constant}" in reference_request(path)["overrides"]
