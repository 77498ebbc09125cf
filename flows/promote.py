"""Promotion, a flow of its own: it moves the champion, records why and says so by an event."""

from prefect import flow
from prefect.events import emit_event
from prefect.logging import get_run_logger

from components.registry import promotion
from components.registry.tracking import connect
from components.storage.home import find_home


@flow(name="promote", flow_run_name="promote {model} {version}", persist_result=False)
def promote(model: str, version: str, expected: str | None, reason: str) -> None:
    """Make `version` the champion of `model`, unless the champion is no longer `expected`."""
    home = find_home()
    promotion.promote(connect(home), model, version, expected=expected, reason=reason, home=home)
    get_run_logger().info("version %s is the champion of %s", version, model)
    emit_event(
        "mintmark.model.promoted",
        resource={"prefect.resource.id": f"mintmark.model.{model}"},
        payload={"version": version, "previous": expected, "reason": reason},
    )
