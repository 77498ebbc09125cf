"""The generator with a guarantee: what it spends, what it hides, what it tells."""

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from components.config import PrivateConfig
from components.data.preparation import prepare_table
from components.data.table import Table
from components.errors import UserError
from components.evaluation.privacy.empirical_epsilon import epsilon_bound
from components.models.private.graph import nearest_counts, raked
from components.models.private.model import Private
from components.models.private.noise import Account, Noise, delta_of, rho_of


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of the test's own, and a key that makes it repeat."""
    monkeypatch.setenv("MINTMARK_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("MINTMARK_NOISE_KEY", "7a" * 32)
    return tmp_path / "home"


def fit(table: Table, epsilon: float = 3.0, seed: int = 0) -> Private:
    model = Private(PrivateConfig(epsilon=epsilon, delta=1e-5))
    model.fit(table, seed=seed)
    return model


def people(num_rows: int = 4_000, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    ill = rng.random(num_rows) < 0.3
    return pd.DataFrame(
        {
            "id": [f"P{number:06d}" for number in range(num_rows)],
            "age": rng.normal(40 + 15 * ill, 10).round().clip(18, 90).astype(int),
            "income": np.where(rng.random(num_rows) < 0.5, 0, rng.lognormal(8, 1, num_rows)).round(
                2
            ),
            "town": rng.choice(["Ayr", "Bath", "Cork"], num_rows, p=[0.6, 0.3, 0.1]),
            "ill": np.where(ill, "yes", "no"),
        }
    )


@pytest.mark.parametrize("epsilon", [0.1, 1.0, 10.0])
@pytest.mark.parametrize("delta", [1e-9, 1e-5])
def test_the_loss_is_all_that_epsilon_and_delta_allow(epsilon: float, delta: float) -> None:
    rho = rho_of(epsilon, delta)
    assert math.isclose(delta_of(rho, epsilon), delta, rel_tol=1e-3)
    loose = (
        epsilon
        + 2 * math.log(1 / delta)
        - 2 * math.sqrt(math.log(1 / delta) * (epsilon + math.log(1 / delta)))
    )
    assert rho >= loose  # what Bun and Steinke's simpler formula gives


def test_noise_is_whole_has_its_deviation_and_repeats() -> None:
    def drawn(key: bytes) -> np.ndarray:
        return Noise(key, Account(1.0, 1e-5, 1)).histogram(np.zeros(40_000, int), 0.005)[0]

    first = drawn(b"key")
    assert (first == np.round(first)).all()
    assert abs(first.std() - math.sqrt(1 / 0.005)) < 0.3 and abs(first.mean()) < 0.4
    assert (drawn(b"key") == first).all() and (drawn(b"other") != first).any()


def test_no_more_is_spent_than_there_is() -> None:
    account = Account(1.0, 1e-5, 1)
    noise = Noise(b"key", account)
    noise.histogram(np.zeros(3, int), account.rho * 0.7)
    with pytest.raises(AssertionError, match="more privacy spent"):
        noise.histogram(np.zeros(3, int), account.rho * 0.4)


def test_a_fit_spends_what_its_account_has(monkeypatch: pytest.MonkeyPatch) -> None:
    accounts: list[Account] = []
    made = Account.__post_init__

    def noted(account: Account) -> None:
        made(account)
        accounts.append(account)

    monkeypatch.setattr(Account, "__post_init__", noted)
    fit(prepare_table(people(), "ill"))
    (account,) = accounts
    assert 0.9 * account.rho < account.rho_spent <= account.rho * (1 + 1e-9)


@pytest.mark.parametrize("epsilon", [0.5, 2.0])
def test_no_attack_on_the_counts_of_neighbours_beats_epsilon(epsilon: float) -> None:
    """Eight thousand games: was the row of interest in the first cell or in the second?"""
    delta, games = 1e-3, 8_000
    rng = np.random.default_rng(0)
    is_first = rng.random(games) < 0.5
    scores = np.empty(games)
    for game, first in enumerate(is_first):
        noise = Noise(b"%d" % game, Account(epsilon, delta, 0))
        counts = np.array([10 + first, 10 + (not first)])
        found, _ = noise.histogram(counts, noise.account.rho)
        scores[game] = found[0] - found[1]
    bound = epsilon_bound([(is_first, scores)], delta=delta, confidence=0.95)
    assert 0 < bound <= epsilon


def test_a_value_of_one_row_passes_the_bar_no_oftener_than_delta_allows() -> None:
    """With a delta so large that it can be counted."""
    passed, games = 0, 4_000
    for game in range(games):
        noise = Noise(b"%d" % game, Account(1.0, 0.3, 1))
        noisy, sigma = noise.histogram(np.array([1]), 0.05)
        passed += int(noisy[0] > noise.account.bar(sigma))
    assert 0.04 < passed / games < 0.1


def test_who_stands_out_is_not_told_of(tmp_path: Path) -> None:
    frame = people()
    frame.loc[17, ["age", "income", "town"]] = [999, 98_765_432.1, "Zennor"]
    model = fit(prepare_table(frame, "ill"), epsilon=10.0)
    model.save(tmp_path)
    said = (tmp_path / "model.json").read_text()
    assert "Ayr" in said and "Zennor" not in said and "P0000" not in said
    assert model.schema_["age"].maximum is not None and model.schema_["age"].maximum < 128
    assert model.schema_["income"].maximum is not None and model.schema_["income"].maximum < 1e6
    rows = model.sample(4_000, seed=0)
    assert set(rows["town"]) <= {"Ayr", "Bath", "Cork"} and rows["age"].max() < 128


def test_what_many_share_is_kept() -> None:
    frame = people(20_000)
    rows = fit(prepare_table(frame, "ill"), epsilon=3.0).sample(20_000, seed=1)
    assert abs((rows["ill"] == "yes").mean() - 0.3) < 0.02
    assert abs((rows["income"] == 0).mean() - 0.5) < 0.03
    assert (rows["income"] == rows["income"].round(2)).all()
    shares = rows["town"].value_counts(normalize=True)
    assert abs(shares["Cork"] - 0.1) < 0.02
    gap = rows.groupby("ill")["age"].mean()
    assert 11 < gap["yes"] - gap["no"] < 19


def test_columns_that_go_together_still_do() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=20_000)
    frame = pd.DataFrame(
        {
            "x": x.round(2),
            "y": (x + rng.normal(scale=0.3, size=20_000)).round(2),
            "z": rng.normal(size=20_000).round(2),
            "label": np.resize(["a", "b"], 20_000),
        }
    )
    rows = fit(prepare_table(frame, "label")).sample(20_000, seed=0)
    correlation = rows[["x", "y", "z"]].corr()
    assert correlation.loc["x", "y"] > 0.85 and abs(correlation.loc["x", "z"]) < 0.08


def test_more_epsilon_tells_more() -> None:
    frame = people()
    table = prepare_table(frame, "ill")
    errors = []
    for epsilon in (0.3, 1.0, 10.0):
        rows = fit(table, epsilon).sample(4_000, seed=0)
        errors.append(
            abs(
                np.quantile(rows["age"], [0.1, 0.5, 0.9])
                - np.quantile(frame["age"], [0.1, 0.5, 0.9])
            ).sum()
        )
    assert errors[0] > errors[1] >= errors[2]


def test_a_neighbour_has_noise_of_its_own() -> None:
    """With the noise in common, the difference of two fits would be the row that changed."""
    frame = people()
    other = frame.copy()
    other.loc[0, "age"] += 1
    first, second = (fit(prepare_table(each, "ill")) for each in (frame, other))
    shares = [model.drawing_.steps[0].shares for model in (first, second)]
    assert not np.array_equal(*shares)


def test_the_same_fit_repeats_here_and_not_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    table = prepare_table(people(), "ill")
    first, again = fit(table), fit(table)
    assert again.sample(100, seed=1).equals(first.sample(100, seed=1))
    monkeypatch.setenv("MINTMARK_HOME", "elsewhere")
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr("components.storage.secret.noise_key", lambda: bytes(32))
        assert not fit(table).sample(100, seed=1).equals(first.sample(100, seed=1))


def test_first_rows_do_not_depend_on_how_many_follow() -> None:
    model = fit(prepare_table(people(), "ill"))
    learned = [column.name for column in model.schema_.learned]
    few, many = (model.sample(count, seed=3)[learned] for count in (50, 5_000))
    assert many.head(50).equals(few)


def test_a_delta_that_promises_nothing_is_refused() -> None:
    model = Private(PrivateConfig(delta=1e-3))
    with pytest.raises(UserError, match=r"delta = 0\.001 is no protection for 4000 rows"):
        model.fit(prepare_table(people(), "ill"), seed=0)


def test_too_few_rows_for_so_little_epsilon_are_refused() -> None:
    with pytest.raises(UserError, match=r"epsilon = 0\.01 is too small for 60 rows"):
        fit(prepare_table(people(60).drop(columns="town"), "ill"), epsilon=0.01)


def test_a_column_of_names_is_refused_and_one_of_numbers_never_empty() -> None:
    frame = people(400)
    frame["name"] = [f"name {number % 200}" for number in range(400)]
    with pytest.raises(UserError, match="no category of column 'name' stands out"):
        fit(prepare_table(frame, "ill"))
    spread = people(400).assign(far=np.exp(np.linspace(-300, 300, 400)))
    rows = fit(prepare_table(spread, "ill"), epsilon=3.0).sample(50, seed=0)
    assert rows["far"].notna().all()


def test_a_column_of_which_noise_leaves_one_value_is_told(caplog: pytest.LogCaptureFixture) -> None:
    frame = people(600).drop(columns="income").assign(age=lambda rows: rows["age"] + 0.0)
    sparse = np.where(np.arange(600) % 5 < 3, np.nan, np.exp(np.linspace(-300, 300, 600)))
    rows = fit(prepare_table(frame.assign(far=sparse), "ill")).sample(50, seed=0)
    assert rows["far"].isna().all()
    assert [record.args for record in caplog.records if "noise hides" in record.msg] == [
        ("far", "far")
    ]


@pytest.mark.parametrize("share", [0.03, 0.5])
def test_numbers_near_the_largest_there_is_are_counted_like_others(share: float) -> None:
    rng = np.random.default_rng(0)
    is_vast = rng.random(4_000) < share
    table = people().assign(vast=np.where(is_vast, 1e308 * (1 + 0.7 * rng.random(4_000)), 0.25))
    with np.errstate(over="raise", invalid="raise"):
        rows = fit(prepare_table(table, "ill")).sample(2_000, seed=0)
    assert np.isfinite(rows["vast"]).all()
    assert (rows["vast"] > 8e307).mean() == pytest.approx(is_vast.mean(), abs=0.04)


def test_nearest_counts_are_nearest() -> None:
    noisy = np.array([[5.0, -3.0], [1.0, 0.5]])
    near = nearest_counts(noisy, 4.0)
    assert math.isclose(near.sum(), 4.0) and (near >= 0).all()
    rng = np.random.default_rng(0)
    for other in rng.dirichlet(np.ones(4), 500).reshape(-1, 2, 2) * 4:
        assert ((other - noisy) ** 2).sum() >= ((near - noisy) ** 2).sum() - 1e-9


def test_a_raked_table_has_the_sums_asked_for() -> None:
    table = raked(np.array([[3.0, 1.0], [0.0, 4.0]]), np.array([6.0, 2.0]), np.array([5.0, 3.0]))
    np.testing.assert_allclose(table.sum(axis=1), [6, 2], atol=1e-2)
    np.testing.assert_allclose(table.sum(axis=0), [5, 3], atol=1e-6)
