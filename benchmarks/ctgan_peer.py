"""The published CTGAN on one table. Runs in an environment of its own, with nothing of ours.

Usage: ctgan_peer.py TRAIN.parquet SETTINGS.json OUT.parquet SECONDS.json, where SETTINGS holds
`discrete` (names of discrete columns), `rows`, `epochs`, `seed` and `threads`.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from ctgan import CTGAN

MISSING = "(missing)"


def main(train_path: str, settings_path: str, out_path: str, seconds_path: str) -> None:
    """Fit with its default settings but for the epochs, sample, write rows and seconds."""
    settings = json.loads(Path(settings_path).read_text())
    torch.set_num_threads(settings["threads"])
    torch.manual_seed(settings["seed"])
    np.random.seed(settings["seed"])
    train = pd.read_parquet(train_path)
    for name in settings["discrete"]:
        train[name] = train[name].astype(object).where(train[name].notna(), MISSING).astype(str)
    began = time.monotonic()
    model = CTGAN(epochs=settings["epochs"])
    model.fit(train, settings["discrete"])
    fitted = time.monotonic()
    rows = model.sample(settings["rows"])
    sampled = time.monotonic()
    for name in settings["discrete"]:
        rows[name] = rows[name].where(rows[name] != MISSING, None)
    rows.to_parquet(out_path)
    seconds = {"fit": fitted - began, "sample": sampled - fitted}
    Path(seconds_path).write_text(json.dumps(seconds))


if __name__ == "__main__":
    main(*sys.argv[1:])
