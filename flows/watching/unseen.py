"""Held-out rows or images that a champion was not trained on either: it is compared on those."""

import numpy as np

from components.config import PrepareConfig
from components.data.images.rows import to_rows
from components.data.images.sets import ImageSet
from components.data.images.windows import is_new
from components.data.table import Table
from components.data.union import read_manifest
from components.data.windows import not_in
from components.storage.home import Home
from flows.watching.taught import find_version
from flows.watching.version_images import read_version_images
from flows.watching.version_rows import read_version_rows

MIN_ROWS = 50


def unseen_rows(test: Table, config: PrepareConfig, model: str, champion: str, home: Home) -> Table:
    """The `test` rows of a run of `config` that the champion was not trained on.

    All of them where both runs split the same content alike, and where the run is on the union of
    the champion's own rows with later windows: there every row is on the side it was on. Else
    those that equal no training row of the champion.
    """
    if _is_split_alike(config, model, champion, home):
        return test
    rows = read_version_rows(model, champion, home)
    return Table(not_in(test.frame, rows.train.frame, test.schema), test.schema)


def unseen_images(
    test: ImageSet, config: PrepareConfig, model: str, champion: str, home: Home
) -> ImageSet:
    """The `test` images of a run of `config` that the champion was not trained on, likewise."""
    if _is_split_alike(config, model, champion, home):
        return test
    known = read_version_images(model, champion, home)
    return test.take(np.flatnonzero(is_new(to_rows(test), known.train)))


def _is_split_alike(config: PrepareConfig, model: str, champion: str, home: Home) -> bool:
    """Whether every row that the champion was trained on is none of the run's held-out ones.

    So it is on a union that begins with the champion's own rows, and of the same content.
    """
    manifest = read_manifest(config.data)
    if manifest is not None and (manifest.model, manifest.version) == (model, champion):
        return True
    _, params = find_version(model, champion, home)
    return _split_of(params.prepare) == _split_of(config)


def _split_of(config: PrepareConfig) -> PrepareConfig:
    """What decides which rows are held out, alone."""
    return PrepareConfig(
        data=config.data_sha256 or config.data,
        target=config.target,
        split=config.split,
        test_share=config.test_share,
        seed=config.seed,
    )
