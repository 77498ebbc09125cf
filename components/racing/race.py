"""A race of generators on a budget, and the winner fitted on all rows."""

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from components.config import (
    SHARING_CROWD,
    SHARING_TREES,
    AutoConfig,
    AutoregressiveConfig,
    CopulaConfig,
    CtganConfig,
    EvaluateConfig,
    ModelConfig,
    Purpose,
    ResampledConfig,
    TreesConfig,
)
from components.data.table import Table
from components.errors import UserError
from components.evaluation.case import Case, canonical
from components.evaluation.catalog import evaluators_for
from components.evaluation.evidence import Outcome
from components.evaluation.gates import judge
from components.models.catalog import make_model
from components.models.contract import Budget, LogMetrics, TabularModel, log_nothing
from components.racing.resampling import resampled, why_not
from components.racing.standing import Race, Runner, runner_of, standing, title_of

logger = logging.getLogger(__name__)

MOST_RACED = 30_000
"""Of more training rows, so many at random take part in a race."""

HELD_OUT_SHARE: float = AutoConfig.model_fields["held_out_share"].default
FEWEST_HELD_OUT = 30
SPARE = 0.2
"""A generator is begun only where this share of the budget is left."""

SMALL_CROWD = 10
"""Rows behind every number of trees that are to be more alike; some tables let them pass."""
CAREFUL = 1.0
"""The price on the gap of a network that is to learn less of its rows."""

_SPLIT_STREAM = 0x7ACE


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
) -> Fitted:
    """The generator that `config` names, or that wins the race it asks for, fitted on `table`.

    One that is to be resampled races against itself as it is.
    """
    race = None
    if isinstance(config, AutoConfig):
        race = run_race(table, config, seed=seed)
        config = race.winner.model
    elif isinstance(config, ResampledConfig):
        race = try_judge(table, config, seed=seed)
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


def can_race(table: Table, config: AutoConfig) -> bool:
    """Whether so many rows can be held out of `table` that a race tells anything."""
    return round(config.held_out_share * len(table)) >= 2 * FEWEST_HELD_OUT


def candidates(purpose: Purpose) -> tuple[ModelConfig, ...]:
    """The generators that compete, the quickest first."""
    if purpose is Purpose.SHARING:
        return (
            CopulaConfig(),
            TreesConfig(crowd=SHARING_CROWD),
            SHARING_TREES,
            SHARING_TREES.model_copy(update={"crowd": SMALL_CROWD}),
            AutoregressiveConfig(),
            AutoregressiveConfig(gap_weight=CAREFUL),
            CtganConfig(),
        )
    return (CopulaConfig(), TreesConfig(), AutoregressiveConfig(), CtganConfig())


def run_race(table: Table, config: AutoConfig, *, seed: int) -> Race:
    """Fit the candidates on a part of `table`, judge them on the rest, the quickest first.

    The best outcome wins, and among equals the rows most like real ones (`standing`). Who leads
    then runs with a judge too, which is kept if it earns its place (`why_not`). The first one
    always runs; one that cannot learn the table is left out, and the GAN, which takes longer than
    the others together, unless these are all refused. Raises UserError where the rows are too few
    to hold some out, or no generator can learn them.
    """
    inside, held_out = hold_out(table, config.held_out_share, seed)
    started = time.monotonic()
    runners: list[Runner] = []
    left_out = {}
    for model in candidates(config.purpose):
        left = config.budget_seconds - (time.monotonic() - started)
        if runners and left < SPARE * config.budget_seconds:
            left_out[title_of(model)] = f"{left:.0f} s of {config.budget_seconds:g} s were left"
            continue
        if isinstance(model, CtganConfig) and not _all_refused(runners):
            left_out[title_of(model)] = "it takes the longest, and quicker ones are not refused"
            continue
        budget = Budget(left) if runners else Budget()
        try:
            runners.append(_run(model, inside, held_out, config.purpose, budget, seed))
        except UserError as error:  # such as a column of more categories than it learns
            left_out[title_of(model)] = str(error)
            logger.info("race: %s cannot learn the table: %s", title_of(model), error)
            continue
        logger.info("race: %s is %s", title_of(model), runners[-1].outcome)
    if not runners:
        raise UserError(f"no generator can learn the table: {next(iter(left_out.values()))}")
    leader, *_ = standing(runners)
    judged = resampled(leader)
    left = config.budget_seconds - (time.monotonic() - started)
    if judged is not None and left < max(leader.seconds, SPARE * config.budget_seconds):
        left_out[title_of(judged)] = f"{left:.0f} s of {config.budget_seconds:g} s were left"
    elif judged is not None:
        _add_judged(judged, runners, left_out, (inside, held_out), config.purpose, seed)
    race = Race(
        num_train=len(inside),
        num_held_out=len(held_out),
        runners=standing(runners),
        left_out=left_out,
    )
    logger.info("race: %s won of %d", race.winner.name, len(runners))
    return race


def try_judge(table: Table, config: ResampledConfig, *, seed: int) -> Race:
    """The generator as it is against itself with a judge, by the gates for sharing.

    The judge wins where `why_not` has nothing against it. Raises UserError as `run_race` does.
    """
    parts = hold_out(table, HELD_OUT_SHARE, seed)
    runners = [_run(config.generator, *parts, Purpose.SHARING, Budget(), seed)]
    left_out: dict[str, str] = {}
    _add_judged(config, runners, left_out, parts, Purpose.SHARING, seed)
    return Race(
        num_train=len(parts[0]),
        num_held_out=len(parts[1]),
        runners=tuple(reversed(runners)),
        left_out=left_out,
    )


def _add_judged(
    config: ResampledConfig,
    runners: list[Runner],
    left_out: dict[str, str],
    parts: tuple[Table, Table],
    purpose: Purpose,
    seed: int,
) -> None:
    """Let the judge of one of the runners run too, and leave it out where it earns nothing."""
    plain = next(runner for runner in runners if runner.model == config.generator)
    judged = _run(config, *parts, purpose, Budget(), seed)
    reason = why_not(plain, judged)
    logger.info("race: %s %s", judged.name, reason or f"is {judged.outcome}")
    if reason:
        left_out[judged.name] = reason
    else:
        runners.append(judged)


def _all_refused(runners: Sequence[Runner]) -> bool:
    return all(runner.outcome is Outcome.REFUSED for runner in runners)


def _run(
    config: ModelConfig, inside: Table, held_out: Table, purpose: Purpose, budget: Budget, seed: int
) -> Runner:
    """One generator's turn: fitted, sampled from, and judged by the gates of the purpose."""
    settings = EvaluateConfig(purpose=purpose, seed=seed)
    gated = {gate.metric for gate in settings.gates}
    with threadpool_limits(1):  # threads that wait for one another keep others waiting too
        case, seconds = drawn_case(config, inside, held_out, settings, budget)
        found = [
            measurement
            for evaluator in evaluators_for(purpose, can_refit=False)
            if gated & {metric.name for metric in evaluator.metrics}
            for measurement in evaluator.run(case, log_nothing).measurements
        ]
        return runner_of(config, seconds, found, judge(found, settings.gates, purpose))


def drawn_case(
    config: ModelConfig,
    inside: Table,
    held_out: Table,
    settings: EvaluateConfig,
    budget: Budget = Budget(),  # noqa: B008 - frozen
) -> tuple[Case, float]:
    """What a generator fitted on the rows `inside` draws, as a case; the seconds that it took."""
    seed, started = settings.seed, time.monotonic()
    model = make_model(config, inside.schema.constraints)
    model.fit(inside, seed=seed, budget=budget)
    drawn = Table(model.sample(len(inside), seed=seed), inside.schema)
    seconds = time.monotonic() - started
    case = Case(
        train=canonical(inside, seed),
        test=canonical(held_out, seed),
        synthetic=canonical(drawn, seed),
        config=settings,
        make_and_fit=None,
    )
    return case, seconds


def hold_out(table: Table, share: float, seed: int) -> tuple[Table, Table]:
    """The rows that are learned from, and those held out, of each class the same share.

    Raises UserError where they are too few.
    """
    rng = np.random.default_rng([seed, _SPLIT_STREAM])
    rows = rng.permutation(len(table))[:MOST_RACED]
    if len(table) > MOST_RACED:
        logger.info("race: %d of %d training rows take part", MOST_RACED, len(table))
    held = [part[: round(share * len(part))] for part in _by_class(table, rows)]
    held_out = np.sort(np.concatenate(held))
    if len(held_out) < FEWEST_HELD_OUT:
        raise UserError(
            f"{len(table)} training rows are too few for a race: {len(held_out)} would be held "
            f"out, and {FEWEST_HELD_OUT} are needed; name a generator (train.model.name)"
        )
    return table.take(np.setdiff1d(rows, held_out)), table.take(held_out)


def _by_class(table: Table, rows: NDArray[np.int64]) -> Sequence[NDArray[np.int64]]:
    """`rows` apart by the target's class, in their order; all together where it is a number."""
    if not table.schema.is_classification:
        return [rows]
    codes = table.frame[table.schema.target].astype("category").cat.codes.to_numpy()[rows]
    return [rows[codes == code] for code in np.unique(codes)]
