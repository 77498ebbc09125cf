"""`mintmark backup` and `mintmark restore`: what must not be lost, elsewhere and back."""

import os
from typing import Annotated

import typer
from rich.console import Console

PlaceArgument = Annotated[str, typer.Argument(help="A folder, or s3://BUCKET/PREFIX.")]


def backup(place: PlaceArgument) -> None:
    """Copy registry, releases, history and content to another place; only what is new is copied.

    It holds secrets: the key of the noise, and what Prefect's blocks keep. Runs may go on.
    """
    from flows.project import set_up_environment

    home = set_up_environment()
    from components.errors import UserError
    from components.storage.stores import Folder, open_store
    from components.storage.writable import why_not_writable

    store = open_store(place)
    if isinstance(store, Folder) and (why := why_not_writable(store.root)):
        raise UserError(f"cannot back up to {store.url}: {why}")
    from flows.backups import back_up

    os.umask(0o077)  # what is written may be read by its owner alone
    console = Console()
    with console.status("copying"):
        made = back_up(home, store)
    console.print(f"backup {made.when}: {_size(made.num_files, made.num_bytes)}", highlight=False)


def restore(
    place: PlaceArgument,
    at: Annotated[
        str | None, typer.Option(help="Which backup, by its time; else the newest.")
    ] = None,
) -> None:
    """Bring a backup back onto an empty machine, or to the databases and S3 that are set here.

    Every byte is compared with its hash. Nothing is overwritten: the registry here must be empty.
    """
    from flows.project import set_up_environment

    home = set_up_environment()
    from components.storage.stores import open_store
    from flows.backups import restore as bring_back

    console = Console()
    with console.status("restoring"):
        made = bring_back(home, open_store(place), at)
    size = _size(made.num_files, made.num_bytes)
    console.print(f"restored {made.when}: {size}, all as they were", highlight=False)


def _size(num_files: int, num_bytes: int) -> str:
    return f"{num_files} files, {num_bytes / 1e6:.1f} MB"
