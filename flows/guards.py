"""What holds back a retraining that an alarm asks for: one line each, and nothing is started."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from components.data.sources import hash_source
from components.data.union import Union
from components.registry.retrains import Retraining
from flows.service_settings import ServiceSettings
from flows.version_rows import VersionRows


def why_left_alone(
    champion: VersionRows,
    union: Union,
    earlier: list[Retraining],
    settings: ServiceSettings,
) -> str:
    """Why the model is not trained again now, in words, empty where it is.

    `earlier` are the retrainings of the model so far, the newest first.
    """
    return next(_reasons(champion, union, earlier, settings), "")


def _reasons(
    champion: VersionRows, union: Union, earlier: list[Retraining], settings: ServiceSettings
) -> Iterator[str]:
    now, loop = datetime.now(UTC), settings.loop
    cool_down = timedelta(minutes=settings.cool_down_minutes)
    if earlier and now - earlier[0].when < cool_down:
        yield (f"cool-down: {_run(earlier[0])} began within {settings.cool_down_minutes:g} minutes")
    recent = [each for each in earlier if now - each.when < timedelta(days=loop.budget_days)]
    if len(recent) >= loop.max_retrains:
        yield (
            f"budget: {len(recent)} retrainings began within {loop.budget_days:g} days, and "
            f"{loop.max_retrains} are allowed (loop.max_retrains)"
        )
    if union.num_new < loop.min_new_rows:
        yield (
            f"too few rows: {union.num_new} labelled rows are new to version {champion.version}, "
            f"and {loop.min_new_rows} are asked for (loop.min_new_rows)"
        )
    sha256 = hash_source(str(union.folder))
    same = next((each for each in earlier if each.data_sha256 == sha256), None)
    if same is not None:
        yield f"unchanged data: {_run(same)} was on the very same rows"


def _run(earlier: Retraining) -> str:
    return f"the flow run {earlier.flow_run} of {earlier.when:%Y-%m-%d %H:%M} UTC"
