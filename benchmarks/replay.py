"""A stream of labelled rows replayed through the closed loop: `python -m benchmarks.replay`.

    python -m benchmarks.replay --data-dir DIR [--windows N] [--services] [--state FOLDER]
        [--minutes M] [--write docs/replay.md]

DIR holds Elec2 as `elec.parquet`: half-hours of the electricity market of New South Wales in their
order, the last column saying whether the price rose. The first four weeks are the reference; every
later week is a window of 336 rows. First the learners predict it, then it arrives: `monitor` looks
at it, and an alarm has the model trained again. The flows run in this process beside a Prefect
server, an alarm being answered as the automation would; with `--services` everything is started
by events, on the services of `mintmark up`. A replay that was stopped goes on with the next window;
with `--minutes` it stops by itself after the window in which they are over.
"""

import argparse
import os
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from benchmarks.kept import Kept

ROOT = Path(__file__).parents[1]
STATE = ROOT / ".mintmark" / "replay"
MODEL = "elec2"
COOL_DOWN = 4
"""Windows after a retraining in which an alarm starts none; by events it is that of the clock."""
WEEK = 336
REFERENCE_WEEKS = 4
NEWEST_ROWS = 12 * WEEK
"""What a model is trained again on, in the loop and in every window alike."""
GATE = 'evaluate.sharing_gates=[{"metric": "tstr_loss", "better_than": 0.1}]'


def main() -> None:
    """Replay what is missing, then write the page."""
    options = _options()
    state = options.state / ("services" if options.services else "in-process")
    rows = pd.read_parquet(options.data_dir / "elec.parquet")
    windows = _write_windows(rows, state / "windows", options.windows)
    _set_up(state)
    kept = Kept(state / "replay.jsonl")
    from benchmarks.replay_loop import replay
    from benchmarks.replay_page import page

    entries = replay(kept, windows, by_services=options.services, minutes=options.minutes)
    if options.write:
        options.write.write_text(page(entries, options.write, by_services=options.services))


def reference_request(source: Path) -> dict[str, Any]:
    """What the first version is asked for: trees, judged for sharing by what is lost alone.

    Columns with one value in the reference are declared; they begin to vary a year later.
    """
    rows = pd.read_parquet(source)
    constant = [name for name in rows if rows[name].nunique() == 1]
    kinds = ", ".join(f"{name}: constant" for name in constant)
    return {
        "data": str(source),
        "target": str(rows.columns[-1]),
        "purpose": "sharing",
        "name": MODEL,
        "overrides": (GATE, f"prepare.kinds={{{kinds}}}", "train.model={name: trees}"),
    }


def _write_windows(rows: pd.DataFrame, folder: Path, most: int | None) -> list[Path]:
    """The reference, then a file for each week; only whole weeks."""
    folder.mkdir(parents=True, exist_ok=True)
    starts = [0, *range(REFERENCE_WEEKS * WEEK, len(rows) - WEEK + 1, WEEK)]
    paths = []
    for number, start in enumerate(starts[: None if most is None else most + 1]):
        stop = start + (WEEK if number else REFERENCE_WEEKS * WEEK)
        paths.append(folder / f"{number:04}.parquet")
        if not paths[-1].is_file():
            rows.iloc[start:stop].to_parquet(paths[-1], index=False)
    return paths


def _set_up(state: Path) -> None:
    """A home folder of the replay's own; a week passes in seconds, so no cool-down in minutes."""
    from flows.services.settings import DEPLOYMENTS_VARIABLE

    settings = yaml.safe_load((ROOT / "infra" / "deployments.yaml").read_text())
    settings |= {"cool_down_minutes": 0.001, "retrain_cron": "", "monitor_minutes": 0}
    settings["loop"] |= {"max_retrains": 1_000, "retrain_rows": NEWEST_ROWS}
    path = state / "deployments.yaml"
    path.write_text(yaml.safe_dump(settings))
    os.environ[DEPLOYMENTS_VARIABLE] = str(path)
    os.environ["MINTMARK_HOME"] = str(state / "home")
    from flows.project import set_up_environment

    set_up_environment()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--windows", type=int, help="else all there are")
    parser.add_argument("--minutes", type=float, default=float("inf"))
    parser.add_argument("--services", action="store_true", help="by events, as in operation")
    parser.add_argument("--state", type=Path, default=STATE)
    parser.add_argument("--write", type=Path)
    return parser.parse_args()


if __name__ == "__main__":
    main()
