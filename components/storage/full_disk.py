"""A full disk, told as one line that names where."""

import errno
import os

from components.errors import UserError
from components.storage.home import Home

_SIGNS = (os.strerror(errno.ENOSPC), "database or disk is full")


def is_disk_full(error: BaseException) -> bool:
    """True where the system, SQLite or a library in between found no space left.

    >>> is_disk_full(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
    True
    """
    return any(sign in str(error) for sign in _SIGNS)


def disk_full(error: BaseException, home: Home) -> UserError:
    """What a user can mend: the disk of the file that `error` names, else that of the home folder.

    >>> from pathlib import Path
    >>> print(disk_full(OSError(errno.ENOSPC, "full", "/data/out.csv"), Home(Path("/home"))))
    the disk that holds /data/out.csv is full; free some space and run again
    """
    where = getattr(error, "filename", None) or home.root
    return UserError(f"the disk that holds {where} is full; free some space and run again")
