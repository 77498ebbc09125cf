"""A race as it stands: who has run, who was left out, and what is left of its budget."""

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial

from components.config import EvaluateConfig, ModelConfig, Purpose, ResampledConfig
from components.errors import UserError
from components.evaluation.catalog import evaluators_for
from components.evaluation.gates import judge
from components.evaluation.parallel import run_all
from components.models.catalog import with_judges
from components.models.contract import Budget, TabularModel, log_nothing
from components.racing.parts import Parts, drawn_case, fitted_inside
from components.racing.resampling import why_not
from components.racing.standing import Race, Runner, runner_of, title_of
from components.threads import limited_threads

logger = logging.getLogger(__name__)

Ran = tuple[Runner, TabularModel]
"""The record of a generator's turn, and the generator, fitted on the rows inside."""

SPARE = 0.2
"""A generator is begun only where this share of the budget is left."""


@dataclass
class Purse:
    """What is left of a budget, in seconds of a processor, where `workers` spend at once.

    By the clock a busy machine would leave others out, and so have another winner.
    """

    seconds: float = float("inf")
    workers: int = 1
    spent: float = 0.0

    @property
    def left(self) -> float:
        """The seconds that each worker still has."""
        return self.seconds - self.spent / self.workers

    def too_late(self, needed: float = 0.0) -> str:
        """Why there is no time for another, empty where there is."""
        if self.left >= max(needed, SPARE * self.seconds):
            return ""
        return f"{max(self.left, 0):.0f} s of a processor's {self.seconds:g} s were left"


@dataclass
class Course:
    """Runners so far, what was fitted, and why others were left out, by title.

    All are judged for `purpose`.
    """

    parts: Parts
    purpose: Purpose
    seed: int
    purse: Purse = field(default_factory=Purse)
    runners: list[Runner] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)
    fitted: dict[str, TabularModel] = field(default_factory=dict)

    def leave_out(self, models: Iterable[ModelConfig], reason: str) -> None:
        """Let these not run."""
        self.left_out |= dict.fromkeys(map(title_of, models), reason)

    def run(self, wave: Sequence[ModelConfig]) -> None:
        """Let these run, as many at once as there are workers; the first of all whatever is left.

        One that cannot learn the table is left out, and so are those it is too late for.
        """
        workers = self.purse.workers
        for start in range(0, len(wave), workers):
            budgets: list[tuple[ModelConfig, Budget]] = []
            for model in wave[start : start + workers]:
                is_first = not self.runners and not budgets
                if not is_first and (reason := self.purse.too_late()):
                    self.leave_out([model], reason)
                else:
                    budgets.append((model, Budget(None if is_first else self.purse.left)))
            turns = [
                partial(_turn, model, self.parts, self.purpose, budget, self.seed)
                for model, budget in budgets
            ]
            ended = run_all(turns, workers=workers)
            for (model, _), (ran, seconds) in zip(budgets, ended, strict=True):
                self.purse.spent += seconds
                self._note(model, ran)

    def run_judged(self, config: ResampledConfig) -> None:
        """Let the judge of one of the runners run too; it is left out where it earns nothing.

        The runner is not fitted anew, its seconds count for the judged one too.
        """
        plain = next(runner for runner in self.runners if runner.model == config.generator)
        fit = partial(
            with_judges, config, self.fitted[plain.name], self.parts.inside, seed=self.seed
        )
        judged, _ = _run(config, fit, self.parts, self.purpose, self.seed)
        judged = judged.model_copy(update={"seconds": plain.seconds + judged.seconds})
        reason = why_not(plain, judged)
        logger.info("race: %s %s", judged.name, reason or f"is {judged.outcome}")
        if reason:
            self.leave_out([config], reason)
        else:
            self.runners.append(judged)

    def ended(self, runners: tuple[Runner, ...]) -> Race:
        """The record of the race with its runners in order, the winner first."""
        return Race(
            num_train=len(self.parts.inside),
            num_held_out=len(self.parts.held_out),
            runners=runners,
            left_out=self.left_out,
        )

    def _note(self, model: ModelConfig, ran: Ran | str) -> None:
        if isinstance(ran, str):
            self.leave_out([model], ran)
            logger.info("race: %s is left out: %s", title_of(model), ran)
        else:
            runner, self.fitted[runner.name] = ran
            self.runners.append(runner)
            logger.info("race: %s is %s", runner.name, runner.outcome)


def _turn(
    model: ModelConfig, parts: Parts, purpose: Purpose, budget: Budget, seed: int
) -> tuple[Ran | str, float]:
    """A candidate's turn, or why it cannot learn the table; what that took of a processor."""
    began = time.process_time()
    ran: Ran | str
    try:
        fit = partial(fitted_inside, model, parts, seed, budget)
        ran = _run(model, fit, parts, purpose, seed)
    except UserError as error:  # such as a column of more categories than it learns
        ran = str(error)
    return ran, time.process_time() - began


def _run(
    config: ModelConfig,
    fit: Callable[[], TabularModel],
    parts: Parts,
    purpose: Purpose,
    seed: int,
) -> Ran:
    """One generator's turn: fitted, sampled from, and judged by the gates of the purpose."""
    settings = EvaluateConfig(purpose=purpose, seed=seed)
    gated = {gate.metric for gate in settings.gates}
    with limited_threads(1):  # threads that wait for one another keep others waiting too
        began = time.process_time()
        model = fit()
        case = drawn_case(model, parts, settings)
        seconds = time.process_time() - began
        found = [
            measurement
            for evaluator in evaluators_for(purpose, can_refit=False)
            if gated & {metric.name for metric in evaluator.metrics}
            for measurement in evaluator.run(case, log_nothing).measurements
        ]
        runner = runner_of(config, seconds, found, judge(found, settings.gates, purpose))
        return runner, model
