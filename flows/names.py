"""The name of a model that follows from its data, and whether it is another source's already."""

import re
from pathlib import Path

from components.config import PrepareConfig, Purpose
from components.errors import UserError
from components.registry.descent import is_trained_on
from components.registry.tags import DATA_URI
from components.registry.tracking import connect
from components.registry.versions import list_versions
from components.storage.home import find_home


def name_after(uri: str, purpose: Purpose) -> str:
    """The name of a model of this data for this purpose, where nobody gave one."""
    stem = re.sub(r"[^A-Za-z0-9]+", "_", Path(uri.rstrip("/")).name.split(".")[0]).strip("_")
    return f"{stem or 'table'}_{purpose}"[:63]


def check_is_free(name: str, prepare: PrepareConfig) -> None:
    """Raise UserError where all versions of this name were made of another source.

    One is of the same source that was made of rows in the same place, whatever they were then, or
    of the same content, wherever it lay.
    """
    versions = list_versions(connect(find_home()), f"name = '{name}'")
    sha256 = prepare.data_sha256 or ""
    if not versions or any(is_trained_on(each, prepare.data, sha256) for each in versions):
        return
    newest = max(versions, key=lambda version: int(version.version))
    place = newest.tags.get(DATA_URI, "another source")
    raise UserError(
        f"the name {name!r} is taken: its versions were made of {place!r}, not of "
        f"{prepare.data!r}; give this one another with --name, or the same one if it is to be its "
        "next version"
    )
