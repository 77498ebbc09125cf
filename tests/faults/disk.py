"""A small disk of its own for a folder, that can be filled to the last byte (Linux, root)."""

import errno
import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_BALLAST = "ballast"
_BLOCK = 64 * 1024
_SECONDS = 0.05


def mount_disk(folder: Path, megabytes: int) -> None:
    """Make `folder` a disk of this size in memory; one that is there already stays."""
    folder.mkdir(parents=True, exist_ok=True)
    if not folder.is_mount():
        size = f"size={megabytes}m,mode=755"
        subprocess.run(["mount", "-t", "tmpfs", "-o", size, "mintmark", folder], check=True)


def unmount_disk(folder: Path) -> None:
    """Take the disk away, with all that is on it."""
    subprocess.run(["umount", "--lazy", folder], check=True)


@contextmanager
def filled(folder: Path) -> Iterator[None]:
    """The disk of `folder` is full, and what becomes free is taken; at the end there is room."""
    ended = threading.Event()
    ballast = folder / _BALLAST
    _take(ballast)
    keeper = threading.Thread(target=_keep, args=(ended, ballast), daemon=True)
    keeper.start()
    try:
        yield
    finally:
        ended.set()
        keeper.join()
        ballast.unlink()


def why_no_disks(folder: Path) -> str:
    """What is missing for small disks, empty where nothing is."""
    if os.geteuid() != 0:
        return "only root may mount a small disk"
    folder.mkdir(parents=True, exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "mintmark", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        subprocess.run(["umount", folder], check=True)
    return "" if done.returncode == 0 else f"no disk can be mounted here: {done.stderr.strip()}"


def _keep(ended: threading.Event, ballast: Path) -> None:
    while not ended.wait(_SECONDS):
        _take(ballast)


def _take(ballast: Path) -> None:
    """Lengthen the file by all that is free."""
    with ballast.open("ab") as file:
        for size in (1024 * _BLOCK, _BLOCK, 4096):
            while True:
                try:
                    os.posix_fallocate(file.fileno(), os.fstat(file.fileno()).st_size, size)
                except OSError as error:
                    assert error.errno == errno.ENOSPC, error
                    break
