import dataclasses
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_breast_cancer

from components.data.schema import Column, ColumnKind, Schema
from components.data.table import Table
from components.errors import UserError
from components.evaluation.case import Guarantee
from components.evaluation.gates import judge
from components.evaluation.privacy.attack_game import Round, contests, cross_chosen, found_at
from components.evaluation.privacy.copies import Copied, beyond_chance, count_copies
from components.evaluation.privacy.empirical_epsilon import epsilon_bound
from components.evaluation.privacy.exposed import exposed
from components.models.catalog import default_config, make_model
from components.models.contract import TabularModel
from tests.evaluation.samplers import (
    Bootstrap,
    Marginals,
    case_of,
    measure,
    mixed_split,
    process_table,
    values,
)

Parts = tuple[Table, Table, Table]


def breast_cancer() -> Parts:
    """Training rows, test rows and fresh real rows."""
    bunch = load_breast_cancer(as_frame=True)
    frame = bunch.data.assign(target=bunch.target.astype(int))
    frame = frame.iloc[np.random.default_rng(0).permutation(len(frame))].reset_index(drop=True)
    numbers = [
        Column(name=name, kind=ColumnKind.NUMERICAL, dtype="float64", minimum=0, maximum=1e4)
        for name in bunch.data
    ]
    target = Column(name="target", kind=ColumnKind.CATEGORICAL, dtype="int64", categories=(0, 1))
    table = Table(frame, Schema(columns=(*numbers, target), target="target"))
    ends = (0, 200, 400, 569)
    train, test, fresh = (table.take(np.arange(a, b)) for a, b in pairwise(ends))
    return train, test, fresh


def mixed() -> Parts:
    return mixed_split(300, 300, extra=300)


@pytest.fixture(params=[breast_cancer, mixed])
def parts(request: pytest.FixtureRequest) -> Parts:
    found: Parts = request.param()
    return found


def test_a_copy_of_the_training_rows_is_found_out(parts: Parts) -> None:
    train, test, _ = parts
    found = values(measure("membership", case_of(train, test, train)))
    assert found["membership_auc"] >= 0.95
    assert found["membership_tpr"] >= 0.9
    assert found["membership_auc_exposed"] >= 0.95
    assert found["empirical_epsilon"] > 1.5
    told = values(measure("attributes", case_of(train, test, train)))
    assert told["attribute_excess"] > 0.3
    assert told["attribute_excess_worst"] >= told["attribute_excess"]
    assert measure("linkage", case_of(train, test, train)).measurements[0].low > 0.05
    copies = values(measure("copies", case_of(train, test, train)))
    assert copies["copy_rate"] == 1.0 and copies["copy_excess"] >= 0.95
    assert copies["near_copy_excess"] >= 0.95


def test_fresh_rows_tell_nothing(parts: Parts) -> None:
    train, test, fresh = parts
    found = measure("membership", case_of(train, test, fresh)).measurements[0]
    assert abs(found.value - 0.5) < 0.06
    assert found.low < 0.5 < found.high
    for told in (
        *measure("attributes", case_of(train, test, fresh)).measurements,
        *measure("linkage", case_of(train, test, fresh)).measurements,
    ):
        assert told.low < 0 < told.high
    copies = values(measure("copies", case_of(train, test, fresh)))
    assert copies["copy_excess"] < 0.01 and copies["near_copy_excess"] < 0.01


def test_marginals_link_no_one(parts: Parts) -> None:
    train, test, _ = parts
    loose = Table(Marginals(train).sample(len(train), seed=0), train.schema)
    assert abs(values(measure("linkage", case_of(train, test, loose)))["linkage_excess"]) < 0.1
    assert values(measure("copies", case_of(train, test, loose)))["near_copy_excess"] < 0.01


def test_rows_of_known_values_betray_them_though_no_row_is_kept() -> None:
    """Marginals give out each person's very numbers, apart: a distance does not see it."""
    train, test, _ = breast_cancer()
    loose = Table(Marginals(train).sample(len(train), seed=0), train.schema)
    attacks = {a.name: a for a in measure("membership", case_of(train, test, loose)).attacks}
    assert attacks["value ratio"].low > 0.7
    assert attacks["calibrated distance"].low < 0.5 and attacks["calibrated distance"].auc < 0.6


def test_noise_on_copies_hides_the_copies_not_the_members() -> None:
    train, test, _ = breast_cancer()
    rng = np.random.default_rng(0)
    features = train.frame.drop(columns="target")
    noise = rng.normal(0, 0.05, features.shape) * features.std().to_numpy()
    noisy = Table(pd.concat([features + noise, train.frame[["target"]]], axis=1), train.schema)
    case = case_of(train, test, noisy)
    found = values(measure("copies", case))
    assert found["copy_rate"] < 0.01 and found["near_copy_excess"] > 0.95
    assert values(measure("membership", case))["membership_auc"] > 0.9


def test_common_rows_are_no_copies_beyond_chance() -> None:
    """Where rows have few possible values, fresh rows equal training rows by chance."""
    rng = np.random.default_rng(0)
    column = Column(name="a", kind=ColumnKind.CATEGORICAL, dtype="int64", categories=(0, 1, 2))
    other = column.model_copy(update={"name": "b"})
    schema = Schema(columns=(column, other), target="b")
    tables = [
        Table(pd.DataFrame(rng.integers(0, 3, (size, 2)), columns=["a", "b"]), schema)
        for size in (400, 200, 400)
    ]
    found = values(measure("copies", case_of(*tables)))
    assert found["copy_rate"] > 0.9
    assert abs(found["copy_excess"]) < 0.05


def test_a_share_of_copies_is_measured_whatever_the_split() -> None:
    train, test, fresh = breast_cancer()
    frame = pd.concat([train.frame.iloc[:50], fresh.frame.iloc[:50]], ignore_index=True)
    few = test.take(np.arange(60))
    found = values(measure("copies", case_of(train, few, Table(frame, train.schema))))
    assert found["copy_excess"] == pytest.approx(0.5, abs=0.02)


def test_one_sentinel_row_hides_neither_copies_nor_what_they_betray() -> None:
    columns = [
        Column(name=f"x{i}", kind=ColumnKind.NUMERICAL, dtype="float64", minimum=-9, maximum=1e6)
        for i in range(6)
    ]
    schema = Schema(columns=tuple(columns), target="x0")
    train, test, made = (np.random.default_rng(seed).normal(size=(1_000, 6)) for seed in range(3))
    made[100:] = train[100:]
    for matrix in (train, test, made):
        matrix[0] = 999_999.0
    tables = [Table(pd.DataFrame(m, columns=schema.names), schema) for m in (train, test, made)]
    case = case_of(*tables)
    copies = values(measure("copies", case))
    assert copies["copy_excess"] > 0.8 and copies["near_copy_excess"] > 0.8
    assert values(measure("attributes", case))["attribute_excess"] > 0.5


def test_the_excess_of_fresh_rows_holds_zero_as_often_as_it_says() -> None:
    """Few levels of unequal shares: thousands of synthetic rows hit the same few real ones."""
    rng, num_levels = np.random.default_rng(0), 1_000
    shares = np.arange(1, num_levels + 1) ** -0.7
    below = above = 0
    for _ in range(200):
        drawn = [rng.choice(num_levels, size, p=shares / shares.sum()) for size in (700, 300, 5000)]
        train, test = (np.bincount(side, minlength=num_levels) for side in drawn[:2])
        copied = Copied(train[drawn[2]], test[drawn[2]], (700, 300), drawn[2])
        found, _ = beyond_chance(copied, 0.95)
        below, above = below + (found.high < 0), above + (found.low > 0)
    assert below <= 20 and above <= 20  # 10 are meant of each


def test_synthetic_rows_that_copy_one_row_count_as_one() -> None:
    train, test, fresh = breast_cancer()
    frames = [fresh.frame.iloc[20:], train.frame.iloc[[3] * 20]]
    once = pd.concat([fresh.frame.iloc[20:], train.frame.iloc[:20]], ignore_index=True)
    again = pd.concat(frames, ignore_index=True)
    apart, together = (
        measure("copies", case_of(train, test, Table(frame, train.schema))).measurements[0]
        for frame in (once, again)
    )
    assert apart.value == together.value and together.low < 0 < apart.low
    assert together.high > apart.high


def test_near_is_within_a_unit_in_every_column() -> None:
    among = np.array([[0.0, 5.0], [0.5, 5.5]])
    rows = np.array([[0.4, 5.4], [0.4, 9.0]])
    assert count_copies(rows, among, np.array([0.45, 0.45])).tolist() == [2, 0]


def memorised(train: Table, fresh: Table, noise: float, share: float) -> Table:
    """Fresh rows, with a share of them replaced by training rows and a little noise."""
    num_copies = int(share * len(train))
    copies = train.frame.iloc[:num_copies].copy()
    rng = np.random.default_rng(0)
    for column in train.schema.learned:
        if not column.is_discrete and noise:
            spread = float(train.frame[column.name].std())
            copies[column.name] += rng.normal(0, noise * spread, num_copies)
    kept = fresh.frame.iloc[: len(train) - num_copies]
    return Table(pd.concat([kept, copies], ignore_index=True), train.schema)


@pytest.mark.parametrize("num_rows", [150, 600])
@pytest.mark.parametrize("noise", [0.0, 0.01, 0.05])
@pytest.mark.parametrize("share", [0.05, 1.0])
def test_a_memoriser_is_refused_by_the_gates_of_sharing(
    num_rows: int, noise: float, share: float
) -> None:
    train, test, fresh = process_split(num_rows)
    case = case_of(train, test, memorised(train, fresh, noise, share))
    found = measure("copies", case).measurements
    gates = [gate for gate in case.config.gates if "copy" in gate.metric]
    assert not judge(found, gates, case.config.purpose).passed
    near = next(m for m in found if m.name == "near_copy_excess")
    assert near.low > 0 and near.value == pytest.approx(share, abs=0.01)


def process_split(num_rows: int) -> Parts:
    """Training, test and fresh rows of a known process, half as many test rows."""
    sizes = (num_rows, num_rows // 2, num_rows)
    train, test, fresh = (process_table(size, seed) for seed, size in enumerate(sizes))
    return train, test, fresh


def test_a_few_memorised_rows_are_found_at_few_alarms() -> None:
    train, test, fresh = process_split(1_000)
    found = values(measure("membership", case_of(train, test, memorised(train, fresh, 0.05, 0.05))))
    assert found["membership_auc"] < 0.56
    assert found["membership_tpr"] == pytest.approx(0.05, abs=0.02)
    assert "membership_tpr_01" not in found


def test_whoever_holds_the_model_sees_more() -> None:
    train, test, _ = mixed_split(400, 300)
    model = fit_trees(train, 0)
    case = case_of(
        train, test, Table(model.sample(400, seed=0), train.schema), make_and_fit=fit_trees
    )
    plain = measure("membership", case)
    armed = measure("membership", dataclasses.replace(case, generator=model))
    assert {a.access for a in plain.attacks} == {"rows"}
    assert [a for a in armed.attacks if a.access == "rows"] == list(plain.attacks)
    by_model = [a.name for a in armed.attacks if a.access == "model"]
    assert by_model == ["likelihood", "likelihood less rarity", "likelihood ratio"]
    assert values(plain)["membership_auc"] == values(armed)["membership_auc"]
    assert "membership_auc_model" not in values(plain)
    assert values(armed)["membership_auc_model"] > values(armed)["membership_auc"] + 0.1


def test_where_a_model_cannot_learn_the_reference_one_attack_fewer_is_tried_and_told() -> None:
    train, test, _ = mixed_split(400, 300)
    model = fit_trees(train, 0)
    told = "column 'city' has 157 categories, and none of them has 5 of 75 rows"

    def refuse(table: Table, seed: int) -> TabularModel:
        raise UserError(told)

    case = dataclasses.replace(
        case_of(
            train,
            test,
            Table(model.sample(400, seed=0), train.schema),
            make_and_fit=refuse,
        ),
        generator=model,
    )
    found = measure("membership", case)
    by_model = [attack.name for attack in found.attacks if attack.access == "model"]
    assert by_model == ["likelihood", "likelihood less rarity"]
    (note,) = found.notes
    assert note.startswith("The attack by likelihood ratio was not tried")
    assert not measure("membership", dataclasses.replace(case, make_and_fit=fit_trees)).notes


def test_a_generator_that_cannot_score_is_attacked_by_its_rows_alone() -> None:
    train, test, _ = mixed_split(100, 80)
    case = dataclasses.replace(case_of(train, test, train), generator=Bootstrap(train))
    assert {a.access for a in measure("membership", case).attacks} == {"rows"}


def fit_trees(table: Table, seed: int) -> TabularModel:
    model = make_model(default_config("trees"))
    model.fit(table, seed=seed)
    return model


def test_a_broken_guarantee_reads_as_one() -> None:
    train, test, fresh = mixed_split(300, 300, extra=300)
    told = {}
    for name, rows in (("copy", train), ("fresh", fresh)):
        case = dataclasses.replace(case_of(train, test, rows), guarantee=Guarantee(1.0, 1e-5))
        found = measure("membership", case).measurements
        told[name] = next(m for m in found if m.name == "empirical_epsilon")
    assert told["copy"].low > 1.0 and "violates the declared guarantee" in told["copy"].meaning
    assert told["fresh"].value == 0 and "does not contradict" in told["fresh"].meaning
    assert told["fresh"].reference == 1.0


def test_rows_that_were_parted_by_time_break_no_guarantee() -> None:
    train, test, _ = mixed_split(300, 300)
    case = dataclasses.replace(
        case_of(train, test, train), guarantee=Guarantee(1.0, 1e-5), is_parted_at_random=False
    )
    found = {one.name: one for one in measure("membership", case).measurements}
    assert found["empirical_epsilon"].low > 1.0
    assert "proves nothing of the declared guarantee" in found["empirical_epsilon"].meaning


def test_epsilon_is_bounded_from_below_in_nearly_every_game() -> None:
    """Randomised response: a bit told truly with odds exp(epsilon) is private by epsilon."""
    epsilon, num_games = 1.0, 200
    rng = np.random.default_rng(0)
    member = np.repeat([True, False], 2_000)
    truly = rng.random((num_games, len(member))) < np.exp(epsilon) / (1 + np.exp(epsilon))
    told = [np.where(kept, member, ~member).astype(float) for kept in truly]
    bounds = [epsilon_bound([(member, one)], delta=0.0, confidence=0.95) for one in told]
    assert np.mean(np.array(bounds) > epsilon) <= 0.05
    assert np.median(bounds) > 0.6


def test_the_exposed_are_chosen_without_a_look_at_who_is_a_member() -> None:
    rng = np.random.default_rng(0)
    isolation = rng.normal(size=200)
    member = rng.random(200) < 0.5
    rows = exposed(Round(member, {}, isolation))
    assert (rows == exposed(Round(~member, {}, isolation))).all()
    assert isolation[rows].min() > isolation[~rows].max()
    assert 20 <= rows.sum() < 60


def test_the_best_attack_of_one_round_is_measured_in_the_other() -> None:
    member = np.array([True, True, False, False])
    good, bad = np.array([4.0, 3.0, 2.0, 1.0]), np.array([1.0, 2.0, 3.0, 4.0])
    first = Round(member, {"a": good, "b": bad}, np.zeros(4))
    second = Round(member, {"a": bad, "b": good}, np.zeros(4))
    chosen = cross_chosen((first, second), lambda who, scores: found_at(who, scores, 0.01))
    assert [scores.tolist() for _, scores in chosen] == [bad.tolist(), bad.tolist()]


def test_no_test_row_is_both_known_and_judged() -> None:
    train, test, _ = mixed_split(40, 30)
    first, second = contests(case_of(train, test, train))
    for contest, other in ((first, second), (second, first)):
        others = contest.judged.frame["id"].iloc[contest.num_members :]
        assert not set(others) & set(contest.reference.frame["id"])
        assert set(others) == set(other.reference.frame["id"])


def test_common_rows_are_no_near_copies_beyond_chance() -> None:
    train, test, fresh = breast_cancer()
    few = [c for c in train.schema.columns if c.name in ("mean radius", "target")]
    schema = Schema(columns=tuple(few), target="target")
    tables = [Table(t.frame[[c.name for c in few]], schema) for t in (train, test, fresh)]
    found = values(measure("copies", case_of(*tables)))
    assert abs(found["near_copy_excess"]) < 0.1
