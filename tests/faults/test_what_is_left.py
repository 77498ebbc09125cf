"""After all the faults: registry, DVC and storage agree. The last of these files, by its name."""

import pytest

from tests.faults.breakable import WORKERS, Breakable

pytestmark = pytest.mark.faults


@pytest.mark.parametrize("home", ["operator", *WORKERS])
def test_nothing_is_left_to_mend(home: str, running: Breakable) -> None:
    cluster = running.cluster
    said = cluster.mintmark("fsck", "--read", "--mend", home=cluster.folder / home / "home")
    print(f"\n{home}: {said}")
    assert "0 left" in said
