"""What new labelled rows say of a champion: has its benefit decayed, is it worse than the last?"""

from typing import TYPE_CHECKING

import pandas as pd
from prefect.artifacts import create_markdown_artifact
from prefect.logging import get_run_logger

from components.config import Purpose
from components.data.table import Table
from components.errors import UserError
from components.registry.promotion import CHAMPION, ChampionChanged
from components.registry.tracking import connect
from components.registry.watching.baking import Baking, confirm, find_baking, record_bake_look
from components.registry.watching.decay_runs import record_decay
from components.reporting.markdown import escaped
from components.storage.home import Home
from flows.announcements import Event, announce
from flows.promote import RollbackRequest, rollback
from flows.services.settings import LoopSettings, read_service_settings
from flows.watching.arrivals import arrive, news_of, read_taught
from flows.watching.taught import Taught

if TYPE_CHECKING:
    from components.evaluation.live.bake import Bake

_JUDGED = (Purpose.AUGMENTATION, Purpose.SHARING)


def check_benefit(model: str, data: str, run_id: str, home: Home) -> None:
    """Keep the rows at `data` as a window, if they are new, and let them judge the champion.

    What they say goes to the look's run. A champion that is worse than the one before within its
    bake window is rolled back; one whose benefit decayed is told of. Rows without labels, too few
    of them, or rows of other columns say nothing, which is logged.
    """
    logger = get_run_logger()
    settings = read_service_settings().loop
    try:
        champion = read_taught(model, CHAMPION, home)
        arrival = arrive(champion, data, settings, home)
    except UserError as error:
        logger.info("%s: nothing is told of its benefit: %s", model, error)
        return
    if arrival.rows.empty:
        logger.info("%s: nothing is told of its benefit: %s", model, arrival.why_none)
        return
    if champion.params.evaluate.purpose not in _JUDGED:
        logger.info("%s: kept; the benefit for its purpose is not watched", model)
        return
    try:
        if not _bake(champion, champion.as_table(arrival.rows), run_id, settings, home):
            _decay(champion, run_id, arrival.place, settings, home)
    except UserError as error:
        logger.info("%s: kept; nothing is told of its benefit: %s", model, error)


def _decay(champion: Taught, run_id: str, place: str, settings: LoopSettings, home: Home) -> None:
    from components.evaluation.live.decay import (  # scikit-learn takes seconds
        Margins,
        measure_decay,
    )

    model, logger = champion.content.model, get_run_logger()
    margins = Margins(settings.lift_margin, settings.level_margin, settings.news_margin)
    windows = [pd.read_parquet(window.path) for window in news_of(champion, home)]
    train, test, synthetic = map(champion.as_table, (*champion.sides, champion.synthetic))
    found = measure_decay(
        train,
        test,
        [champion.as_table(rows) for rows in windows],
        synthetic=synthetic.frame,
        purpose=champion.params.evaluate.purpose,
        margins=margins,
        seed=champion.params.evaluate.seed,
        unit=champion.unit,
    )
    if isinstance(found, str):
        logger.info("%s: its benefit is not measured: %s", model, found)
        return
    record_decay(connect(home), run_id, found)
    logger.info("%s: %s", model, found.reason)
    _show(model, "benefit", f"version {champion.version}: {found.reason}")
    if found.has_decayed:
        announce(Event.DECAYED, model, version=champion.version, data=place, reason=found.reason)


def _bake(champion: Taught, live: Table, run_id: str, settings: LoopSettings, home: Home) -> bool:
    """Judge a champion in its bake window by new rows; True where it was rolled back."""
    from components.evaluation.live.bake import compare_champions, judge_bake

    client, model = connect(home), champion.content.model
    baking = find_baking(client, model, home) if settings.bake_looks else None
    if baking is None or baking.version != champion.version:
        return False
    logger = get_run_logger()
    try:
        before = read_taught(model, baking.before, home)
        made = [champion.as_table(each.synthetic) for each in (champion, before)]
    except UserError as error:
        logger.info("%s: not compared with the champion before: %s", model, error)
        return False
    found = compare_champions(
        champion.as_table(champion.sides[0]),
        live,
        champion=made[0].frame,
        before=made[1].frame,
        purpose=champion.params.evaluate.purpose,
        seed=champion.params.evaluate.seed,
    )
    if isinstance(found, str):
        logger.info("%s: not compared with the champion before: %s", model, found)
        return False
    looks = [*baking.looks, found][: settings.bake_looks]
    bake = judge_bake(
        looks, looks=settings.bake_looks, margin=settings.bake_margin, unit=champion.unit
    )
    record_bake_look(client, run_id, baking, found, bake)
    logger.info("%s version %s: %s", model, champion.version, bake.reason)
    _show(model, "bake", f"version {champion.version}: {bake.reason}")
    return _follow(baking, bake, home)


def _follow(baking: Baking, bake: "Bake", home: Home) -> bool:
    """Do what the bake window says; True where the champion was rolled back."""
    if bake.is_worse:
        request = RollbackRequest(model=baking.model, reason=bake.reason, expected=baking.version)
        try:
            rollback(request)
        except ChampionChanged as error:
            get_run_logger().info("not rolled back: %s", error)
        return True
    if bake.is_confirmed:
        confirm(connect(home), baking, bake.reason, home)
        announce(Event.CONFIRMED, baking.model, version=baking.version, reason=bake.reason)
    return False


def _show(model: str, key: str, text: str) -> None:
    shown = f"# {escaped(model)}\n\n{escaped(text)}.\n"
    create_markdown_artifact(shown, key=key, description=f"{model} {text}")
