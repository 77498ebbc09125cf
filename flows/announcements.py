"""The events by which runs tell what became of a model: automations and people wait for them."""

from enum import StrEnum
from typing import Any

from prefect.events import emit_event


class Event(StrEnum):
    """What is told."""

    PROMOTED = "mintmark.model.promoted"
    REFUSED = "mintmark.model.refused"
    UNDECIDED = "mintmark.model.undecided"
    ROLLED_BACK = "mintmark.model.rolled-back"
    CONFIRMED = "mintmark.model.confirmed"
    DRIFTED = "mintmark.drift.detected"
    ANOMALOUS = "mintmark.anomaly.detected"
    DECAYED = "mintmark.decay.detected"
    LEFT_ALONE = "mintmark.retrain.left-alone"
    RELEASED = "mintmark.release.made"


def resource(model: str) -> str:
    """The name of a model as the resource of an event."""
    return f"mintmark.model.{model}"


def announce(event: Event, model: str, **payload: Any) -> None:
    """Tell of `event` on `model`."""
    emit_event(
        event.value,
        resource={"prefect.resource.id": resource(model), "prefect.resource.name": model},
        payload={"model": model, **payload},
    )
