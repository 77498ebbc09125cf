"""Tables from a folder of the user's: what is judged for `docs/verdicts.md`."""

import hashlib
import json
import os
import platform
import subprocess
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.calibration.tables import Parts
from benchmarks.calibration.trials import ROOT, Trial
from components.config import SHARING_CROWD, ColumnKind, EvaluateConfig, Purpose, TreesConfig
from components.data.inference import conform, describe, infer_kinds
from components.data.schema import DISCRETE
from components.data.table import Table
from components.evaluation.case import MakeAndFit
from components.evaluation.evaluate import evaluate
from components.evaluation.evidence import Evidence
from components.models.catalog import default_config, make_model
from components.models.contract import TabularModel
from components.reporting.lineage import Lineage
from components.reporting.report import render
from components.storage.code import git_revision

DATA_VARIABLE, PEER_VARIABLE = "MINTMARK_BENCH_DATA", "MINTMARK_BENCH_PEERS"
PAGES_VARIABLE = "MINTMARK_BENCH_PAGES"
FILES = {
    "adult": ("adult/train.parquet", "income"),
    "default_credit": ("default_credit/default_credit.parquet", "default.payment.next.month"),
    "bank_marketing": ("bank_marketing/bank.parquet", "deposit"),
    "magic_gamma": ("magic_gamma/magic.parquet", "Class"),
    "pima_diabetes": ("pima_diabetes/pima.csv", "diabetes"),
}
TABLES = FILES | {"letter": ("uci_multiclass/letter.parquet", "class")}
"""Every table that can be read; the verdicts are on `FILES`."""
_SIDES = ("train", "test")
OURS, PEERS, REAL = (
    ("trees", "copula", "ctgan", "autoregressive"),
    ("CTGAN", "arfpy", "SDV copula"),
    ("copy", "fresh"),
)
CAPS = {"sharing": 3_000, "augmentation": 1_000}
"""The most training rows for each purpose; as many test and, of real ones, further rows."""
PEER_SCRIPT = Path(__file__).parents[1] / "verdicts_peer.py"
SDTYPES = {
    ColumnKind.NUMERICAL: "numerical",
    ColumnKind.INTEGER: "numerical",
    ColumnKind.CATEGORICAL: "categorical",
    ColumnKind.BOOLEAN: "boolean",
    ColumnKind.DATETIME: "datetime",
}


def trials(with_peers: bool) -> list[Trial]:
    """Our generators for both purposes; peers, a copy and further real rows for sharing."""
    makers = [(name, purpose) for purpose in CAPS for name in OURS]
    makers += [(name, "sharing") for name in (*REAL, *(PEERS if with_peers else ()))]
    return [
        Trial("given", table, f"{name}, {purpose}", 0, CAPS[purpose])
        for name, purpose in makers
        for table in FILES
    ]


def run(trial: Trial) -> dict[str, Any]:
    """The verdict with its reasons, and what sdmetrics says of a peer's rows."""
    name, _, purpose = trial.generator.partition(", ")
    parts = read(trial.table, Path(os.environ[DATA_VARIABLE]), trial.rows)
    scores: dict[str, float] = {}
    make_and_fit: MakeAndFit | None = None
    if name in OURS:
        make_and_fit = _maker(name, Purpose(purpose))
        rows = make_and_fit(parts.train, trial.seed).sample(len(parts.train), seed=trial.seed)
    elif name in PEERS:
        asked = ask_peer(name, parts, Path(os.environ[PEER_VARIABLE]))
        rows, scores = asked.rows, asked.scores
    else:
        rows = parts.train.frame if name == "copy" else parts.more.frame
    evidence = evaluate(
        parts.train,
        parts.test,
        rows,
        make_and_fit=make_and_fit,  # type: ignore[arg-type]
        config=EvaluateConfig(purpose=Purpose(purpose)),
        workers=1,
    )
    if PAGES_VARIABLE in os.environ:
        page = Path(os.environ[PAGES_VARIABLE]) / f"{trial.table}, {trial.generator}.html"
        page.write_text(render(evidence, _lineage(trial, parts, evidence)))
        evidence.save(page.with_suffix(".json"))
    return _said(evidence) | {"sdmetrics": scores}


def _lineage(trial: Trial, parts: Parts, evidence: Evidence) -> Lineage:
    """What the trial's report says of its origin: there is no run and no version behind it."""
    path, _ = TABLES[trial.table]
    data = Path(os.environ[DATA_VARIABLE]) / path
    revision = git_revision(ROOT)
    return Lineage(
        name=f"{trial.table}, {trial.generator}",
        version=None,
        generator=trial.generator,
        settings={},
        data_uri=path,
        data_sha256=hashlib.sha256(data.read_bytes()).hexdigest(),
        num_train=len(parts.train),
        num_test=len(parts.test),
        num_synthetic=evidence.num_synthetic,
        seed=trial.seed,
        git_commit=revision.removesuffix("+changes"),
        git_dirty=revision.endswith("+changes"),
        content_keys={},
        params_sha256="",
        libraries={"python": platform.python_version()},
        flow_run_id=None,
        when=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def _said(evidence: Evidence) -> dict[str, Any]:
    verdict = evidence.verdict
    membership = evidence.measurement("membership_auc")
    return {
        "outcome": str(verdict.outcome),
        "summary": verdict.summary,
        "reasons": [gate.reason for gate in verdict.gates],
        "membership": [membership.value, membership.low, membership.high],
        "num_train": evidence.num_train,
        "num_test": evidence.num_test,
    }


def _maker(name: str, purpose: Purpose) -> MakeAndFit:
    """A generator with the settings it has unless told otherwise; trees in crowds to be shared."""
    is_private = name == "trees" and purpose is Purpose.SHARING
    config = TreesConfig(crowd=SHARING_CROWD) if is_private else default_config(name)

    def make_and_fit(table: Table, seed: int) -> TabularModel:
        model = make_model(config)
        model.fit(table, seed=seed)
        return model

    return make_and_fit


def read(name: str, folder: Path, most: int) -> Parts:
    """Random training, test and further rows, at most `most` of each and a third of the table."""
    path, target = TABLES[name]
    reader = pd.read_csv if path.endswith("csv") else pd.read_parquet
    return parts_of(reader(folder / path), target, most)


def read_adult(folder: Path) -> Parts:
    """All rows of Adult, on the sides that it is published with; no further ones."""
    _, target = TABLES["adult"]
    train, test = (pd.read_parquet(folder / "adult" / f"{side}.parquet") for side in _SIDES)
    kinds = infer_kinds(train, target, {})
    train, test = conform(train, kinds), conform(test, kinds)
    schema = describe(train, kinds, target)
    return Parts(Table(train, schema), Table(test, schema), Table(test.head(0), schema))


def parts_of(frame: pd.DataFrame, target: str, most: int) -> Parts:
    """The same of a table in memory."""
    kinds = infer_kinds(frame, target, {})
    frame = conform(frame, kinds)
    assert kinds[target] in DISCRETE
    order = np.random.default_rng(0).permutation(len(frame))
    count = min(most, len(frame) // 3)
    ends = [0, count, 2 * count, 3 * count]
    frames = [frame.iloc[order[a:b]].reset_index(drop=True) for a, b in pairwise(ends)]
    schema = describe(frames[0], kinds, target)
    first, second, third = (Table(part, schema) for part in frames)
    return Parts(first, second, third)


@dataclass(frozen=True)
class PeerRows:
    """A peer's rows in the schema's types, the seconds it took, and sdmetrics' scores of them."""

    rows: pd.DataFrame
    seconds: float
    scores: dict[str, float]


def ask_peer(name: str, parts: Parts, environment: Path, *, is_scored: bool = True) -> PeerRows:
    """What a peer makes of the training rows, in an environment of its own."""
    learned = parts.train.schema.learned
    settings = {
        "peer": name,
        "columns": {column.name: {"sdtype": SDTYPES[column.kind]} for column in learned},
        "discrete": [column.name for column in learned if column.is_discrete],
        "rows": len(parts.train),
        "is_scored": is_scored,
    }
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        _plain(parts.train).to_parquet(folder / "train.parquet")
        _plain(parts.test).to_parquet(folder / "test.parquet")
        (folder / "settings.json").write_text(json.dumps(settings))
        subprocess.run([environment / "bin" / "python", PEER_SCRIPT, folder], check=True)
        rows = pd.read_parquet(folder / "rows.parquet")
        seconds: float = json.loads((folder / "seconds.json").read_text())
        written = (folder / "scores.json").read_text() if is_scored else "{}"
    return PeerRows(_typed(rows, parts.train), seconds, json.loads(written))


def _plain(table: Table) -> pd.DataFrame:
    """Learned columns: discrete ones as strings, integers that may be missing as floats."""
    columns = {}
    for column in table.schema.learned:
        values = table.frame[column.name]
        if column.is_discrete:
            values = values.astype(object).where(values.notna(), "(missing)").astype(str)
        columns[column.name] = values.astype("float64") if values.dtype == "Int64" else values
    return pd.DataFrame(columns)


def _typed(rows: pd.DataFrame, train: Table) -> pd.DataFrame:
    """The peer's rows in the schema's types, integers rounded; a strange category is missing."""
    columns = {}
    for column in train.schema.learned:
        values = rows[column.name]
        if column.is_discrete:
            values = values.astype(object).map({str(v): v for v in column.categories})
        elif column.kind is ColumnKind.INTEGER:
            values = values.round()
        columns[column.name] = values.astype(train.frame[column.name].dtype)
    return pd.DataFrame(columns)
