"""What a version was trained on, what was held out of that, and what it makes: by content."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pandas as pd

from components.config import Params, parse_params
from components.data.schema import Schema
from components.data.table import Table
from components.data.union import Reference, read_manifest
from components.errors import UserError
from components.registry.tracking import connect
from components.registry.version_content import VersionContent, find_content
from components.stages.paths import StagePaths
from components.storage.dvc import cached_file
from components.storage.home import Home


@dataclass(frozen=True)
class VersionRows:
    """A version's settings, and the rows that its run prepared and that it made in it."""

    content: VersionContent
    params: Params
    train: Table
    test: Table
    synthetic: pd.DataFrame

    @property
    def version(self) -> str:
        """Its number."""
        return self.content.version

    @property
    def known_until(self) -> datetime:
        """Windows that arrived later are news to it."""
        manifest = read_manifest(self.params.prepare.data)
        return manifest.until if manifest and manifest.until else self.content.created

    @property
    def reference(self) -> Reference:
        """All its rows, as what a union begins with."""
        config, keys = self.params.prepare, self.content.content_keys
        manifest = read_manifest(config.data)
        paths = StagePaths(Path())
        return Reference(
            model=self.content.model,
            version=self.version,
            train=self.train.frame,
            test=self.test.frame,
            origins=self.content.origins,
            content_key=keys[str(paths.train)] + keys[str(paths.test)],
            split=manifest.split if manifest else config.split,
        )


def read_version_rows(model: str, which: str, home: Home) -> VersionRows:
    """The rows of the version with this number or alias.

    Raises UserError where there is none, it was revoked, it makes images, or its rows are not kept
    here.
    """
    content = find_content(connect(home), model, which)
    params = parse_params(content.settings, f"version {content.version} of {model}")
    if params.prepare.images is not None:
        raise UserError(f"{model!r} makes images; only what rows of tables bring is measured anew")
    paths = StagePaths(Path())
    schema = Schema.load(_kept(content, paths.schema, home))
    train, test, synthetic = (
        pd.read_parquet(_kept(content, path, home))
        for path in (paths.train, paths.test, paths.synthetic)
    )
    return VersionRows(content, params, Table(train, schema), Table(test, schema), synthetic)


def _kept(content: VersionContent, path: Path, home: Home) -> Path:
    """The file of the shared cache that holds this output of the version's run."""
    found = cached_file(home, content.content_keys[str(path)])
    if not found.is_file():
        raise UserError(
            f"{path} of {content.model} version {content.version} is not in the cache "
            f"{home.dvc_cache}: work where it was trained, or bring {found.name} back with "
            "`dvc pull`"
        )
    return found
