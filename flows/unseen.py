"""The held-out rows that a champion was not trained on either: those it can be compared on."""

from components.config import PrepareConfig
from components.data.table import Table
from components.data.union import read_manifest
from components.data.windows import not_in
from components.storage.home import Home
from flows.version_rows import read_version_rows

MIN_ROWS = 50


def unseen_rows(test: Table, config: PrepareConfig, model: str, champion: str, home: Home) -> Table:
    """The `test` rows of a run of `config` that the champion was not trained on.

    All of them where both runs split the same content alike, and where the run is on the union of
    the champion's own rows with later windows: there every row is on the side it was on. Else
    those that equal no training row of the champion.
    """
    manifest = read_manifest(config.data)
    if manifest is not None and (manifest.model, manifest.version) == (model, champion):
        return test
    rows = read_version_rows(model, champion, home)
    if _split_of(rows.params.prepare) == _split_of(config):
        return test
    return Table(not_in(test.frame, rows.train.frame, test.schema), test.schema)


def _split_of(config: PrepareConfig) -> PrepareConfig:
    """What decides which rows are held out, alone."""
    return PrepareConfig(
        data=config.data_sha256 or config.data,
        target=config.target,
        split=config.split,
        test_share=config.test_share,
        seed=config.seed,
    )
