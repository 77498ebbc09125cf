"""What judging costs: each of our figures beside the one of sdmetrics that it replaces.

    python -m benchmarks.judging --peer-env DIR [--data-dir FOLDER] [--tables fair,breast_cancer]

DIR gets an environment of its own with sdmetrics, made on the first run. FOLDER holds Adult's
`train.parquet` (target `income`), added to the tables where it is given. The synthetic rows are
those of our tree generator. One thread and processor seconds for both, the least of the repeats.
"""

import argparse
import json
import subprocess
import tempfile
import time
import venv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from sklearn.model_selection import train_test_split

from benchmarks.calibration.given import SDTYPES
from benchmarks.calibration.tables import TARGETS, source
from components.config import EvaluateConfig, Purpose, TreesConfig
from components.data.inference import conform, describe, infer_kinds
from components.data.table import Table
from components.evaluation.case import Case, Sampler
from components.evaluation.catalog import EVALUATORS
from components.models.contract import log_nothing
from components.models.trees.trees import Trees
from components.threads import limited_threads

PEER_REQUIREMENTS = ("sdmetrics", "pyarrow")
PEER_SCRIPT = Path(__file__).with_name("judging_peer.py")
REPLACED = {
    "column shapes": "shape",
    "column pair trends": "trend",
    "new row synthesis": "copies",
    "DCR baseline protection": "membership",
    "DCR overfitting protection": "membership",
    "disclosure protection estimate": "attributes",
}
"""Their figure, and our evaluator that replaces it."""
TABLE = "table"


@dataclass(frozen=True)
class Judged:
    """Rows to judge: training, test and synthetic ones."""

    name: str
    train: Table
    test: Table
    synthetic: Table


def read(name: str, folder: Path | None) -> Judged:
    """Two thirds of a table to train on, a third to test on, and the tree generator's rows."""
    if name in TARGETS:
        whole = source(name)
        frame, target, kinds = whole.frame, whole.target, whole.kinds
    else:
        assert folder is not None
        frame, target = pd.read_parquet(folder / "train.parquet"), "income"
        kinds = infer_kinds(frame, target, {})
        frame = conform(frame, kinds)
    train, test = (
        part.reset_index(drop=True)
        for part in train_test_split(frame, test_size=1 / 3, random_state=0)
    )
    schema = describe(train, kinds, target)
    model = Trees(TreesConfig())
    model.fit(Table(train, schema), seed=0)
    synthetic = model.sample(len(train), seed=0)
    return Judged(name, *(Table(rows, schema) for rows in (train, test, synthetic)))


def time_ours(judged: Judged, repeats: int) -> dict[str, float]:
    """Processor seconds of each evaluator, encoding of the rows included."""
    config = EvaluateConfig(purpose=Purpose.SHARING)
    case = Case(judged.train, judged.test, judged.synthetic, config, _refit)
    seconds = {}
    for name in sorted(set(REPLACED.values())):
        found = []
        for _ in range(repeats):
            began = time.process_time()
            with limited_threads(1):
                EVALUATORS[name].run(case, log_nothing)
            found.append(time.process_time() - began)
        seconds[name] = min(found)
    return seconds


def _refit(table: Table, seed: int) -> Sampler:
    model = Trees(TreesConfig())
    model.fit(table, seed=seed)
    return model


def ask_peer(
    judged: Judged, environment: Path, *, repeats: int, copy_rows: int | None
) -> dict[str, dict[str, float]]:
    """Score and processor seconds of each figure of theirs."""
    learned = judged.train.schema.learned
    columns = {column.name: {"sdtype": SDTYPES[column.kind]} for column in learned}
    settings = {
        "metadata": {"tables": {TABLE: {"columns": columns}}},
        "continuous": [column.name for column in learned if not column.is_discrete],
        "sensitive": judged.train.schema.target,
        "repeats": repeats,
        "copy_rows": copy_rows,
    }
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for part in ("train", "test", "synthetic"):
            table: Table = getattr(judged, part)
            _plain(table).to_parquet(folder / f"{part}.parquet")
        (folder / "settings.json").write_text(json.dumps(settings))
        subprocess.run(
            [environment / "bin" / "python", PEER_SCRIPT, folder],
            check=True,
            env={"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PATH": "/usr/bin:/bin"},
        )
        found: dict[str, dict[str, float]] = json.loads((folder / "peer.json").read_text())
    return found


def _plain(table: Table) -> pd.DataFrame:
    """The learned columns in plain types: sdmetrics fails on nullable integers with gaps."""
    frame = table.frame[[column.name for column in table.schema.learned]]
    nullable = [name for name in frame if str(frame[name].dtype) in ("Int64", "boolean")]
    kinds = {name: "float64" if frame[name].dtype == "Int64" else "object" for name in nullable}
    return frame.astype(kinds)


def make_peer_env(directory: Path) -> None:
    """An environment with sdmetrics in `directory`, unless there is one."""
    if not (directory / "bin" / "python").exists():
        venv.create(directory, with_pip=True)
        pip = [directory / "bin" / "python", "-m", "pip", "install", "--quiet"]
        subprocess.run([*pip, *PEER_REQUIREMENTS], check=True)


def markdown(judged: Judged, theirs: dict[str, dict[str, float]], ours: dict[str, float]) -> str:
    """The table: a line for each figure that ours replaces."""
    counts = f"{len(judged.train)} training, {len(judged.test)} test, {len(judged.synthetic)} "
    width = len(judged.train.schema.learned)
    lines = [
        f"{judged.name}, {counts}synthetic rows, {width} columns\n",
        "| theirs | score | s | ours | s | ratio |",
        "|---|---|---|---|---|---|",
    ]
    for name, found in theirs.items():
        start = f"| {name} | {found['score']:.3f} | {found['seconds']:.2f} |"
        if name not in REPLACED:
            lines.append(f"{start} none | | |")
            continue
        seconds = ours[REPLACED[name]]
        ratio = found["seconds"] / seconds
        shown = f"{ratio:.1f}" if ratio >= 1 else f"**{ratio:.2f}**"
        lines.append(f"{start} {REPLACED[name]} | {seconds:.2f} | {shown} |")
    return "\n".join(lines) + "\n"


def main(arguments: Sequence[str] | None = None) -> None:
    """Judge every table both ways and print a table of each."""
    options = _options(arguments)
    make_peer_env(options.peer_env)
    names = options.tables + (["adult"] if options.data_dir else [])
    pages = []
    for name in names:
        judged = read(name, options.data_dir)
        theirs = ask_peer(
            judged, options.peer_env, repeats=options.repeats, copy_rows=options.copy_rows
        )
        pages.append(markdown(judged, theirs, time_ours(judged, options.repeats)))
        print(pages[-1], flush=True)
    if options.out:
        options.out.write_text("\n".join(pages))


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--peer-env", type=Path, required=True, help="made where missing")
    parser.add_argument("--data-dir", type=Path, help="folder with Adult's train.parquet")
    parser.add_argument(
        "--tables", type=lambda text: text.split(","), default=["fair", "breast_cancer"]
    )
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument(
        "--copy-rows", type=int, help="synthetic rows NewRowSynthesis looks up (default all)"
    )
    parser.add_argument("--out", type=Path, help="write the tables here too")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
