"""The race: who wins it, what is left of it, and how it ends."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from components.config import (
    AutoConfig,
    AutoregressiveConfig,
    CopulaConfig,
    CtganConfig,
    EvaluateConfig,
    Gate,
    GroupSplit,
    Purpose,
    TreesConfig,
)
from components.config.params import parse_params
from components.data.preparation import prepare_table
from components.data.table import Table
from components.errors import UserError
from components.evaluation.evidence import Outcome
from components.models.catalog import make_model
from components.models.codes import autoregressive
from components.racing import race as racing
from components.racing.course import Purse
from components.racing.parts import can_race, drawn_case, fitted_inside, hold_out
from components.racing.race import Wave, fit_chosen, run_race
from components.racing.standing import LIKENESS, Gated, Race, Runner, spent, standing, title_of
from components.stages.fan_out import FAN_OUT_VARIABLE, PROCESSES, RAY, fan_out
from tests.procedural import mixed_frame, mixed_table


def two_classes(num_rows: int) -> Table:
    """Rows that are soon judged: boosting grows a tree for each class of more than two."""
    return mixed_table(num_rows, target="is_member")


def runner(outcome: Outcome, *used: float, crowd: int = 1, width: float = 0.0) -> Runner:
    """Its gates spend so much, give or take `width`; the last one is that of likeness."""
    names = [*(f"m{i}" for i in range(len(used) - 1)), LIKENESS]
    gates = tuple(
        Gated(
            metric=name,
            value=one,
            low=one - width,
            high=one + width,
            spent=one,
            least_spent=one - width,
        )
        for name, one in zip(names, used, strict=True)
    )
    model = TreesConfig(crowd=crowd)
    return Runner(model=model, seconds=1.0, outcome=outcome, gates=gates, reasons=("so",))


def used(runners: Sequence[Runner]) -> list[tuple[float, ...]]:
    return [tuple(gate.spent for gate in one.gates) for one in runners]


def test_outcome_decides_first_then_the_gate_that_spends_most() -> None:
    passed = runner(Outcome.PASSED, 0.9, 0.9)
    even = runner(Outcome.REFUSED, 0.5, 0.5)
    uneven = runner(Outcome.REFUSED, 0.6, 0.0)
    worse = runner(Outcome.REFUSED, 0.7, 0.1)
    found = standing([worse, uneven, even, passed])
    assert used(found) == used([passed, even, uneven, worse])
    assert [one.is_unbeaten for one in found] == [False, True, True, False]


def test_among_those_that_passed_the_most_like_real_rows_win() -> None:
    alike = runner(Outcome.PASSED, 0.9, 0.2)
    safe = runner(Outcome.PASSED, 0.1, 0.5)
    assert used(standing([safe, alike])) == used([alike, safe])


def test_one_that_passed_narrowly_yields_to_an_undecided_one_that_spends_no_more() -> None:
    narrow = runner(Outcome.PASSED, 0.3, 0.92)
    alike = runner(Outcome.UNDECIDED, 0.84, 0.2)
    leaks = runner(Outcome.UNDECIDED, 0.95, 0.1)
    assert used(standing([narrow, leaks, alike])) == used([alike, narrow, leaks])
    safe = runner(Outcome.PASSED, 0.3, 0.85)
    assert used(standing([safe, narrow, leaks, alike])) == used([safe, narrow, alike, leaks])


def test_a_gain_that_passed_yields_to_none_that_is_undecided() -> None:
    def of_gain(outcome: Outcome, spent: float) -> Runner:
        (gate,) = runner(outcome, spent).gates
        gain = gate.model_copy(update={"metric": "augmentation_gain"})
        return runner(outcome, spent).model_copy(update={"gates": (gain,)})

    sure, wide = of_gain(Outcome.PASSED, -0.02), of_gain(Outcome.UNDECIDED, -0.03)
    assert used(standing([wide, sure])) == used([sure, wide])


def test_what_the_evidence_cannot_tell_apart_is_decided_by_likeness() -> None:
    safe = runner(Outcome.UNDECIDED, 0.2, 0.5, width=0.3)
    alike = runner(Outcome.UNDECIDED, 0.7, 0.3, width=0.3)  # down to 0.4: may spend as little
    leaks = runner(Outcome.UNDECIDED, 0.9, 0.1, width=0.3)  # down to 0.6: it does not
    assert used(standing([leaks, safe, alike])) == used([alike, safe, leaks])


def test_a_value_beyond_its_bar_is_no_equal_however_wide_its_interval() -> None:
    safe = runner(Outcome.UNDECIDED, 0.2, 0.9, width=1.0)
    leaks = runner(Outcome.UNDECIDED, 1.8, 0.1, width=1.0)  # 0.8 to 2.8
    assert used(standing([leaks, safe])) == used([safe, leaks])


def test_records_of_earlier_versions_are_read() -> None:
    said = runner(Outcome.PASSED, 0.9, 0.2).model_dump(mode="json")
    for gate in said["gates"]:
        del gate["least_spent"]
    assert Runner.model_validate(said).worst.spent == 0.9


def test_spent_is_the_part_of_the_allowance() -> None:
    gate = Gate(metric="tstr_loss", better_than=0.0, margin=0.05)
    assert spent(0.05, "minimise", gate) == pytest.approx(1.0)
    assert spent(-0.01, "minimise", gate) == pytest.approx(-0.2)
    assert spent(0.7, "maximise", Gate(metric="x", better_than=0.9, margin=-0.1)) == pytest.approx(
        2
    )


def test_rows_to_share_have_crowds_and_no_race_begins_with_its_last_resort() -> None:
    waves = racing.candidates(Purpose.SHARING)
    last = racing.last_resort(Purpose.SHARING)
    racing_first = [model for wave in waves for model in wave.models]
    assert all(getattr(model, "crowd", 1) >= racing.SMALL_CROWD for model in [*racing_first, last])
    for purpose in Purpose:
        names = {model.name for wave in racing.candidates(purpose) for model in wave.models}
        assert racing.last_resort(purpose).name not in names


@pytest.mark.parametrize("outcome", list(Outcome))
def test_a_network_that_passed_needs_no_more_careful_one(outcome: Outcome) -> None:
    network = runner(outcome, 0.9, 0.5).model_copy(update={"model": AutoregressiveConfig()})
    trees = runner(Outcome.PASSED, 0.9, 0.5, crowd=15)
    assert bool(racing._careful_enough([trees, network])) == (outcome is Outcome.PASSED)
    assert not racing._careful_enough([trees])


def test_what_is_less_alike_as_a_rule_runs_only_where_nothing_passed() -> None:
    others = [runner(Outcome.UNDECIDED, 0.9, 0.5), runner(Outcome.REFUSED, 1.9, 0.5)]
    assert not racing._one_passed(others)
    passed = runner(Outcome.PASSED, 0.9, 0.5, crowd=15)
    assert racing._one_passed([*others, passed]).startswith("trees, crowd 15 passed")


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    def candidates(purpose: Purpose) -> tuple[Wave, ...]:
        waves = (
            Wave((CopulaConfig(), TreesConfig())),
            Wave((TreesConfig(crowd=25),), lambda runners: racing._little_to_win(runners)),
        )
        return waves if purpose is Purpose.SHARING else waves[:1]

    monkeypatch.setattr(racing, "candidates", candidates)


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(
    "purpose", [Purpose.SHARING, pytest.param(Purpose.AUGMENTATION, marks=pytest.mark.slow)]
)
def test_every_candidate_is_judged_and_the_best_is_fitted_on_all_rows(
    purpose: Purpose, tmp_path: Path
) -> None:
    rows = 400 if purpose is Purpose.SHARING else 200  # benefit is a trial of its own, and slow
    table = two_classes(rows)
    fitted = fit_chosen(AutoConfig(purpose=purpose, budget_seconds=3_600), table, seed=0)
    race = fitted.race
    assert race is not None
    judged = {f"{one.name}, resampled" for one in race.runners}
    assert (
        set(race.left_out) - {title_of(racing.last_resort(purpose))} <= judged
    )  # whose judge did not earn its place
    plain = [one for one in race.runners if one.name not in judged]
    assert len(plain) == sum(len(wave.models) for wave in racing.candidates(purpose))
    assert race.num_train + race.num_held_out == rows and race.num_held_out == 0.3 * rows
    assert race.runners == standing(race.runners[::-1])
    assert race.runners[0].is_unbeaten
    assert type(fitted.model) is type(make_model(race.winner.model))
    race.save(tmp_path / "race.json")
    assert Race.load(tmp_path / "race.json") == race
    if purpose is Purpose.SHARING:
        assert race.winner.model != TreesConfig()  # these remember their rows


@pytest.mark.usefixtures("quick")
def test_a_spent_budget_leaves_the_slower_ones_out() -> None:
    config = AutoConfig(purpose=Purpose.SHARING, budget_seconds=1e-3)
    race = run_race(two_classes(300), config, seed=0)
    assert [one.model.name for one in race.runners] == ["copula"]
    assert set(race.left_out) == {
        "trees",
        "trees, crowd 25",
        "ctgan, crowd 10",
        "copula, crowd 10, resampled",
    }


@pytest.mark.usefixtures("quick")
@pytest.mark.slow
def test_the_same_rows_and_seed_give_the_same_parts() -> None:
    config = AutoConfig(purpose=Purpose.SHARING)
    one, other = (run_race(two_classes(300), config, seed=3) for _ in range(2))
    assert [r.gates for r in one.runners] == [r.gates for r in other.runners]


@pytest.mark.usefixtures("quick")
@pytest.mark.slow
@pytest.mark.parametrize("where", [PROCESSES, RAY])
def test_candidates_that_run_at_once_reach_what_they_reach_in_turn(
    where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if where == RAY:
        pytest.importorskip("ray", reason="Ray is an extra: pip install 'mintmark[ray]'")
    config, table = AutoConfig(purpose=Purpose.SHARING, budget_seconds=3_600), two_classes(300)
    in_turn = run_race(table, config, seed=3)
    monkeypatch.setenv(FAN_OUT_VARIABLE, where)
    with fan_out():
        at_once = run_race(table, config, seed=3, workers=2)
    assert [(one.model, one.gates) for one in at_once.runners] == [
        (one.model, one.gates) for one in in_turn.runners
    ]
    assert at_once.left_out == in_turn.left_out


@pytest.mark.usefixtures("quick")
@pytest.mark.slow
def test_where_several_run_at_once_a_spent_budget_lets_those_run_that_begin_first() -> None:
    config = AutoConfig(purpose=Purpose.SHARING, budget_seconds=1e-3)
    race = run_race(two_classes(300), config, seed=0, workers=2)
    assert {one.model.name for one in race.runners} == {"copula", "trees"}
    assert "0 s of a processor's 0.001 s were left" in race.left_out["trees, crowd 25"]


def test_a_budget_is_of_a_processor_and_shared_by_those_that_run_at_once() -> None:
    purse = Purse(seconds=100, workers=2)
    purse.spent = 150
    assert purse.left == 25 and not purse.too_late()
    assert purse.too_late(needed=26) == "25 s of a processor's 100 s were left"
    purse.spent = 162
    assert purse.too_late()


def test_too_few_rows_are_told() -> None:
    with pytest.raises(UserError, match="too few for a race"):
        run_race(mixed_table(60), AutoConfig(purpose=Purpose.SHARING), seed=0)


def test_a_named_generator_runs_no_race() -> None:
    fitted = fit_chosen(CopulaConfig(), mixed_table(100), seed=0)
    assert fitted.race is None and len(fitted.model.sample(5, seed=0)) == 5


def test_a_race_for_another_purpose_is_refused() -> None:
    said = {
        "name": "x",
        "prepare": {"data": "sklearn:iris", "target": "target"},
        "train": {"model": {"name": "auto", "purpose": "sharing"}},
        "evaluate": {"purpose": "augmentation"},
    }
    with pytest.raises(UserError, match="the two must be the same"):
        parse_params(said, "here")


def test_numbers_as_targets_can_be_raced() -> None:
    table = mixed_table(300, target="ratio")
    parts = hold_out(table, 0.3, 0)
    assert len(parts.inside) == 210 and len(parts.held_out) == 90
    assert np.isfinite(parts.held_out.frame["ratio"]).all()


def visits(num_people: int, each: int = 4) -> Table:
    """People who come again, each time nearly the same: a column says whose row it is."""
    once = mixed_frame(num_people).drop(columns=["currency", "id"])
    rows = once.loc[np.repeat(np.arange(num_people), each)].reset_index(drop=True)
    rows["ratio"] += np.random.default_rng(0).normal(scale=1e-3, size=len(rows))
    rows["person"] = np.repeat([f"p{code}" for code in range(num_people)], each)
    return prepare_table(rows, "outcome")


BY_PERSON = GroupSplit(column="person")


def test_rows_that_belong_together_are_held_out_together() -> None:
    table = visits(60)
    parts = hold_out(table, 0.3, 0, BY_PERSON)
    inside, held_out = (set(part.frame["person"]) for part in (parts.inside, parts.held_out))
    assert not inside & held_out and len(inside | held_out) == 60
    assert len(parts.held_out) == 72
    assert set(hold_out(table, 0.3, 0).held_out.frame["person"]) & inside


def test_groups_too_few_for_a_race_are_told() -> None:
    table, config = visits(20, each=80), AutoConfig(purpose=Purpose.SHARING)
    two, alone = (table.take(np.arange(count)) for count in (160, 80))
    assert can_race(two, config, BY_PERSON) and not can_race(alone, config, BY_PERSON)
    with pytest.raises(UserError, match="too few for a race where those of one 'person' are kept"):
        hold_out(alone, 0.3, 0, BY_PERSON)


def test_a_race_does_not_judge_the_column_that_parts_its_rows() -> None:
    settings = EvaluateConfig(purpose=Purpose.SHARING)
    parts = hold_out(visits(40, each=12), 0.3, 0, BY_PERSON)
    case = drawn_case(fitted_inside(CopulaConfig(), parts, 0), parts, settings)
    assert "person" in {column.name for column in parts.inside.schema.learned}
    for table in (case.train, case.test, case.synthetic):
        assert "person" not in {column.name for column in table.schema.learned}
    assert case.group_column == "person"
    parts = hold_out(visits(40, each=12), 0.3, 0)
    by_row = drawn_case(fitted_inside(CopulaConfig(), parts, 0), parts, settings)
    assert "person" in {column.name for column in by_row.train.schema.learned}


def test_a_part_too_small_for_a_race_is_known() -> None:
    config = AutoConfig(purpose=Purpose.AUGMENTATION)
    assert can_race(mixed_table(300), config) and not can_race(mixed_table(80), config)


def test_who_cannot_learn_the_table_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(autoregressive, "MOST_CATEGORIES", 1)
    config, asked = AutoConfig(purpose=Purpose.SHARING), AutoregressiveConfig(steps=20)
    monkeypatch.setattr(racing, "candidates", lambda purpose: (Wave((CopulaConfig(), asked)),))
    race = run_race(two_classes(400), config, seed=0)
    assert race.winner.name in ("copula, crowd 10", "copula, crowd 10, resampled")
    reason = race.left_out["autoregressive, crowd 10"]
    assert "has 4 categories; autoregressive learns at most 1" in reason
    monkeypatch.setattr(racing, "candidates", lambda purpose: (Wave((asked,)),))
    monkeypatch.setattr(racing, "last_resort", lambda purpose: asked)
    with pytest.raises(UserError, match="no generator can learn the table: column 'city'"):
        run_race(two_classes(400), config, seed=0)


def test_there_is_little_to_win_where_rows_that_passed_are_hardly_told_from_real_ones() -> None:
    ahead = runner(Outcome.PASSED, 0.9, 0.15)
    others = [runner(Outcome.PASSED, 0.1, 0.3), runner(Outcome.UNDECIDED, 0.1, 0.1)]
    assert not racing._little_to_win([]) and not racing._little_to_win(others)
    assert racing._little_to_win([*others, ahead]).startswith("trees passed")


@pytest.mark.usefixtures("quick")
def test_those_that_take_longer_are_left_out_where_there_is_little_to_win(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(racing, "_little_to_win", lambda runners: "little" * bool(runners))
    race = run_race(two_classes(300), AutoConfig(purpose=Purpose.SHARING), seed=0)
    assert {one.name for one in race.runners} == {"copula, crowd 10", "trees"}
    assert race.left_out["trees, crowd 25"] == "little"
    assert race.left_out[f"{race.winner.name}, resampled"] == "little"


@pytest.mark.slow
def test_the_gan_runs_only_where_all_others_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    config, last = AutoConfig(purpose=Purpose.SHARING, budget_seconds=3_600), CtganConfig(steps=20)
    monkeypatch.setattr(racing, "last_resort", lambda purpose: last)
    monkeypatch.setattr(racing, "candidates", lambda purpose: (Wave((CopulaConfig(),)),))
    race = run_race(mixed_table(400), config, seed=0)
    assert {one.outcome for one in race.runners} == {Outcome.UNDECIDED}
    assert "ctgan, crowd 10" in race.left_out
    monkeypatch.setattr(racing, "candidates", lambda purpose: (Wave((TreesConfig(),)),))
    race = run_race(mixed_table(400), config, seed=0)  # these remember their rows
    assert {"trees", "ctgan, crowd 10"} <= {one.name for one in race.runners}
