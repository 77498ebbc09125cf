"""Files under names, in a folder or in S3: the same calls for both."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

from components.errors import UserError
from components.storage.home import Home
from components.storage.objects import Found, Objects, open_objects
from components.storage.places import remote_url


class Store(Protocol):
    """Where files lie under names."""

    @property
    def url(self) -> str:
        """Its address, for people."""

    def put(self, path: Path, name: str) -> None:
        """Keep a file under a name, wholly or not at all."""

    def fetch(self, name: str, path: Path) -> None:
        """Bring the file of this name to `path`."""

    def has(self, name: str) -> bool:
        """True where there is a file of this name."""

    def list(self, below: str = "") -> Iterator[Found]:
        """Every file whose name begins with `below`."""

    def delete(self, name: str) -> None:
        """Delete a file; none of this name is no error."""


@dataclass(frozen=True)
class Folder:
    """A folder as a store; it is made with the first file. Links are not followed."""

    root: Path

    @property
    def url(self) -> str:
        """Its path."""
        return str(self.root)

    def put(self, path: Path, name: str) -> None:
        """See `Store`."""
        target = self.root / name
        partial = target.with_name(f"{target.name}.{os.getpid()}.part")
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            with path.open("rb") as source, partial.open("wb") as copy:
                shutil.copyfileobj(source, copy)
                copy.flush()
                os.fsync(copy.fileno())
            partial.replace(target)
        finally:
            partial.unlink(missing_ok=True)

    def fetch(self, name: str, path: Path) -> None:
        """See `Store`."""
        try:
            shutil.copyfile(self.root / name, path)
        except FileNotFoundError as error:
            raise UserError(f"there is no {name} in {self.root}") from error

    def has(self, name: str) -> bool:
        """See `Store`."""
        return (self.root / name).is_file()

    def list(self, below: str = "") -> Iterator[Found]:
        """See `Store`."""
        for folder, folders, files in os.walk(self.root):
            folders.sort()
            for file in sorted(files):
                path = Path(folder, file)
                name = path.relative_to(self.root).as_posix()
                if name.startswith(below) and not path.is_symlink():
                    stat = path.stat()
                    yield Found(name, stat.st_size, datetime.fromtimestamp(stat.st_mtime, UTC))

    def delete(self, name: str) -> None:
        """See `Store`."""
        (self.root / name).unlink(missing_ok=True)


def open_store(address: str | Path) -> Store:
    """The store at `s3://BUCKET/PREFIX` or in a folder.

    Raises UserError for other addresses, and for an empty one: a variable that was not set.
    """
    if str(address).startswith("s3://"):
        return open_objects(str(address))
    if "://" in str(address) or not str(address).strip():
        raise UserError(f"{address!r}: accepted are a folder and s3://BUCKET/PREFIX")
    return Folder(Path(address).expanduser().absolute())


def open_remote(home: Home) -> Store:
    """DVC's remote. Raises UserError for a kind that DVC alone knows, such as `gs://`."""
    url = remote_url()
    if url is not None and "://" in url and not url.startswith("s3://"):
        raise UserError(f"DVC's remote {url} is of a kind that is not looked into; S3 is")
    return open_store(url or home.dvc_remote)


@contextmanager
def as_file(store: Store, name: str) -> Iterator[Path]:
    """A store's file to read: where it lies, or a copy for as long as the block lasts."""
    if isinstance(store, Folder):
        yield store.root / name
        return
    assert isinstance(store, Objects)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        store.fetch(name, path)
        yield path
