"""What follows from an event: a run is started, a run comes back, people are told."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import timedelta
from typing import Any
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.objects import StateType
from prefect.events.actions import ActionTypes, ChangeFlowRunState, RunDeployment
from prefect.events.schemas.automations import AutomationCore, EventTrigger, Posture

from flows.announcements import Event
from flows.services.lost_runs import SILENT
from flows.services.settings import ServiceSettings

PREFIX = "Mintmark: "
_SILENCE = timedelta(seconds=90)
"""Longer than a server takes to start again, or its runs would count as crashed."""
_STARTING = timedelta(minutes=3)
_HEARTBEAT = "prefect.flow-run.heartbeat"
_SIGNS = {f"prefect.flow-run.{name}" for name in ("Completed", "Failed", "Cancelled", "Cancelling")}
_SIGNS |= {f"prefect.flow-run.{name}" for name in ("Crashed", "Suspended", "Paused", "Scheduled")}
_SIGNS |= {f"prefect.flow-run.{name}" for name in ("AwaitingRetry", "Retrying", "Late", "Resuming")}
_RUN = {"prefect.resource.id": "prefect.flow-run.*"}
_DEPLOYED = {"prefect.resource.role": "deployment"}
_AT_ONCE: Any = {"posture": Posture.Reactive, "threshold": 1, "within": timedelta(0)}
_NEWS = {Event.REFUSED, Event.UNDECIDED, Event.PROMOTED, Event.ROLLED_BACK, Event.CONFIRMED}
_NEWS |= {Event.DRIFTED, Event.ANOMALOUS, Event.DECAYED, Event.LEFT_ALONE}


def wanted_automations(
    deployments: Mapping[str, UUID], tell: Sequence[ActionTypes], settings: ServiceSettings
) -> list[AutomationCore]:
    """Every automation, given the deployments' ids and the ways in which people are told."""
    drift = RunDeployment(
        deployment_id=deployments["retrain-on-drift"],
        parameters={"request": {name: _of_event(name) for name in ("model", "data", "reason")}},
    )
    batch = RunDeployment(
        deployment_id=deployments["monitor"],
        parameters={"request": {name: _of_event(name) for name in ("model", "data")}},
    )
    return [
        *_retraining(drift, settings),
        _automation(
            "look at a new batch",
            "Whoever delivers data emits mintmark.batch.arrived with the model and the path.",
            _on({"mintmark.batch.arrived"}),
            batch,
        ),
        *_recovery(),
        *_news(tell),
    ]


def _retraining(retrain: RunDeployment, settings: ServiceSettings) -> list[AutomationCore]:
    """What the alarms start that are to start something: odd rows are what a model is to find."""
    asked = {Event.DRIFTED: settings.loop.on_drift, Event.DECAYED: settings.loop.on_decay}
    alarms = {event for event, is_asked in asked.items() if is_asked}
    if not alarms:
        return []
    cool_down = timedelta(minutes=settings.cool_down_minutes)
    return [
        _automation(
            "retrain a model that drifted",
            "Or decayed: one run for each model and cool-down, however many alarms there are.",
            _on(alarms, within=cool_down, for_each={"prefect.resource.id"}),
            retrain,
        )
    ]


def _news(tell: Sequence[ActionTypes]) -> list[AutomationCore]:
    if not tell:
        return []
    failed = EventTrigger(
        expect={"prefect.flow-run.Failed"}, match=_RUN, match_related=_DEPLOYED, **_AT_ONCE
    )
    return [
        _automation(
            "tell people what became of a model",
            "Refused, undecided, promoted, confirmed, rolled back, drifted, decayed, left alone; "
            "odd rows.",
            _on(_NEWS),
            *tell,
        ),
        _automation("tell people of failures", "Runs of a deployment.", failed, *tell),
    ]


def _recovery() -> list[AutomationCore]:
    """Runs that crashed or fell silent come back, as the same run."""
    silent = ChangeFlowRunState(
        state=StateType.SCHEDULED,
        name="AwaitingRetry",
        message=SILENT,
        force=True,  # at once: after a restart the server holds back what follows a crash
    )
    again = ChangeFlowRunState(
        state=StateType.SCHEDULED, name="AwaitingRetry", message="It crashed and comes back."
    )
    return [
        _automation(
            "a run that fell silent comes back",
            f"No heartbeat for {_SILENCE.seconds} seconds.",
            _unless(_SIGNS | {_HEARTBEAT}, after={_HEARTBEAT}, within=_SILENCE),
            silent,
        ),
        _automation(
            "a run that never began comes back",
            "Its worker took it and was gone before it ran.",
            _unless(
                _SIGNS | {_HEARTBEAT, "prefect.flow-run.Running"},
                after={"prefect.flow-run.Pending"},
                within=_STARTING,
            ),
            silent,
        ),
        _automation(
            "a run that crashed comes back",
            "As the same run, from its checkpoint, max_attempts times (infra/deployments.yaml).",
            EventTrigger(
                expect={"prefect.flow-run.Crashed"}, match=_RUN, match_related=_DEPLOYED, **_AT_ONCE
            ),
            again,
        ),
    ]


def _automation(
    name: str, description: str, trigger: EventTrigger, *actions: ActionTypes
) -> AutomationCore:
    return AutomationCore(
        name=PREFIX + name, description=description, trigger=trigger, actions=list(actions)
    )


def _on(
    events: AbstractSet[str],
    *,
    within: timedelta = timedelta(0),
    for_each: AbstractSet[str] = frozenset(),
) -> EventTrigger:
    """At one of `events`; then not again `within` that time, for each value of `for_each`."""
    return EventTrigger(
        expect={str(event) for event in events},
        for_each=set(for_each),
        **(_AT_ONCE | {"within": within}),
    )


def _unless(signs: set[str], *, after: set[str], within: timedelta) -> EventTrigger:
    """When a deployed run gives none of `signs` `within` that time of an event in `after`."""
    return EventTrigger(
        after=after,
        expect=signs,
        match=_RUN,
        match_related=_DEPLOYED,
        for_each={"prefect.resource.id"},
        posture=Posture.Proactive,
        threshold=1,
        within=within,
    )


def _of_event(name: str) -> dict[str, str]:
    """A parameter taken from the event's payload, empty where it is not there."""
    return {"__prefect_kind": "jinja", "template": f"{{{{ event.payload.get('{name}', '') }}}}"}


def apply_automations(client: SyncPrefectClient, wanted: list[AutomationCore]) -> list[str]:
    """Make ours as `wanted`, touching none that is so already; the names of those changed.

    An automation that is left alone keeps its count: a cool-down goes on.
    """
    found = {each.name: each for each in client.read_automations()}
    ours = {name for name in found if name.startswith(PREFIX)}
    changed = []
    for each in wanted:
        before = found.get(each.name)
        if before is None:
            client.create_automation(each)
        elif not _is_same(before, each):
            client.update_automation(before.id, each)
        else:
            continue
        changed.append(each.name)
    for name in ours - {each.name for each in wanted}:
        client.delete_automation(found[name].id)
        changed.append(name)
    return changed


def _is_same(before: AutomationCore, wanted: AutomationCore) -> bool:
    """True where nothing would change; sets are compared as such, whatever their order was."""
    names = AutomationCore.model_fields
    return all(getattr(before, name) == getattr(wanted, name) for name in names)
