"""The hash of a package: any changed, added or missing file is seen, compiled code is deleted."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from components.errors import UserError
from components.registry.packaging.sealed import FILES, bring_package, check_files, hash_folder


@pytest.fixture
def package(tmp_path: Path) -> Path:
    for name in ("MLmodel", "code/ours/model.py", "data/generator/weights.safetensors"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    return tmp_path


def version(sha256: str | None) -> SimpleNamespace:
    """What a version of the registry says of itself."""
    return SimpleNamespace(name="adult", version="3", tags={FILES: sha256} if sha256 else {})


CHANGES: dict[str, Callable[[Path], object]] = {
    "other bytes": lambda p: (p / "data/generator/weights.safetensors").write_text("x"),
    "other code": lambda p: (p / "code/ours/model.py").write_text("import os"),
    "more code": lambda p: (p / "code/ours/more.py").write_text("import os"),
    "less": lambda p: (p / "code/ours/model.py").unlink(),
    "another name": lambda p: (p / "code/ours/model.py").rename(p / "code/ours/n.py"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_whatever_was_changed_is_refused(change: str, package: Path) -> None:
    registered = version(hash_folder(package))
    check_files(registered, package)  # type: ignore[arg-type]
    CHANGES[change](package)
    with pytest.raises(
        UserError, match=r"version 3 of 'adult' is not what .*a backup has what they were"
    ):
        check_files(registered, package)  # type: ignore[arg-type]


def test_compiled_code_is_deleted_and_mlflows_notes_may_change(package: Path) -> None:
    registered = version(hash_folder(package))
    compiled = package / "code/ours/__pycache__/model.cpython-311.pyc"
    compiled.parent.mkdir()
    compiled.write_bytes(b"planted")
    (package / "MLmodel").write_text("with an id")
    (package / "registered_model_meta").write_text("version: 3")
    check_files(registered, package)  # type: ignore[arg-type]
    assert not compiled.exists()


def test_a_version_without_a_hash_is_told_in_the_log(
    package: Path, caplog: pytest.LogCaptureFixture
) -> None:
    check_files(version(None), package)  # type: ignore[arg-type]
    assert "version 3 of 'adult' was registered without a hash" in caplog.text


def test_what_was_changed_on_the_way_is_brought_again(
    package: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    registered, asked = version(hash_folder(package)), []
    weights = package / "data/generator/weights.safetensors"
    sound = weights.read_bytes()

    def twice_changed(uri: str, dst_path: str | None) -> str:
        asked.append(uri)
        weights.write_bytes(b"x" if len(asked) <= 2 else sound)
        return str(package)

    monkeypatch.setattr("mlflow.artifacts.download_artifacts", twice_changed)
    assert bring_package(registered) == package  # type: ignore[arg-type]
    assert asked == ["models:/adult/3"] * 3 and "read again" in caplog.text
    monkeypatch.setattr("mlflow.artifacts.download_artifacts", lambda *_, **__: str(package))
    weights.write_bytes(b"x")
    with pytest.raises(UserError, match="is not what was registered"):
        bring_package(registered)  # type: ignore[arg-type]
