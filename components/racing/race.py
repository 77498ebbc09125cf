"""A race of generators on a budget, and the winner fitted on all rows."""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
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
    EvaluateConfig,
    ModelConfig,
    Purpose,
    ResampledConfig,
    Split,
    TreesConfig,
)
from components.data.table import Table
from components.errors import UserError
from components.evaluation.catalog import evaluators_for
from components.evaluation.evaluate import RANDOM
from components.evaluation.evidence import Outcome
from components.evaluation.gates import judge
from components.evaluation.parallel import run_all
from components.models.catalog import make_model
from components.models.contract import Budget, LogMetrics, TabularModel, log_nothing
from components.racing.parts import HELD_OUT_SHARE, Parts, drawn_case, hold_out
from components.racing.resampling import resampled, why_not
from components.racing.standing import Race, Runner, runner_of, standing, title_of
from components.threads import limited_threads

logger = logging.getLogger(__name__)

SPARE = 0.2
"""A generator is begun only where this share of the budget is left."""

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


def candidates(purpose: Purpose) -> tuple[tuple[ModelConfig, ...], ...]:
    """The generators that compete, in waves, the quickest first."""
    if purpose is Purpose.SHARING:
        return (
            (
                CopulaConfig(),
                TreesConfig(crowd=SHARING_CROWD),
                SHARING_TREES,
                SHARING_TREES.model_copy(update={"crowd": SMALL_CROWD}),
            ),
            (AutoregressiveConfig(),),
            (CAREFUL,),
        )
    return ((UNSHARED_COPULA, TreesConfig(), AutoregressiveConfig()),)


def last_resort(purpose: Purpose) -> ModelConfig:
    """What takes longer than all candidates together, and runs where these are all refused."""
    return CtganConfig() if purpose is Purpose.SHARING else UNSHARED_GAN


def run_race(
    table: Table, config: AutoConfig, *, seed: int, workers: int = 1, split: Split = RANDOM
) -> Race:
    """Fit the candidates on a part of `table`, judge them on the rest, the quickest first.

    The best outcome wins, and among equals the rows most like real ones (`standing`). Who leads
    then runs with a judge too, which is kept if it earns its place (`why_not`). The first one
    always runs; one that cannot learn the table is left out, so are those that take longer once
    `_little_to_win` is, and the last resort unless all others are refused. So many `workers` run
    at once, each on one thread: where the budget leaves none out, their number changes nothing but
    the seconds. Raises UserError where the rows are too few to hold some out, or no generator can
    learn them.
    """
    parts = hold_out(table, config.held_out_share, seed, split)
    purse = _Purse(config.budget_seconds, workers)
    runners: list[Runner] = []
    left_out: dict[str, str] = {}

    def run(wave: Sequence[ModelConfig]) -> None:
        for start in range(0, len(wave), workers):
            turns: dict[str, _Turn] = {}
            for model in wave[start : start + workers]:
                is_first = not runners and not turns
                if not is_first and (reason := purse.too_late()):
                    left_out[title_of(model)] = reason
                    continue
                budget = Budget(None if is_first else purse.left)
                turns[title_of(model)] = partial(_turn, model, parts, config.purpose, budget, seed)
            ends = run_all([*turns.values()], workers=workers)
            for name, (ended, seconds) in zip(turns, ends, strict=True):
                purse.spent += seconds
                _note(name, ended, runners, left_out)

    for wave in candidates(config.purpose):
        if reason := _little_to_win(runners) or _careful_enough(wave, runners):
            left_out |= dict.fromkeys(map(title_of, wave), reason)
        else:
            run(wave)
    last = last_resort(config.purpose)
    if all(runner.outcome is Outcome.REFUSED for runner in runners):
        run([last])
    else:
        left_out[title_of(last)] = "it takes the longest, and quicker ones are not refused"
    if not runners:
        raise UserError(f"no generator can learn the table: {next(iter(left_out.values()))}")
    leader, *_ = standing(runners)
    judged = resampled(leader)
    if judged is not None:
        if reason := _little_to_win(runners) or purse.too_late(leader.seconds):
            left_out[title_of(judged)] = reason
        else:
            _add_judged(judged, runners, left_out, parts, config.purpose, seed)
    race = Race(
        num_train=len(parts.inside),
        num_held_out=len(parts.held_out),
        runners=standing(runners),
        left_out=left_out,
    )
    logger.info("race: %s won of %d", race.winner.name, len(runners))
    return race


def _little_to_win(runners: Sequence[Runner]) -> str:
    """Whose lead leaves little to win, since likeness decides among those that passed; or empty."""
    for runner in runners:
        if runner.outcome is Outcome.PASSED and runner.unlikeness < ROOM:
            return f"{runner.name} passed, and its rows can hardly be told from real ones"
    return ""


def _careful_enough(wave: Sequence[ModelConfig], runners: Sequence[Runner]) -> str:
    """Which network passed that learns more of its rows than the one of `wave`; or empty."""
    for runner in runners:
        is_network = isinstance(runner.model, AutoregressiveConfig)
        if CAREFUL in wave and is_network and runner.outcome is Outcome.PASSED:
            return f"{runner.name} passed, and learns more of the rows"
    return ""


@dataclass
class _Purse:
    """What is left of a budget, in seconds of a processor, where `workers` spend at once.

    By the clock a busy machine would leave others out, and so have another winner.
    """

    seconds: float
    workers: int
    spent: float = 0.0

    @property
    def left(self) -> float:
        return self.seconds - self.spent / self.workers

    def too_late(self, needed: float = 0.0) -> str:
        """Why there is no time for another, empty where there is."""
        if self.left >= max(needed, SPARE * self.seconds):
            return ""
        return f"{max(self.left, 0):.0f} s of a processor's {self.seconds:g} s were left"


_Turn = Callable[[], tuple[Runner | str, float]]


def _turn(
    model: ModelConfig, parts: Parts, purpose: Purpose, budget: Budget, seed: int
) -> tuple[Runner | str, float]:
    """A candidate's turn, or why it cannot learn the table; what that took of a processor."""
    began = time.process_time()
    ended: Runner | str
    try:
        ended = _run(model, parts, purpose, budget, seed)
    except UserError as error:  # such as a column of more categories than it learns
        ended = str(error)
    return ended, time.process_time() - began


def _note(name: str, ended: Runner | str, runners: list[Runner], left_out: dict[str, str]) -> None:
    """Keep how a candidate's turn ended."""
    if isinstance(ended, Runner):
        runners.append(ended)
        logger.info("race: %s is %s", name, ended.outcome)
    else:
        left_out[name] = ended
        logger.info("race: %s is left out: %s", name, ended)


def try_judge(table: Table, config: ResampledConfig, *, seed: int, split: Split = RANDOM) -> Race:
    """The generator as it is against itself with a judge, by the gates for sharing.

    The judge wins where `why_not` has nothing against it. Raises UserError as `run_race` does.
    """
    parts = hold_out(table, HELD_OUT_SHARE, seed, split)
    runners = [_run(config.generator, parts, Purpose.SHARING, Budget(), seed)]
    left_out: dict[str, str] = {}
    _add_judged(config, runners, left_out, parts, Purpose.SHARING, seed)
    return Race(
        num_train=len(parts.inside),
        num_held_out=len(parts.held_out),
        runners=tuple(reversed(runners)),
        left_out=left_out,
    )


def _add_judged(
    config: ResampledConfig,
    runners: list[Runner],
    left_out: dict[str, str],
    parts: Parts,
    purpose: Purpose,
    seed: int,
) -> None:
    """Let the judge of one of the runners run too, and leave it out where it earns nothing."""
    plain = next(runner for runner in runners if runner.model == config.generator)
    judged = _run(config, parts, purpose, Budget(), seed)
    reason = why_not(plain, judged)
    logger.info("race: %s %s", judged.name, reason or f"is {judged.outcome}")
    if reason:
        left_out[judged.name] = reason
    else:
        runners.append(judged)


def _run(config: ModelConfig, parts: Parts, purpose: Purpose, budget: Budget, seed: int) -> Runner:
    """One generator's turn: fitted, sampled from, and judged by the gates of the purpose."""
    settings = EvaluateConfig(purpose=purpose, seed=seed)
    gated = {gate.metric for gate in settings.gates}
    with limited_threads(1):  # threads that wait for one another keep others waiting too
        case, seconds = drawn_case(config, parts, settings, budget)
        found = [
            measurement
            for evaluator in evaluators_for(purpose, can_refit=False)
            if gated & {metric.name for metric in evaluator.metrics}
            for measurement in evaluator.run(case, log_nothing).measurements
        ]
        return runner_of(config, seconds, found, judge(found, settings.gates, purpose))
