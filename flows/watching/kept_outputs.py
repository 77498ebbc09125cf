"""What a version's run made, found again by its content, here or in the shared store."""

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from components.errors import UserError
from components.storage.home import Home
from components.storage.shared import find_content


class Made(Protocol):
    """A version, and the DVC hashes of what its run made, by path."""

    @property
    def model(self) -> str:
        """The model's name."""

    @property
    def version(self) -> str:
        """Its number."""

    @property
    def content_keys(self) -> Mapping[str, str]:
        """The hash of each output."""


def kept_output(made: Made, path: Path, home: Home) -> Path:
    """The file that holds this output of the version's run, fetched where another machine made it.

    Raises UserError where neither this machine nor the shared store has it.
    """
    try:
        return find_content(home, made.content_keys[str(path)])
    except UserError as error:
        raise UserError(
            f"{path} of {made.model} version {made.version}: {error}; work where it was trained, "
            "or bring it back with `dvc pull`"
        ) from error
