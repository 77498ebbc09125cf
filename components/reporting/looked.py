"""What a monitor's page is drawn from."""

from dataclasses import dataclass
from datetime import datetime

from components.monitoring.report import DriftReport


@dataclass(frozen=True)
class Looked:
    """One look that was kept: when, at which version's rows, where they were, what was found."""

    when: datetime
    version: str
    data: str
    report: DriftReport


@dataclass(frozen=True)
class Done:
    """What was done with a version, when, and why."""

    when: datetime
    action: str
    version: str
    reason: str
