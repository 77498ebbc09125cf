"""The `collect` flow: what is old and nothing refers to any more is deleted."""

from prefect import flow
from prefect.artifacts import create_markdown_artifact
from prefect.logging import get_run_logger
from pydantic import Field

from components.registry.references import Collection, collect_unreferenced
from components.registry.tracking import connect
from components.storage.home import find_home
from flows.attempts import attempt
from flows.collected import KEEP_DAYS, collected_lines
from flows.forms import Form
from flows.project import PROJECT


class CollectRequest(Form):
    """Delete what is old and nothing refers to; never what a version or a release needs."""

    keep_days: int = Field(
        KEEP_DAYS,
        title="Days",
        description="What changed within so many days stays",
        ge=1,
        le=3650,
    )
    dry_run: bool = Field(False, title="Dry run", description="Only say what would be deleted")


AS_USUAL = CollectRequest()


@flow(name="collect", persist_result=False)
@attempt()
def collect(request: CollectRequest = AS_USUAL) -> Collection:
    """Delete old workspaces, checkpoints and content that nothing refers to; say what went."""
    home = find_home()
    done = collect_unreferenced(
        connect(home), home, PROJECT, keep_days=request.keep_days, dry_run=request.dry_run
    )
    lines = collected_lines(done)
    for line in lines:
        get_run_logger().info(line)
    create_markdown_artifact(
        "\n".join(f"- {line}" for line in lines), key="collection", description=lines[0]
    )
    return done
