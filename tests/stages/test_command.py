"""A stage as a process: what a user can mend is one line and status 2, our bugs are neither."""

from pathlib import Path

import pytest

from components.config import Params
from components.errors import UserError
from components.stages.command import main
from components.stages.paths import StagePaths
from flows.request import RunRequest, build_params, to_yaml


@pytest.fixture(autouse=True)
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    params = build_params(RunRequest(recipe="breast_cancer_sharing"))
    (tmp_path / "params.yaml").write_text(to_yaml(params))
    monkeypatch.chdir(tmp_path)


def test_a_users_error_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    def stage(params: Params, paths: StagePaths) -> None:
        raise UserError("no column 'x';\n there are: a, b")

    assert main(stage) == 2
    assert capsys.readouterr().out == "error: no column 'x'; there are: a, b\n"


def test_a_full_disk_is_a_users_error(capsys: pytest.CaptureFixture[str]) -> None:
    def stage(params: Params, paths: StagePaths) -> None:
        with Path("/dev/full").open("w") as full:
            full.write("rows")

    assert main(stage) == 2
    assert "is full; free some space" in capsys.readouterr().out


def test_our_own_error_is_raised() -> None:
    def stage(params: Params, paths: StagePaths) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        main(stage)


def test_wrong_types_in_params_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    text = Path("params.yaml").read_text().replace("test_share: 0.5", "test_share: half")
    Path("params.yaml").write_text(text)
    assert main(lambda params, paths: None) == 2
    assert "prepare.test_share = 'half'" in capsys.readouterr().out
