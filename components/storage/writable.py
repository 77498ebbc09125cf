"""Whether files can be written into a folder, asked before there is work that would be lost."""

import os
from pathlib import Path
from tempfile import TemporaryFile

from components.storage.full_disk import is_disk_full


def why_not_writable(folder: Path) -> str | None:
    """What keeps files out of a folder, in words, None where they can be written.

    Of a folder that is yet to be made, the nearest one that is there is tried. A full disk is no
    reason: some commands free space.
    """
    nearest = next(path for path in (folder, *folder.parents) if os.path.lexists(path))
    if not nearest.is_dir():
        return f"{nearest} is no folder"
    try:
        with TemporaryFile(dir=nearest):
            return None
    except OSError as error:
        return None if is_disk_full(error) else f"{error.strerror} in {nearest}"
