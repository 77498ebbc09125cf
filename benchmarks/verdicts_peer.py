"""A peer's rows for one table, and what sdmetrics says of them. Runs in an environment of its own.

Usage: verdicts_peer.py FOLDER with `train.parquet`, `test.parquet` and `settings.json` (`peer`,
`columns` in sdmetrics' form, `discrete`, `rows`, `is_scored`); writes `rows.parquet`,
`seconds.json` (a processor's) and, where they are asked for, `scores.json`.
"""

import json
import resource
import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

TABLE = "table"


def main(folder: Path) -> None:
    """Fit, sample, score."""
    warnings.simplefilter("ignore")
    np.random.seed(0)
    settings = json.loads((folder / "settings.json").read_text())
    train, test = (pd.read_parquet(folder / f"{name}.parquet") for name in ("train", "test"))
    before = processor_seconds()
    rows = PEERS[settings["peer"]](train, settings)
    (folder / "seconds.json").write_text(json.dumps(processor_seconds() - before))
    rows.to_parquet(folder / "rows.parquet")
    if settings["is_scored"]:
        (folder / "scores.json").write_text(json.dumps(scores(train, test, rows, settings)))


def processor_seconds() -> float:
    """What this process and those of its own that have ended took of a processor so far."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in used)


def ctgan(train: pd.DataFrame, settings: dict) -> pd.DataFrame:
    """CTGAN with its default settings."""
    import torch
    from ctgan import CTGAN

    torch.manual_seed(0)
    model = CTGAN()
    model.fit(train, settings["discrete"])
    return model.sample(settings["rows"])


def tvae(train: pd.DataFrame, settings: dict) -> pd.DataFrame:
    """TVAE with its default settings."""
    import torch
    from ctgan import TVAE

    torch.manual_seed(0)
    model = TVAE()
    model.fit(train, settings["discrete"])
    return model.sample(settings["rows"])


def mostlyai(train: pd.DataFrame, settings: dict) -> pd.DataFrame:
    """mostlyai-engine's TabularARGN with its default settings."""
    import tempfile

    from mostlyai import engine

    with tempfile.TemporaryDirectory() as workspace:
        engine.set_random_state(0)
        model = engine.TabularARGN(workspace_dir=workspace, verbose=0)
        model.fit(X=train)
        return model.sample(n_samples=settings["rows"])[list(train.columns)]


def arfpy(train: pd.DataFrame, settings: dict) -> pd.DataFrame:
    """Adversarial random forests with their default settings."""
    from arfpy import arf

    model = arf.arf(x=train.astype(dict.fromkeys(settings["discrete"], "category")), verbose=False)
    model.forde()
    return model.forge(n=settings["rows"])[list(train.columns)]


def sdv_copula(train: pd.DataFrame, settings: dict) -> pd.DataFrame:
    """SDV's Gaussian copula with its default settings."""
    from sdv.metadata import Metadata
    from sdv.single_table import GaussianCopulaSynthesizer

    metadata = Metadata.load_from_dict({"tables": {TABLE: {"columns": settings["columns"]}}})
    model = GaussianCopulaSynthesizer(metadata)
    model.fit({TABLE: train})
    return model.sample(settings["rows"])[TABLE]


PEERS = {
    "CTGAN": ctgan,
    "TVAE": tvae,
    "arfpy": arfpy,
    "SDV copula": sdv_copula,
    "mostlyai-engine": mostlyai,
}


def scores(train: pd.DataFrame, test: pd.DataFrame, rows: pd.DataFrame, settings: dict) -> dict:
    """The quality and the diagnostic report, and the two scores of distances."""
    from sdmetrics.reports.single_table import DiagnosticReport, QualityReport
    from sdmetrics.single_table.privacy import DCRBaselineProtection, DCROverfittingProtection

    one = {"columns": settings["columns"]}
    metadata = {"tables": {TABLE: one}}
    quality = QualityReport()._properties
    found = {name.lower(): quality[name].get_score(train, rows, one, None) for name in quality}
    validity = DiagnosticReport()._properties["Data Validity"]
    found["data validity"] = validity.get_score(train, rows, one, None)
    found["DCR baseline"] = DCRBaselineProtection.compute(train, rows, metadata, TABLE)
    found["DCR overfitting"] = DCROverfittingProtection.compute(train, rows, test, metadata, TABLE)
    return {name: float(value) for name, value in found.items()}


if __name__ == "__main__":
    main(Path(sys.argv[1]))
