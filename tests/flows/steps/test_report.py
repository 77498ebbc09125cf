"""The report of a version says what became of it, also where that changed since it was written."""

from collections.abc import Callable
from dataclasses import replace
from html import unescape
from pathlib import Path

from components.registry.runs import open_run
from components.registry.tracking import connect
from components.stages.paths import StagePaths
from components.stages.training_curves import write_training_curves
from components.storage.home import Home
from flows.steps.outcome import Registered
from flows.steps.report import keep_page
from tests.reporting import samples


def test_it_is_written_again_where_the_version_got_an_alias(
    home_in: Callable[[Path], Home], tmp_path: Path
) -> None:
    home, workspace = home_in(tmp_path / "home"), tmp_path / "workspace"
    paths = StagePaths(workspace)
    for path in (paths.training_curves, paths.panels):
        path.parent.mkdir(parents=True, exist_ok=True)
    write_training_curves([], paths.training_curves)
    paths.panels.write_text("[]")
    client = connect(home)
    run_id = open_run(client, "people", "key", home)
    lineage = replace(samples.lineage(), name="people", version="3", alias=None)
    first = Registered("people", "3", run_id, samples.bare(), lineage, reused=False)

    path = keep_page(first, lineage, workspace, home)
    assert "v3: Passed for sharing</title>" in path.read_text()
    written = path.stat().st_mtime_ns
    again = replace(first, reused=True)
    assert keep_page(again, lineage, workspace, home).stat().st_mtime_ns == written
    for reason in ("the door <was> slow", "the champion is better"):
        keep_page(again, replace(lineage, held_back=reason), workspace, home)
        page = unescape(path.read_text())
        assert "v3: Fit for sharing, but not promoted</title>" in page and reason in page
    keep_page(again, replace(lineage, alias="champion"), workspace, home)
    assert "v3: Promoted to champion for sharing</title>" in path.read_text()
    assert [file.name for file in path.parent.iterdir()] == ["v3.html"]
    logged = client.download_artifacts(run_id, "v3.html")
    assert Path(logged).read_text() == path.read_text()
