"""The secret behind noise: made once, for its owner's eyes."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from components.storage.secret import FILE_NAME, noise_key


def test_one_key_for_all_who_ask_and_nobody_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MINTMARK_HOME", str(tmp_path / "home"))
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: noise_key(), range(32)))
    assert len(keys) == 1 and len(keys.pop()) == 32
    path = tmp_path / "home" / FILE_NAME
    assert path.stat().st_mode & 0o777 == 0o600
    assert [file.name for file in path.parent.iterdir()] == [FILE_NAME]


def test_another_home_has_another_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = set()
    for name in ("a", "b"):
        monkeypatch.setenv("MINTMARK_HOME", str(tmp_path / name))
        keys.add(noise_key())
    assert len(keys) == 2
