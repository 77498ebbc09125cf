"""What holds back a retraining that an alarm asks for: one line each, and nothing is started."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from components.data.union import Union
from components.monitoring.report import Unit
from components.registry.watching.retrains import Retraining
from flows.services.settings import ServiceSettings


def why_not_now(earlier: Sequence[Retraining], settings: ServiceSettings) -> str:
    """Why no training of a model begins now, in words, empty where one may.

    `earlier` are its retrainings so far, the newest first.
    """
    now, loop = datetime.now(UTC), settings.loop
    if earlier and now - earlier[0].when < timedelta(minutes=settings.cool_down_minutes):
        return f"cool-down: {_run(earlier[0])} began within {settings.cool_down_minutes:g} minutes"
    recent = [each for each in earlier if now - each.when < timedelta(days=loop.budget_days)]
    if len(recent) >= loop.max_retrains:
        return (
            f"budget: {len(recent)} retrainings began within {loop.budget_days:g} days, and "
            f"{loop.max_retrains} are allowed (loop.max_retrains)"
        )
    return ""


def why_not_on(
    union: Union,
    sha256: str,
    earlier: Sequence[Retraining],
    settings: ServiceSettings,
    unit: Unit,
) -> str:
    """Why the union with this hash teaches nothing new, in words, empty where it does."""
    fewest = settings.loop.min_new_rows
    if union.num_new < fewest:
        return (
            f"too few {unit.plural}: {union.num_new:,} labelled {unit.plural} are new to the "
            f"champion, and {fewest:,} are asked for (loop.min_new_rows)"
        )
    same = next((each for each in earlier if each.data_sha256 == sha256), None)
    return (
        "" if same is None else f"unchanged data: {_run(same)} was on the very same {unit.plural}"
    )


def _run(earlier: Retraining) -> str:
    return f"the flow run {earlier.flow_run} of {earlier.when:%Y-%m-%d %H:%M} UTC"
