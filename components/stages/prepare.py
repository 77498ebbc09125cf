"""The stage that reads a source, infers its schema and locks the split."""

import json
import logging
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from components.config import NORMAL, MarkedSplit, Params, PrepareConfig
from components.data.batches import BATCH
from components.data.conformed import ConformedRows
from components.data.description import Description
from components.data.files import read_batches
from components.data.inference import described_by
from components.data.output import EvenRowGroups
from components.data.preparation import constrained
from components.data.sources import open_batches
from components.data.splits import Rows, SplitRows, check_key, hash_frames
from components.data.table import Table
from components.errors import UserError
from components.stages.command import main
from components.stages.discovery import discover
from components.stages.image_preparation import prepare_images
from components.stages.paths import StagePaths

logger = logging.getLogger(__name__)


def run(params: Params, paths: StagePaths) -> None:
    """Write the training rows, the test rows, their schema and the hashes that lock the split.

    The source is read a batch at a time: once to tell its columns, then to write the two sides.
    Of all rows, only what the split needs is held, and the distinct values of categories.
    """
    config = params.prepare
    if config.images is not None:
        return prepare_images(config, config.images, paths)
    paths.train.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=paths.train.parent) as scratch:
        _prepare(config, paths, Path(scratch))


def _prepare(config: PrepareConfig, paths: StagePaths, scratch: Path) -> None:
    train, test = scratch / paths.train.name, scratch / paths.test.name
    with open_batches(config.data, scratch, BATCH) as (batches, source_sha256):
        _check_pin(source_sha256, config)
        if isinstance(config.split, MarkedSplit):
            check_key(config.split.column, batches.names)
        learned = batches.without(config.not_learned)
        rows = ConformedRows.infer(learned, config.target, config.kinds)
        if config.normal is not None:
            rows = rows.telling_normal(config.target, config.normal.values)
        split = rows.split(config, batches)
        described = _write(rows, split, train, test).schema(config.target)
        schema = constrained(
            described,
            config.constraints,
            rows.read,
            lambda names: read_batches(train, BATCH, names),
        )
    if config.discover_constraints:
        schema = discover(Table(pd.read_parquet(train), schema), config.seed)
    facts = {
        "source_sha256": source_sha256,
        "num_train": len(split.train),
        "num_test": len(split.test),
        "train_sha256": hash_frames(read_batches(train, BATCH)),
        "test_sha256": hash_frames(read_batches(test, BATCH)),
    }
    schema.save(paths.schema)
    train.replace(paths.train)
    test.replace(paths.test)
    paths.split.write_text(json.dumps(facts, indent=1))
    logger.info(
        "%d rows for training, %d locked for testing, %d columns: %s",
        len(split.train),
        len(split.test),
        len(schema.columns),
        schema.told(),
    )


def _write(rows: ConformedRows, split: SplitRows, train: Path, test: Path) -> Description:
    """Write the rows of each side; what the training rows are."""
    description, first = described_by(rows.kinds, rows.forms), 0
    with EvenRowGroups(train) as train_side, EvenRowGroups(test) as test_side:
        for batch in rows.read():
            chosen = batch.iloc[_within(split.train, first, len(batch))]
            if rows.normal:  # also those that only pass for it
                chosen = chosen.assign(**dict.fromkeys(rows.normal, NORMAL))
            description.add(chosen)
            train_side.add(chosen)
            test_side.add(batch.iloc[_within(split.test, first, len(batch))])
            first += len(batch)
    if first != rows.num_rows:
        raise UserError(f"the source changed while it was read: {rows.num_rows} rows, then {first}")
    return description


def _within(chosen: Rows, first: int, num_rows: int) -> Rows:
    """The positions, in a batch of so many rows from the first on, of the rows that are chosen."""
    start, stop = np.searchsorted(chosen, [first, first + num_rows])
    return chosen[start:stop] - first


def _check_pin(sha256: str, config: PrepareConfig) -> None:
    if config.data_sha256 not in (None, sha256):
        raise UserError(
            f"prepare.data_sha256 = {config.data_sha256}, but {config.data} has "
            f"{sha256}: the data changed since it was pinned"
        )


if __name__ == "__main__":
    sys.exit(main(run))
