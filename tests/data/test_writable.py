"""A folder that cannot be written to is told with the reason."""

import os
from pathlib import Path

import pytest

from components.data.output import check_writable
from components.data.writable import unwritable
from components.errors import UserError


def read_only_folders() -> list[Path]:
    """Places on file systems that are mounted read-only."""
    mounts = [line.split() for line in Path("/proc/mounts").read_text().splitlines()]
    return [Path(m[1]) for m in mounts if "ro" in m[3].split(",") and Path(m[1]).is_dir()]


def test_a_folder_that_takes_files_has_nothing_to_tell(tmp_path: Path) -> None:
    assert unwritable(tmp_path) is None


@pytest.mark.skipif(not Path("/proc/mounts").is_file(), reason="no list of what is mounted")
def test_a_read_only_file_system_is_called_so() -> None:
    folders = read_only_folders()
    if not folders:
        pytest.skip("nothing is mounted read-only")
    with pytest.raises(UserError, match=f"o.csv: the file system of {folders[0]} is read-only"):
        check_writable(folders[0] / "o.csv")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_of_others_is_no_permission(tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    assert unwritable(tmp_path) == f"no permission to write in {tmp_path}"
