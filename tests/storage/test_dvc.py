"""Workspaces: runs apart from one another, sharing what was done before."""

import json
import threading
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from components.errors import Unavailable, UserError
from components.storage.dvc import (
    DvcSession,
    StageFailed,
    cached_file,
    make_workspace,
    output_hashes,
)
from components.storage.home import Home
from components.storage.objects import open_objects
from components.storage.places import REMOTE_VARIABLE
from tests.storage.proxy import proxy_to
from tests.storage.seaweed import s3_server, use_store

PIPELINE = """
stages:
  count:
    cmd: {command}
    params: [count]
    outs: [out.txt]
"""


def project(folder: Path, command: str) -> Path:
    (folder / "components").mkdir(parents=True)
    (folder / "components" / "code.py").write_text("")
    (folder / "dvc.yaml").write_text(PIPELINE.format(command=json.dumps(command)))
    (folder / ".dvcignore").write_text("__pycache__\n")
    return folder


def workspace(tmp_path: Path, name: str, command: str, count: int = 1) -> tuple[Path, Home]:
    home = Home(tmp_path / "home")
    source = tmp_path / f"project-{name}"
    folder = tmp_path / "home" / "workspaces" / name
    make_workspace(folder, project(source, command), f"count: {count}\n", home)
    return folder, home


def reproduce(folder: Path, home: Home, tell: Callable[[str], None] = print) -> bool:
    with DvcSession(folder, home) as dvc:
        return dvc.reproduce("count", tell)


def test_same_work_is_not_done_twice(tmp_path: Path) -> None:
    command = f"echo working && echo x >> {tmp_path}/ran && echo hello > out.txt"
    first, home = workspace(tmp_path, "first", command)
    second, _ = workspace(tmp_path, "second", command)
    lines: list[str] = []
    assert reproduce(first, home, lines.append) is False
    assert lines == ["working"]  # those of DVC are not told
    assert reproduce(second, home) is True
    assert (second / "out.txt").read_text() == "hello\n"
    assert (tmp_path / "ran").read_text() == "x\n"
    assert output_hashes(first) == output_hashes(second)
    assert cached_file(home, output_hashes(first)["out.txt"]).read_text() == "hello\n"


def test_other_params_are_other_work(tmp_path: Path) -> None:
    command = "cp params.yaml out.txt"
    first, home = workspace(tmp_path, "first", command, count=1)
    second, _ = workspace(tmp_path, "second", command, count=2)
    assert not reproduce(first, home)
    assert not reproduce(second, home)
    assert output_hashes(first) != output_hashes(second)


FAILING = """
stages:
  wrong:
    cmd: "echo 'error: no column x' && exit 2"
  unavailable:
    cmd: "echo 'unavailable: cannot list s3://x' && exit 2"
  broken:
    cmd: echo Traceback && exit 1
  killed:
    cmd: kill -9 $$
"""


def test_how_a_stage_failed_comes_through(tmp_path: Path) -> None:
    folder, home = workspace(tmp_path, "w", "true")
    (folder / "dvc.yaml").write_text(FAILING)
    with DvcSession(folder, home) as dvc:
        with pytest.raises(UserError, match=r"^no column x$"):
            dvc.reproduce("wrong", print)
        with pytest.raises(Unavailable, match=r"^cannot list s3://x$"):
            dvc.reproduce("unavailable", print)
        with pytest.raises(StageFailed, match="Traceback") as failure:
            dvc.reproduce("broken", print)
        assert not failure.value.was_killed
        with pytest.raises(StageFailed) as failure:
            dvc.reproduce("killed", print)
        assert failure.value.was_killed


def test_a_remote_that_refuses_for_now_is_told_from_failing_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "s3").mkdir()
    with s3_server(tmp_path / "s3") as server, proxy_to(server.url) as (proxy, url):
        use_store(server, monkeypatch)
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", url)
        monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
        folder, home = workspace(tmp_path, "w", "echo 1 > out.txt")
        with DvcSession(folder, home) as dvc:
            proxy.refuse = 1.0
            with pytest.raises(Unavailable, match="stage count did not get on with the DVC remote"):
                dvc.reproduce("count", print)
            proxy.calm()
            assert not dvc.reproduce("count", print)
            proxy.refuse = 1.0
            with pytest.raises(Unavailable, match=r"push.*503"):
                dvc.push()
            proxy.calm()
            dvc.push()


def test_workspaces_run_side_by_side(tmp_path: Path) -> None:
    made = [workspace(tmp_path, f"w{n}", f"sleep 1; echo {n} > out.txt", n) for n in range(2)]
    threads = [
        threading.Thread(target=reproduce, args=(folder, home, lambda line: None))
        for folder, home in made
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [(folder / "out.txt").read_text() for folder, _ in made] == ["0\n", "1\n"]


def test_push_fills_the_remote_whatever_the_name_of_the_folder(tmp_path: Path) -> None:
    folder, home = workspace(tmp_path / "half%full, a,b #1's", "w", "echo 1 > out.txt")
    with DvcSession(folder, home) as dvc:
        assert not dvc.reproduce("count", print)
        dvc.push()
    assert cached_file(home, output_hashes(folder)["out.txt"]).is_file()
    assert any(path.is_file() for path in home.dvc_remote.rglob("*"))


def test_a_folder_that_dvc_cannot_be_told_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"%\(x\)s.* cannot be in DVC's settings"):
        workspace(tmp_path / "%(x)s", "w", "true")


def entries(root: Path) -> set[str]:
    return {path.name for path in (root / "runs").rglob("*") if path.is_file()}


@pytest.mark.slow
def test_machines_exchange_what_a_stage_needs_and_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "s3").mkdir()
    with s3_server(tmp_path / "s3") as server, proxy_to(server.url) as (proxy, url):
        store = open_objects(f"{use_store(server, monkeypatch)}/dvc/runs")
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", url)
        for count in range(4):
            folder, home = workspace(tmp_path / "a", f"w{count}", "cp params.yaml out.txt", count)
            with DvcSession(folder, home) as dvc:
                assert not dvc.reproduce("count", print)
                dvc.push()
        sent = {found.name.rpartition("/")[2] for found in store.list()}
        assert sent == entries(home.dvc_cache) and len(sent) == 4
        proxy.corrupt, proxy.only = 0.5, "/runs/"
        folder, home = workspace(tmp_path / "b", "w", "cp params.yaml out.txt", count=2)
        assert reproduce(folder, home)
        assert (folder / "out.txt").read_text() == "count: 2\n"
        assert len(entries(home.dvc_cache)) == 1
        proxy.calm()
        folder, home = workspace(tmp_path / "b", "other", "cp params.yaml out.txt", count=9)
        assert not reproduce(folder, home)
        with DvcSession(folder, home) as dvc:
            dvc.push()
        assert len(list(store.list())) == 5


def test_an_entry_that_is_damaged_there_is_no_promise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(REMOTE_VARIABLE, str(tmp_path / "remote"))
    folder, home = workspace(tmp_path / "a", "w", "echo 1 > out.txt")
    with DvcSession(folder, home) as dvc:
        dvc.reproduce("count", print)
        dvc.push()
    (entry,) = (path for path in (tmp_path / "remote" / "runs").rglob("*") if path.is_file())
    entry.chmod(0o644)
    entry.write_text(entry.read_text().replace("1", "2"))
    folder, home = workspace(tmp_path / "b", "w", "echo 1 > out.txt")
    assert not reproduce(folder, home)
    assert (folder / "out.txt").read_text() == "1\n"


TWO_STAGES = """
stages:
  first:
    cmd: head -c 100 | wc -c > first.txt
    outs: [first.txt]
  second:
    cmd: echo $$ > pid && wc -l first.txt > second.txt && exec sh -c "{then}"
    deps: [first.txt]
    outs: [second.txt]
"""


def two_stages(tmp_path: Path, then: str = "exit 0") -> tuple[Path, Home]:
    folder, home = workspace(tmp_path, "w", "true")
    (folder / "dvc.yaml").write_text(TWO_STAGES.format(then=then))
    return folder, home


def test_a_session_does_one_stage_after_another(tmp_path: Path) -> None:
    folder, home = two_stages(tmp_path)
    with DvcSession(folder, home) as dvc:
        assert not dvc.reproduce("first", print)
        assert not dvc.reproduce("second", print)
        assert not dvc.reproduce("second", print)  # nothing is done, nothing restored
    assert set(output_hashes(folder)) == {"first.txt", "second.txt"}
    assert (folder / "first.txt").read_text().strip() == "0"  # it does not hear the session


def test_a_session_goes_on_after_its_process_was_killed(tmp_path: Path) -> None:
    folder, home = two_stages(tmp_path)
    with DvcSession(folder, home) as dvc:
        dvc.reproduce("first", print)
        assert dvc._process is not None
        psutil.Process(dvc._process.pid).kill()
        dvc._process.wait()
        assert not dvc.reproduce("second", print)


def test_whoever_stops_listening_ends_the_stage(tmp_path: Path) -> None:
    folder, home = two_stages(tmp_path, then="echo here; sleep 300")

    stages = []

    def lose_interest(line: str) -> None:
        stages.append(psutil.Process(int((folder / "pid").read_text())))
        raise KeyboardInterrupt

    with DvcSession(folder, home) as dvc:
        dvc.reproduce("first", print)
        with pytest.raises(KeyboardInterrupt):
            dvc.reproduce("second", lose_interest)
    _, alive = psutil.wait_procs(stages, timeout=10)
    assert stages and not [one for one in alive if one.status() != psutil.STATUS_ZOMBIE]
