"""A race of generators on a budget, and the winner fitted on all rows."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from components.config import (
    SHARING_CROWD,
    SHARING_TREES,
    UNSHARED_COPULA,
    UNSHARED_GAN,
    AutoConfig,
    AutoregressiveConfig,
    CopulaConfig,
    CtganConfig,
    ForestConfig,
    ModelConfig,
    Purpose,
    ResampledConfig,
    Split,
    TreesConfig,
)
from components.data.table import Table
from components.errors import UserError
from components.evaluation.evaluate import RANDOM
from components.evaluation.evidence import Outcome
from components.models.catalog import make_model
from components.models.contract import LogMetrics, TabularModel, log_nothing
from components.racing.course import Course, Purse
from components.racing.parts import HELD_OUT_SHARE, hold_out
from components.racing.resampling import resampled
from components.racing.standing import Race, Runner, standing, title_of

logger = logging.getLogger(__name__)

ROOM = 0.25
"""Where rows that passed use up less than this of the gate of likeness, there is little to win."""

SMALL_CROWD = 10
"""Rows behind every number of trees that are to be more alike; some tables let them pass."""
CAREFUL = AutoregressiveConfig(gap_weight=1.0)
"""The network that is to learn less of its rows, for more of a price on the gap."""


@dataclass(frozen=True)
class Fitted:
    """A generator fitted on all rows, and the race it won, if there was one."""

    model: TabularModel
    race: Race | None


def fit_chosen(
    config: ModelConfig | AutoConfig,
    table: Table,
    *,
    seed: int,
    log: LogMetrics = log_nothing,
    checkpoint_dir: Path | None = None,
    workers: int = 1,
    split: Split = RANDOM,
) -> Fitted:
    """The generator that `config` names, or that wins the race it asks for, fitted on `table`.

    One that is to be resampled races against itself as it is. So many `workers` run a race. How
    test rows were parted from those of `table` is `split`: a race parts them so too.
    """
    race = None
    if isinstance(config, AutoConfig):
        race = run_race(table, config, seed=seed, workers=workers, split=split)
        config = race.winner.model
    elif isinstance(config, ResampledConfig):
        race = try_judge(table, config, seed=seed, split=split)
        config = race.winner.model
    model = fit_model(config, table, seed=seed, log=log, checkpoint_dir=checkpoint_dir)
    return Fitted(model, race)


def fit_model(
    config: ModelConfig,
    table: Table,
    *,
    seed: int,
    log: LogMetrics = log_nothing,
    checkpoint_dir: Path | None = None,
) -> TabularModel:
    """The generator of these settings, fitted on `table` without a race."""
    model = make_model(config, table.schema.constraints)
    model.fit(table, seed=seed, log=log, checkpoint_dir=checkpoint_dir)
    return model


def _always_needed(runners: Sequence[Runner]) -> str:
    """Empty whoever has run."""
    return ""


def _one_passed(runners: Sequence[Runner]) -> str:
    """Who passed already, where the others would be less like real rows; or empty."""
    for runner in runners:
        if runner.outcome is Outcome.PASSED:
            return f"{runner.name} passed, and its rows are as a rule more like real ones"
    return ""


def _little_to_win(runners: Sequence[Runner]) -> str:
    """Whose lead leaves little to win, since likeness decides among those that passed; or empty."""
    for runner in runners:
        if runner.outcome is Outcome.PASSED and runner.unlikeness < ROOM:
            return f"{runner.name} passed, and its rows can hardly be told from real ones"
    return ""


def _careful_enough(runners: Sequence[Runner]) -> str:
    """Which network passed that learns more of its rows, or who leaves little to win; or empty."""
    for runner in runners:
        if isinstance(runner.model, AutoregressiveConfig) and runner.outcome is Outcome.PASSED:
            return f"{runner.name} passed, and learns more of the rows"
    return _little_to_win(runners)


@dataclass(frozen=True)
class Wave:
    """Generators that run at once, unless those that have run make them `needless`: says why."""

    models: tuple[ModelConfig, ...]
    needless: Callable[[Sequence[Runner]], str] = _always_needed


def candidates(purpose: Purpose) -> tuple[Wave, ...]:
    """The generators that compete, in waves, the quickest first."""
    if purpose is Purpose.SHARING:
        return (
            Wave((SHARING_TREES, SHARING_TREES.model_copy(update={"crowd": SMALL_CROWD}))),
            Wave((ForestConfig(), TreesConfig(crowd=SHARING_CROWD), CopulaConfig()), _one_passed),
            Wave((AutoregressiveConfig(),), _little_to_win),
            Wave((CAREFUL,), _careful_enough),
        )
    return (Wave((UNSHARED_COPULA, TreesConfig(), AutoregressiveConfig())),)


def last_resort(purpose: Purpose) -> ModelConfig:
    """What takes longer than all candidates together, and runs where these are all refused."""
    return CtganConfig() if purpose is Purpose.SHARING else UNSHARED_GAN


def run_race(
    table: Table, config: AutoConfig, *, seed: int, workers: int = 1, split: Split = RANDOM
) -> Race:
    """Fit the candidates on a part of `table`, judge them on the rest, the quickest first.

    The best outcome wins, and among equals the rows most like real ones (`standing`). Who leads
    then runs with a judge too, which is kept if it earns its place (`why_not`). The first one
    always runs; one that cannot learn the table is left out, so are those that others make needless
    (`Wave`), and the last resort unless all others are refused. So many `workers` run at once, each
    on one thread: where the budget leaves none out, their number changes nothing but the seconds.
    Raises UserError where the rows are too few to hold some out, or no generator can
    learn them.
    """
    parts = hold_out(table, config.held_out_share, seed, split)
    course = Course(parts, config.purpose, seed, Purse(config.budget_seconds, workers))
    for wave in candidates(config.purpose):
        if reason := wave.needless(course.runners):
            course.leave_out(wave.models, reason)
        else:
            course.run(wave.models)
    last = last_resort(config.purpose)
    if all(runner.outcome is Outcome.REFUSED for runner in course.runners):
        course.run([last])
    else:
        course.leave_out([last], "it takes the longest, and quicker ones are not refused")
    if not course.runners:
        reason = next(iter(course.left_out.values()))
        raise UserError(f"no generator can learn the table: {reason}")
    leader, *_ = standing(course.runners)
    if (judged := resampled(leader)) is not None:
        if reason := _little_to_win(course.runners) or course.purse.too_late(leader.seconds):
            course.leave_out([judged], reason)
        else:
            course.run_judged(judged)
    race = course.ended(standing(course.runners))
    logger.info("race: %s won of %d", race.winner.name, len(race.runners))
    return race


def try_judge(table: Table, config: ResampledConfig, *, seed: int, split: Split = RANDOM) -> Race:
    """The generator as it is against itself with a judge, by the gates for sharing.

    The judge wins where `why_not` has nothing against it. Raises UserError as `run_race` does.
    """
    course = Course(hold_out(table, HELD_OUT_SHARE, seed, split), Purpose.SHARING, seed)
    course.run([config.generator])
    if not course.runners:
        raise UserError(course.left_out[title_of(config.generator)])
    course.run_judged(config)
    return course.ended(tuple(reversed(course.runners)))
