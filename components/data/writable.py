"""Whether a folder can be written to, and why not."""

import os
from pathlib import Path


def unwritable(folder: Path) -> str | None:
    """Why nothing can be written to a folder that is there, as the end of a sentence, or None."""
    if os.access(folder, os.W_OK):
        return None
    if os.statvfs(folder).f_flag & os.ST_RDONLY:
        return f"the file system of {folder} is read-only"
    return f"no permission to write in {folder}"
