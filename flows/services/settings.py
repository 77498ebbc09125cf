"""What the services do by themselves: `infra/deployments.yaml`, or another file."""

import os
from functools import cached_property
from pathlib import Path

from pydantic import Field, ValidationError

from components.config import Settings
from components.config.wrong_settings import wrong_settings
from components.config.yaml_text import parse_yaml
from components.errors import UserError
from flows.project import PROJECT

DEPLOYMENTS_VARIABLE = "MINTMARK_DEPLOYMENTS"
"""Names a file to read instead of `infra/deployments.yaml`."""


class LoopSettings(Settings):
    """What starts a retraining by itself, what holds it back, and how its outcome is watched.

    `on_drift` and `on_decay` say which alarms have a model trained again.
    Every labelled window is kept, the newest `keep_windows` of a model; it is trained again on its
    champion's rows and the windows since, the newest `retrain_rows` rows in all. At most
    `max_retrains` of a model are started in `budget_days` days, none on fewer than `min_new_rows`
    new rows. A champion has decayed where its lift fell by more than `lift_margin`, its level by
    more than `level_margin`, or where new rows would add more than `news_margin`; None is never. A
    new one is watched beside the one before it for `bake_looks` labelled windows (0: not at all),
    and may lose `bake_margin`.
    """

    on_drift: bool
    on_decay: bool
    keep_windows: int = Field(ge=1)
    retrain_rows: int = Field(ge=100)
    max_retrains: int = Field(ge=0)
    budget_days: float = Field(gt=0)
    min_new_rows: int = Field(ge=1)
    lift_margin: float | None = Field(ge=0)
    level_margin: float | None = Field(ge=0)
    news_margin: float | None = Field(ge=0)
    bake_looks: int = Field(ge=0)
    bake_margin: float = Field(ge=0)


class ServiceSettings(Settings):
    """Schedules, limits and patience. Crons are in `timezone`; an empty one, or 0, is never.

    Numbers for Prometheus are at `metrics_port`; 0 for none.
    """

    retrain_cron: str
    monitor_minutes: int = Field(ge=0)
    collect_cron: str
    timezone: str
    keep_days: int = Field(ge=1)
    cool_down_minutes: float = Field(gt=0)
    loop: LoopSettings
    max_attempts: int = Field(ge=1)
    retry_seconds: float = Field(gt=0)
    runs_at_once: int | None = Field(ge=1)
    cpu_slots: int | None = Field(ge=1)
    gpu_slots: int | None = Field(ge=1)
    metrics_port: int = Field(ge=0, le=65_535)

    @cached_property
    def num_runs(self) -> int:
        """How many flow runs the worker has at a time."""
        return self.runs_at_once or os.cpu_count() or 1

    @cached_property
    def num_cpu_slots(self) -> int:
        """How many trainings and evaluations there are at a time: each uses two threads."""
        return self.cpu_slots or max(1, (os.cpu_count() or 1) // 2)

    @cached_property
    def num_gpu_slots(self) -> int:
        """How many trainings on GPUs there are at a time: one on each, and one to say it has none.

        GPUs are counted by their device files: importing torch takes seconds.
        """
        return self.gpu_slots or max(1, len(list(Path("/dev").glob("nvidia[0-9]*"))))


def read_service_settings() -> ServiceSettings:
    """The settings; raises UserError naming each that is wrong."""
    path = Path(os.environ.get(DEPLOYMENTS_VARIABLE) or PROJECT / "infra" / "deployments.yaml")
    if not path.is_file():
        raise UserError(f"no settings of the services at {path}")
    raw = parse_yaml(path.read_bytes(), str(path))
    try:
        return ServiceSettings.model_validate(raw)
    except ValidationError as error:
        wrong = wrong_settings(error, ServiceSettings, raw, "")
        raise UserError(f"wrong settings in {path}: {wrong}") from error
