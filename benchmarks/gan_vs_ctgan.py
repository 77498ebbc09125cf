"""Our GAN beside the published CTGAN: one machine, one split, one evaluation. See README.md."""

import argparse
import json
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split

from components.config import CtganConfig, EvaluateConfig, Purpose
from components.data.inference import conform, describe, infer_kinds
from components.data.table import Table
from components.evaluation.case import Case, Sampler
from components.evaluation.features import rows_of, task_of
from components.evaluation.learners import fit_learner
from components.evaluation.scores import main_score
from components.evaluation.shape import measure_shape
from components.evaluation.trend import measure_trend
from components.evaluation.two_sample import measure_two_sample
from components.models.contract import log_nothing
from components.models.ctgan import Ctgan

PEER_REQUIREMENTS = ("torch==2.13.0", "ctgan", "pyarrow")
PEER_SCRIPT = Path(__file__).with_name("ctgan_peer.py")
TARGETS = {"breast_cancer": "target", "adult": "income"}
FIGURES = {
    "fit": "fit s",
    "sample": "sample s",
    "two_sample_auc": "two-sample AUC",
    "tstr_boosting": "TSTR boosting",
    "tstr_linear": "TSTR logistic",
    "shape_error": "shape error",
    "trend_error": "trend error",
}


@dataclass(frozen=True)
class Run:
    """What a generator made, and the seconds it took."""

    rows: pd.DataFrame
    fit_seconds: float
    sample_seconds: float


Runner = Callable[[Table, int, argparse.Namespace], Run]


def run_ours(train: Table, seed: int, options: argparse.Namespace) -> Run:
    """Our GAN with its default settings."""
    torch.set_num_threads(options.threads)
    model, began = Ctgan(CtganConfig()), time.monotonic()
    model.fit(train, seed=seed, log=lambda step, metrics: _say(f"step {step}: {metrics}"))
    fitted = time.monotonic()
    rows = model.sample(len(train), seed=seed)
    return Run(rows, fitted - began, time.monotonic() - fitted)


def run_peer(train: Table, seed: int, options: argparse.Namespace) -> Run:
    """CTGAN in its own environment, its columns' kinds told as our schema has them."""
    discrete = [column.name for column in train.schema.columns if column.is_discrete]
    settings = {
        "discrete": discrete,
        "rows": len(train),
        "epochs": options.peer_epochs,
        "seed": seed,
        "threads": options.threads,
    }
    with tempfile.TemporaryDirectory() as name:
        paths = [
            Path(name) / file
            for file in ("train.parquet", "settings.json", "rows.parquet", "seconds.json")
        ]
        train.frame.to_parquet(paths[0])
        paths[1].write_text(json.dumps(settings))
        python = options.peer_env / "bin" / "python"
        subprocess.run([python, PEER_SCRIPT, *paths], check=True)
        rows, seconds = pd.read_parquet(paths[2]), json.loads(paths[3].read_text())
    return Run(_with_types(rows, train), seconds["fit"], seconds["sample"])


def _with_types(rows: pd.DataFrame, train: Table) -> pd.DataFrame:
    """The peer's rows in the schema's types: it gives back discrete values as strings."""
    columns = {}
    for column in train.schema.columns:
        values = rows[column.name]
        if column.is_discrete:
            values = values.map({str(value): value for value in column.categories})
        columns[column.name] = values.astype(train.frame[column.name].dtype)
    return pd.DataFrame(columns)


RUNNERS: dict[str, Runner] = {"ours": run_ours, "CTGAN": run_peer}


def read_tables(options: argparse.Namespace) -> tuple[Table, Table]:
    """Train (two thirds) and test rows, the schema learned from the train rows alone."""
    target = TARGETS[options.data]
    if options.data == "adult":
        frame = pd.read_parquet(options.data_dir / "train.parquet")
    else:
        frame = load_breast_cancer(as_frame=True).frame
    train, test = train_test_split(frame, test_size=1 / 3, random_state=0, stratify=frame[target])
    kinds = infer_kinds(train, target, {})
    train, test = (conform(part.reset_index(drop=True), kinds) for part in (train, test))
    schema = describe(train, kinds, target)
    return Table(train, schema), Table(test, schema)


def judge(train: Table, test: Table, rows: pd.DataFrame) -> dict[str, float]:
    """Fidelity and utility of `rows`, by the evaluators that judge every model here."""
    case = Case(
        train, test, Table(rows, train.schema), EvaluateConfig(purpose=Purpose.SHARING), _no_refit
    )
    findings = [
        measure(case, log_nothing) for measure in (measure_two_sample, measure_shape, measure_trend)
    ]
    figures = {m.name: m.value for found in findings for m in found.measurements}
    return figures | {
        f"tstr_{name}": _score(name, case.synthetic, train, test) for name in ("boosting", "linear")
    }


def _score(learner: str, taught: Table, train: Table, test: Table) -> float:
    """The main score on the test rows of a learner taught on `taught`."""
    task = task_of(train)
    known = rows_of(test, task)
    predict = fit_learner(learner, rows_of(taught, task), task, seed=0)
    return main_score(known.y, predict(known.x), task)[0]


def _no_refit(table: Table, seed: int) -> Sampler:
    raise NotImplementedError("none of these evaluators fits a generator anew")


def make_peer_env(directory: Path) -> None:
    """An environment with CTGAN in `directory`, unless there is one."""
    if not (directory / "bin" / "python").exists():
        venv.create(directory, with_pip=True)
        pip = [directory / "bin" / "python", "-m", "pip", "install", "--quiet"]
        subprocess.run([*pip, *PEER_REQUIREMENTS], check=True)


def markdown(figures: dict[str, list[dict[str, float]]]) -> str:
    """The table: a line a generator, each figure its mean over seeds and, of several, spread."""
    lines = ["| | " + " | ".join(FIGURES.values()) + " |", "|---" * (len(FIGURES) + 1) + "|"]
    for name, seeds in figures.items():
        cells = [_cell([seed[key] for seed in seeds if key in seed]) for key in FIGURES]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _cell(values: list[float]) -> str:
    if not values:
        return ""
    digits = 0 if np.mean(values) > 10 else 4
    spread = f" ± {np.std(values, ddof=1):.{digits}f}" if len(values) > 1 else ""
    return f"{np.mean(values):.{digits}f}{spread}"


def main(options: argparse.Namespace) -> None:
    """Fit, sample and judge each generator on each seed; print the table."""
    if "CTGAN" in options.only:
        make_peer_env(options.peer_env)
    train, test = read_tables(options)
    real = {f"tstr_{name}": _score(name, train, train, test) for name in ("boosting", "linear")}
    figures: dict[str, list[dict[str, float]]] = {"real": [real]}
    for name in options.only:
        figures[name] = []
        for seed in range(options.seeds):
            _say(f"{name}, seed {seed}")
            run = RUNNERS[name](train, seed, options)
            seconds = {"fit": run.fit_seconds, "sample": run.sample_seconds}
            figures[name].append(seconds | judge(train, test, run.rows))
            _say(json.dumps(figures[name][-1]))
    table = f"{options.data}, {len(train)} train rows, {options.threads} threads\n\n"
    table += markdown(figures)
    print(table)
    if options.out:
        options.out.write_text(table)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", choices=TARGETS, required=True)
    parser.add_argument("--data-dir", type=Path, help="folder with Adult's train.parquet")
    parser.add_argument("--peer-env", type=Path, required=True, help="made where missing")
    parser.add_argument("--peer-epochs", type=int, default=300)
    parser.add_argument("--seeds", type=int, default=1, help="number of seeds, from 0")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--only", nargs="+", choices=RUNNERS, default=list(RUNNERS))
    parser.add_argument("--out", type=Path, help="write the table here too")
    return parser.parse_args()


if __name__ == "__main__":
    main(_options())
