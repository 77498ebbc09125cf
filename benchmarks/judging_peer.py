"""What sdmetrics says of one synthetic table, and how long each figure takes it.

Runs in an environment of its own, with nothing of ours. Usage: judging_peer.py FOLDER, which holds
`train.parquet`, `test.parquet`, `synthetic.parquet` and `settings.json` with `metadata` (sdmetrics'
own form), `continuous` (names of numbers and dates), `sensitive` (a column), `repeats` and
`copy_rows` (how many synthetic rows NewRowSynthesis looks up). Writes `peer.json` there: for each
figure its score and its processor seconds, the least of the repeats.
"""

import json
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from sdmetrics.reports.single_table import DiagnosticReport, QualityReport
from sdmetrics.single_table import NewRowSynthesis
from sdmetrics.single_table.privacy import (
    DCRBaselineProtection,
    DCROverfittingProtection,
    DisclosureProtectionEstimate,
)

TABLE = "table"


def main(folder: Path) -> None:
    """Compute and time every figure."""
    warnings.simplefilter("ignore")
    settings = json.loads((folder / "settings.json").read_text())
    train, test, synthetic = (
        pd.read_parquet(folder / f"{name}.parquet") for name in ("train", "test", "synthetic")
    )
    figures = {}
    for name, compute in calls(train, test, synthetic, settings).items():
        seconds, score = [], None
        for _ in range(settings["repeats"]):
            np.random.seed(0)
            began = time.process_time()
            score = compute()
            seconds.append(time.process_time() - began)
        figures[name] = {"score": float(score), "seconds": min(seconds)}
        print(name, figures[name], file=sys.stderr, flush=True)
        (folder / "peer.json").write_text(json.dumps(figures))


def calls(
    train: pd.DataFrame, test: pd.DataFrame, synthetic: pd.DataFrame, settings: dict
) -> dict[str, Callable[[], float]]:
    """Each figure as a call."""
    metadata = settings["metadata"]
    one = metadata["tables"][TABLE]
    shapes, trends = (
        QualityReport()._properties[name] for name in ("Column Shapes", "Column Pair Trends")
    )
    validity = DiagnosticReport()._properties["Data Validity"]
    sensitive = settings["sensitive"]
    known = [name for name in one["columns"] if name != sensitive]
    told = {
        "known_column_names": known,
        "sensitive_column_names": [sensitive],
        "continuous_column_names": settings["continuous"],
    }
    return {
        "column shapes": lambda: shapes.get_score(train, synthetic, one, None),
        "column pair trends": lambda: trends.get_score(train, synthetic, one, None),
        "data validity": lambda: validity.get_score(train, synthetic, one, None),
        "new row synthesis": lambda: NewRowSynthesis.compute(
            train, synthetic, metadata, TABLE, synthetic_sample_size=settings["copy_rows"]
        ),
        "DCR baseline protection": lambda: DCRBaselineProtection.compute(
            train, synthetic, metadata, TABLE
        ),
        "DCR overfitting protection": lambda: DCROverfittingProtection.compute(
            train, synthetic, test, metadata, TABLE
        ),
        "disclosure protection estimate": lambda: DisclosureProtectionEstimate.compute(
            train, synthetic, verbose=False, **told
        ),
    }


if __name__ == "__main__":
    main(Path(sys.argv[1]))
