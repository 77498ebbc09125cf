"""The deployments: which flows can be started from the pages, by the clock and by events."""

import hashlib
import json
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import DeploymentScheduleCreate, WorkPoolCreate, WorkPoolUpdate
from prefect.client.schemas.objects import VersionInfo
from prefect.client.schemas.schedules import CronSchedule, IntervalSchedule
from prefect.deployments.runner import RunnerDeployment
from prefect.exceptions import ObjectNotFound
from prefect.flows import Flow
from prefect.types.entrypoint import EntrypointType
from prefect.utilities.importtools import import_object
from prefect.workers.process import ProcessWorker

from flows.automations import apply_automations, wanted_automations
from flows.notifications import ways_to_tell
from flows.project import PROJECT
from flows.services.running import WORK_POOL
from flows.services.settings import ServiceSettings
from flows.services.slots import CPU, GPU, slot_of_machine

Schedule = CronSchedule | IntervalSchedule
_OURS = "mintmark-"


@dataclass(frozen=True)
class Deployed:
    """A flow that can be started, by its full name; when, and what it is asked for by the clock.

    Without a `request` the form must be filled in.
    """

    entrypoint: str
    schedule: Schedule | None = None
    request: Mapping[str, Any] | None = None


def wanted_deployments(settings: ServiceSettings) -> dict[str, Deployed]:
    """Every deployment by name. A new one is a flow with a form, and a line here."""
    minutes = timedelta(minutes=settings.monitor_minutes)
    often = IntervalSchedule(interval=minutes) if minutes else None
    weekly = _cron(settings.retrain_cron, settings)
    return {
        "retrain": Deployed("flows.retrain.retrain", weekly, {}),
        "retrain-on-drift": Deployed("flows.retrain_on_drift.retrain_on_drift"),
        "race": Deployed("flows.race.race"),
        "promote": Deployed("flows.promote.promote"),
        "rollback": Deployed("flows.promote.rollback"),
        "release": Deployed("flows.release.release"),
        "monitor": Deployed("flows.monitor.monitor", often, {}),
        "collect": Deployed(
            "flows.collect.collect",
            _cron(settings.collect_cron, settings),
            {"keep_days": settings.keep_days},
        ),
    }


def _cron(cron: str, settings: ServiceSettings) -> CronSchedule | None:
    return CronSchedule(cron=cron, timezone=settings.timezone) if cron else None


def apply_deployments(settings: ServiceSettings, *, many_machines: bool = False) -> list[str]:
    """Make pool, slots, deployments, schedules and automations as wanted; what was changed.

    What is so already is not touched, nor is any schedule or automation that people added. With
    `many_machines`, each worker brings its own place, interpreter, limit and slots.
    """
    with get_client(sync_client=True) as client:
        _apply_pool(client, settings, many_machines=many_machines)
        if not many_machines:
            apply_slots(client, settings)
        changed, identifiers = [], {}
        for name, wanted in wanted_deployments(settings).items():
            identifiers[name], is_changed = _apply(client, name, wanted)
            changed += [name] if is_changed else []
        automations = wanted_automations(identifiers, ways_to_tell(client), settings)
        return changed + apply_automations(client, automations)


def apply_slots(client: SyncPrefectClient, settings: ServiceSettings, machine: str = "") -> None:
    """The slots of a machine, as many as the settings say."""
    counts = {CPU: settings.num_cpu_slots, GPU: settings.num_gpu_slots}
    for kind, count in counts.items():
        client.upsert_global_concurrency_limit_by_name(slot_of_machine(kind, machine), count)


def remove_slots(client: SyncPrefectClient, machine: str) -> None:
    """Forget the slots of a machine that takes no more runs."""
    for kind in (CPU, GPU):
        with suppress(ObjectNotFound):
            client.delete_global_concurrency_limit_by_name(slot_of_machine(kind, machine))


def _apply_pool(
    client: SyncPrefectClient, settings: ServiceSettings, *, many_machines: bool
) -> None:
    """The work pool, which runs each flow in a process of its own from its worker's checkout."""
    template = ProcessWorker.get_default_base_job_template()
    properties = template["variables"]["properties"]
    # said in words, or Prefect gives the flow a session of its own, in which it outlives its worker
    python = "python" if many_machines else sys.executable
    properties["command"]["default"] = f"{python} -m prefect.engine"
    if not many_machines:
        properties["working_dir"]["default"] = str(PROJECT)
    limit = None if many_machines else settings.num_runs
    try:
        client.read_work_pool(WORK_POOL)
    except ObjectNotFound:
        client.create_work_pool(
            WorkPoolCreate(name=WORK_POOL, type="process", base_job_template=template)
        )
    update = WorkPoolUpdate(base_job_template=template, concurrency_limit=limit)
    client.update_work_pool(WORK_POOL, update)


def _apply(client: SyncPrefectClient, name: str, wanted: Deployed) -> tuple[UUID, bool]:
    """The deployment's id, and whether anything about it had to be changed."""
    deployment = build_deployment(name, wanted)
    full_name = f"{deployment.flow_name}/{name}"
    try:
        found = client.read_deployment_by_name(full_name)
    except ObjectNotFound:
        found = None
    if found is not None and found.version == deployment.version:
        return found.id, _apply_schedule(client, found.id, wanted)
    # said here, or Prefect puts the checkout's commit in its place, and all is applied each time
    deployment.apply(version_info=VersionInfo(type="prefect:simple", version=deployment.version))
    found = client.read_deployment_by_name(full_name)
    _apply_schedule(client, found.id, wanted)
    return found.id, True


def build_deployment(name: str, wanted: Deployed) -> RunnerDeployment:
    """The deployment, its version a hash of all that defines it."""
    flow: Flow[..., Any] = import_object(wanted.entrypoint)
    deployment = flow.to_deployment(
        name,
        description=_first_paragraph(flow),
        parameters=None if wanted.request is None else {"request": dict(wanted.request)},
        work_pool_name=WORK_POOL,
        entrypoint_type=EntrypointType.MODULE_PATH,
    )
    assert isinstance(deployment, RunnerDeployment)
    schema = deployment._parameter_openapi_schema.model_dump(mode="json")
    facts = [deployment.model_dump(mode="json", exclude={"version"}), schema]
    digest = hashlib.sha256(json.dumps(facts, sort_keys=True, default=str).encode())
    deployment.version = digest.hexdigest()[:12]
    return deployment


def _first_paragraph(flow: Flow[..., Any]) -> str:
    return (flow.fn.__doc__ or "").partition("\n\n")[0]


def _apply_schedule(client: SyncPrefectClient, deployment: UUID, wanted: Deployed) -> bool:
    """Whether our schedule had to be changed; schedules that people made stay as they are."""
    slug = ""
    if wanted.schedule is not None:
        digest = hashlib.sha256(wanted.schedule.model_dump_json(exclude={"anchor_date"}).encode())
        slug = f"{_OURS}{digest.hexdigest()[:12]}"
    found = {
        schedule.slug or "": schedule
        for schedule in client.read_deployment_schedules(deployment)
        if (schedule.slug or "").startswith(_OURS)
    }
    stale = [schedule for name, schedule in found.items() if name != slug]
    for schedule in stale:
        client.delete_deployment_schedule(deployment, schedule.id)
    is_new = wanted.schedule is not None and slug not in found
    if is_new:
        create = DeploymentScheduleCreate(schedule=wanted.schedule, active=True, slug=slug)
        client.create_deployment_schedules(deployment, [create])
    return is_new or bool(stale)
