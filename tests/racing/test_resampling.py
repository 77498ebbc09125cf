"""A judge is kept where it helps at no cost, and left out with the reason where not."""

import pytest

from components.config import ModelConfig, PrivateConfig, ResampledConfig, TreesConfig
from components.evaluation.evidence import Outcome
from components.racing.race import fit_chosen
from components.racing.resampling import resampled, why_not
from components.racing.standing import Gated, Runner, title_of
from tests.procedural import mixed_table

TREES = TreesConfig(crowd=25)
JUDGED = ResampledConfig(generator=TREES)


def runner(outcome: Outcome, likeness: float, attack: float, model: ModelConfig = TREES) -> Runner:
    gates = tuple(
        Gated(
            metric=name,
            value=0.5 + spent / 10,
            low=0.5,
            high=1.0,
            spent=spent,
            least_spent=spent - 0.2,
            most_spent=spent + 0.2,
        )
        for name, spent in (("two_sample_auc", likeness), ("membership_auc", attack))
    )
    return Runner(model=model, seconds=1.0, outcome=outcome, gates=gates, reasons=())


def test_a_judge_that_helps_and_costs_nothing_is_kept() -> None:
    assert not why_not(runner(Outcome.PASSED, 0.8, 0.5), runner(Outcome.PASSED, 0.4, 0.6))
    assert not why_not(runner(Outcome.UNDECIDED, 0.8, 0.5), runner(Outcome.PASSED, 0.4, 0.5))


@pytest.mark.parametrize(
    ("judged", "reason"),
    [
        (runner(Outcome.UNDECIDED, 0.4, 0.5), "with it undecided"),
        (runner(Outcome.PASSED, 0.8, 0.5), "no more like real ones"),
        (runner(Outcome.PASSED, 0.4, 0.71), "membership_auc 0.571, beyond the interval"),
    ],
)
def test_one_that_does_not_is_left_out_with_the_reason(judged: Runner, reason: str) -> None:
    assert reason in why_not(runner(Outcome.PASSED, 0.8, 0.5), judged)


def test_who_leads_is_tried_with_a_judge_once_and_never_behind_a_guarantee() -> None:
    assert resampled(runner(Outcome.PASSED, 0.8, 0.5)) == JUDGED
    assert title_of(JUDGED) == "trees, crowd 25, resampled"
    for model in (JUDGED, PrivateConfig()):
        assert resampled(runner(Outcome.PASSED, 0.8, 0.5, model)) is None


def test_one_that_is_asked_for_races_against_itself() -> None:
    fitted = fit_chosen(JUDGED, mixed_table(300, target="is_member"), seed=0)
    assert fitted.race is not None
    names = {one.name for one in fitted.race.runners} | set(fitted.race.left_out)
    assert names == {"trees, crowd 25", "trees, crowd 25, resampled"}
    assert fitted.race.winner.model in (TREES, JUDGED)
    is_judged = fitted.race.winner.model == JUDGED
    assert hasattr(fitted.model, "odds_") == is_judged
    assert len(fitted.race.runners) == (2 if is_judged else 1)
