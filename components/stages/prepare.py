"""The stage that reads a source, infers its schema and locks the split."""

import json
import logging
import sys

from components.config import Params, PrepareConfig
from components.data.inference import conform, describe, infer_kinds
from components.data.preparation import drop_columns
from components.data.schema import DISCRETE
from components.data.sources import Source, read_source
from components.data.splits import hash_rows, split_rows
from components.errors import UserError
from components.stages.command import main
from components.stages.paths import StagePaths

logger = logging.getLogger(__name__)


def run(params: Params, paths: StagePaths) -> None:
    """Write the training rows, the test rows, their schema and the hashes that lock the split."""
    config = params.prepare
    source = read_source(config.data)
    _check_pin(source, config)
    frame = drop_columns(source.frame, config.drop)
    kinds = infer_kinds(frame, config.target, config.kinds)
    rows = conform(frame, kinds)
    split = split_rows(rows, config, stratify=kinds[config.target] in DISCRETE)
    train, test = (rows.iloc[side].reset_index(drop=True) for side in (split.train, split.test))
    schema = describe(train, kinds, config.target)
    paths.train.parent.mkdir(parents=True, exist_ok=True)
    train.to_parquet(paths.train, index=False)
    test.to_parquet(paths.test, index=False)
    schema.save(paths.schema)
    facts = {
        "source_sha256": source.sha256,
        "num_train": len(train),
        "num_test": len(test),
        "train_sha256": hash_rows(train),
        "test_sha256": hash_rows(test),
    }
    paths.split.write_text(json.dumps(facts, indent=1))
    logger.info(
        "%d rows for training, %d locked for testing, %d columns",
        len(train),
        len(test),
        len(schema.columns),
    )


def _check_pin(source: Source, config: PrepareConfig) -> None:
    if config.data_sha256 not in (None, source.sha256):
        raise UserError(
            f"prepare.data_sha256 = {config.data_sha256}, but {config.data} has "
            f"{source.sha256}: the data changed since it was pinned"
        )


if __name__ == "__main__":
    sys.exit(main(run))
