"""The stage that reads a source, infers its schema and locks the split."""

import json
import logging
import sys
from pathlib import Path

import pandas as pd

from components.config import Params, PrepareConfig
from components.data.files import read_batches
from components.data.inference import conform, describe, infer_kinds
from components.data.output import write_row_groups
from components.data.preparation import constrained, drop_columns
from components.data.schema import DISCRETE, ColumnKind
from components.data.sources import Source, read_source
from components.data.splits import Rows, hash_frames, split_rows
from components.data.table import Table
from components.errors import UserError
from components.stages.command import main
from components.stages.discovery import discover
from components.stages.image_preparation import prepare_images
from components.stages.paths import StagePaths

logger = logging.getLogger(__name__)

_WRITTEN = 1_048_576
"""Rows written at once, a row group of the file."""


def run(params: Params, paths: StagePaths) -> None:
    """Write the training rows, the test rows, their schema and the hashes that lock the split."""
    config = params.prepare
    if config.images is not None:
        return prepare_images(config, config.images, paths)
    rows, kinds, source_sha256 = _read(config)
    split = split_rows(rows, config, stratify=kinds[config.target] in DISCRETE)
    paths.train.parent.mkdir(parents=True, exist_ok=True)
    described = describe(rows, kinds, config.target, chosen=split.train)
    schema = constrained(described, config.constraints, rows, chosen=split.train)
    if config.discover_constraints:
        train = rows.iloc[split.train].reset_index(drop=True)
        schema = discover(Table(train, schema), config.seed)
    schema.save(paths.schema)
    facts = {
        "source_sha256": source_sha256,
        "num_train": len(split.train),
        "num_test": len(split.test),
        "train_sha256": _write(rows, split.train, paths.train),
        "test_sha256": _write(rows, split.test, paths.test),
    }
    paths.split.write_text(json.dumps(facts, indent=1))
    logger.info(
        "%d rows for training, %d locked for testing, %d columns",
        len(split.train),
        len(split.test),
        len(schema.columns),
    )


def _read(config: PrepareConfig) -> tuple[pd.DataFrame, dict[str, ColumnKind], str]:
    """The source's rows, each column in its kind's type; the kinds; the source's hash."""
    source = read_source(config.data)
    _check_pin(source, config)
    frame = drop_columns(source.frame, config.drop)
    kinds = infer_kinds(frame, config.target, config.kinds)
    return conform(frame, kinds), kinds, source.sha256


def _write(rows: pd.DataFrame, chosen: Rows, path: Path) -> str:
    """Write the rows at these positions, some at a time; their hash."""
    starts = range(0, len(chosen), _WRITTEN)
    parts = (rows.iloc[chosen[start : start + _WRITTEN]] for start in starts)
    write_row_groups((part.reset_index(drop=True) for part in parts), path)
    return hash_frames(read_batches(path, _WRITTEN))


def _check_pin(source: Source, config: PrepareConfig) -> None:
    if config.data_sha256 not in (None, source.sha256):
        raise UserError(
            f"prepare.data_sha256 = {config.data_sha256}, but {config.data} has "
            f"{source.sha256}: the data changed since it was pinned"
        )


if __name__ == "__main__":
    sys.exit(main(run))
