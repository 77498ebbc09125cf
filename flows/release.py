"""Releases as a flow: synthetic rows of a champion as a product, with a card to read."""

from prefect import flow
from prefect.artifacts import create_markdown_artifact
from prefect.logging import get_run_logger
from pydantic import Field

from components.config import MAX_SEED
from components.registry.releases import release as releasing
from components.registry.releases.card import card_markdown
from components.registry.releases.making import ReleaseOrder
from components.registry.releases.release import MAX_ROWS
from components.registry.releases.versions import CHAMPION, release_model
from components.registry.tracking import connect
from components.storage.home import find_home
from flows.announcements import Event, announce
from flows.attempts import attempt
from flows.forms import Form
from flows.logs import log_about
from flows.services.turns import turn


class ReleaseRequest(Form):
    """Draw synthetic rows from a registered generator and publish them with their card."""

    model: str = Field(title="Model", description="A registered generator", min_length=1)
    version: str = Field(
        CHAMPION,
        title="Version",
        description="The generator's version: an alias such as champion, or a number",
        min_length=1,
    )
    num_rows: int = Field(
        10_000, title="Rows", description="How many rows or images are drawn", ge=1, le=MAX_ROWS
    )
    seed: int = Field(
        0, title="Seed", description="Equal seeds give equal rows and images", ge=0, le=MAX_SEED
    )
    notes: str = Field(
        "",
        title="Notes",
        description="For the card: licence, permitted use, whom to ask",
        max_length=5000,
    )
    unproven: str = Field(
        "",
        title="Unproven",
        description="Why to release a version that did not pass for sharing; it goes on the card. "
        "Empty: such a version is refused",
        max_length=5000,
    )


@flow(name="release", flow_run_name="release {request.model}", persist_result=False)
@attempt()
def release(request: ReleaseRequest) -> str:
    """The release, such as `adult@3`: made now, or found where the same was made before."""
    log_about(model=request.model)
    home = find_home()
    order = ReleaseOrder(
        model=request.model,
        version=request.version,
        num_rows=request.num_rows,
        seed=request.seed,
        notes=request.notes,
        unproven=request.unproven or None,
    )
    with turn("release", request.model):
        made = releasing.release(connect(home), order, home)
    card = made.card
    get_run_logger().info("%s %s", card.reference, "was there" if made.existed else "was made")
    create_markdown_artifact(
        card_markdown(card), key="release", description=f"{card.name}, release {card.release}"
    )
    if not made.existed:
        announce(
            Event.RELEASED,
            card.name,
            version=card.generator_version,
            release=str(card.release),
            rows=card.rows,
            sha256=card.sha256,
            uri=f"models:/{release_model(card.name)}/{card.release}",
        )
    return card.reference
