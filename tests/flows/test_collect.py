"""`mintmark collect` and its flow: the words, the form, the same work underneath."""

import logging
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from components.registry.references import Collection
from components.storage.home import HOME_VARIABLE
from components.storage.retention import Kind
from flows.collected import collected_lines
from flows.commands.collect import collect as command


def test_the_words_say_how_many_and_how_large() -> None:
    counts = {Kind.WORKSPACE: 1200, Kind.CACHED: 2}
    sizes = {Kind.WORKSPACE: 5 * 10**9, Kind.CACHED: 12}
    lines = collected_lines(Collection(counts, sizes, "", False))
    assert lines == ["freed 5 GB", "workspaces: 1,200, 5 GB", "cached files: 2, 12 bytes"]
    held = Collection({}, {}, "a run is going on", True)
    assert collected_lines(held) == [
        "would free 0 bytes",
        "cached content was left alone: a run is going on",
    ]


def test_the_command_says_what_it_did(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / "home"))
    app = typer.Typer()
    app.command()(command)
    done = CliRunner().invoke(app, ["--dry-run", "--keep-days", "3"])
    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines()[0] == "would free 0 bytes"
    assert CliRunner().invoke(app, ["--keep-days", "0"]).exit_code == 2


def test_the_form_is_in_order_and_bounded() -> None:
    from flows.collect import CollectRequest

    fields = CollectRequest.model_json_schema()["properties"]
    assert [fields[name]["position"] for name in ("keep_days", "dry_run")] == [0, 1]
    assert fields["keep_days"]["minimum"] == 1 and fields["keep_days"]["default"] == 14


@pytest.mark.slow
def test_the_flow_collects(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / "home"))
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path / "home" / "prefect"))
    from prefect.client.orchestration import get_client

    from flows.collect import CollectRequest, collect
    from flows.project import set_up_environment
    from flows.services.server import prefect_server

    logging.getLogger("prefect").setLevel(logging.CRITICAL)
    with prefect_server(set_up_environment()):
        done = collect(CollectRequest(dry_run=True))
        with get_client(sync_client=True) as client:
            (artifact,) = client.read_artifacts()
    assert done.counts == {} and artifact.data.startswith("- would free 0 bytes")
