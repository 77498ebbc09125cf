"""What table-GAN promises beyond the contract: three live losses, exact resumption, its cells."""

import logging
from functools import cache

import numpy as np
import pandas as pd
import pytest
import torch
from pydantic import ValidationError

from components.config import TableGanConfig
from components.data.schema import Column, ColumnKind, Schema
from components.data.table import Table
from components.models.table_gan.cells import draw_cells, learn_cells, place_bounds, record_columns
from components.models.table_gan.label import ClassLabel, NumberLabel
from components.models.table_gan.model import TableGan
from components.training.loop import NonFiniteLossError
from tests.models.processes import kill_after_checkpoint
from tests.procedural import columns_table, mixed_table

TINY = TableGanConfig(
    steps=30, batch_size=32, width=4, noise_size=8, checkpoint_seconds=0, look_every=10
)
CHANGES = {
    "delta": 2.0,
    "information_weight": 0.5,
    "classification_weight": 0.5,
    "crowd": 3,
    "steps": 29,
    "max_epochs": 2,
    "batch_size": 33,
    "noise_size": 9,
    "width": 5,
    "generator_rate": 2e-3,
    "discriminator_rate": 2e-3,
    "classifier_rate": 2e-3,
    "ema_decay": 0.5,
}
WITHOUT_EFFECT_ON_ROWS = {"name", "look_every", "checkpoint_seconds", "device"}


def _weights(model: TableGan) -> dict[str, torch.Tensor]:
    return model.generator_.state_dict()


def _assert_same_weights(first: TableGan, second: TableGan) -> None:
    assert all(
        torch.equal(value, _weights(second)[name]) for name, value in _weights(first).items()
    )


def fit_tiny(config: TableGanConfig = TINY, seed: int = 0, **kwargs) -> TableGan:
    model = TableGan(config)
    model.fit(mixed_table(120), seed=seed, **kwargs)
    return model


@cache
def rows_of_tiny() -> pd.DataFrame:
    return fit_tiny().sample(50, seed=0)


def losses_of(config: TableGanConfig, table: Table) -> dict[str, float]:
    """The last mean losses of a training."""
    told: list[dict[str, float]] = []
    TableGan(config).fit(table, seed=0, log=lambda step, metrics: told.append(dict(metrics)))
    return told[-1]


def test_same_seed_gives_the_same_weights_and_leaves_the_global_generator_alone():
    before = torch.get_rng_state()
    first, second, other = fit_tiny(), fit_tiny(), fit_tiny(seed=1)
    _assert_same_weights(first, second)
    assert not torch.equal(_weights(first)["leave.bias"], _weights(other)["leave.bias"])
    assert torch.equal(before, torch.get_rng_state())


def test_no_setting_was_forgotten():
    assert set(CHANGES) | WITHOUT_EFFECT_ON_ROWS == set(TableGanConfig.model_fields)


@pytest.mark.parametrize("name", CHANGES)
def test_every_setting_takes_effect(name: str):
    changed = fit_tiny(TINY.model_copy(update={name: CHANGES[name]}))
    assert not changed.sample(50, seed=0).equals(rows_of_tiny())


@pytest.mark.parametrize(
    "settings",
    [
        {"information_weight": 0, "delta": 0.2},
        {"classification_weight": 0, "classifier_rate": 1e-4},
    ],
)
def test_a_setting_of_a_loss_without_weight_is_refused(settings: dict[str, float]):
    with pytest.raises(ValidationError, match="changes nothing"):
        TableGanConfig(**settings)
    assert TableGanConfig.model_validate(TableGanConfig(information_weight=0).model_dump())


def test_all_three_losses_are_told_and_a_margin_can_silence_one():
    table = mixed_table(120)
    names = ("discriminator_loss", "classifier_loss", "generator_loss")
    told = losses_of(TINY.model_copy(update={"delta": 0.0}), table)
    assert set(told) == {*names, "information_loss", "classification_loss"}
    assert told["information_loss"] > 0.01
    assert losses_of(TINY.model_copy(update={"delta": 50.0}), table)["information_loss"] == 0
    alone = TINY.model_copy(update={"information_weight": 0.0, "classification_weight": 0.0})
    assert set(losses_of(alone, table)) == {"discriminator_loss", "generator_loss"}


def test_without_a_margin_features_are_nearer():
    base = {"steps": 150, "look_every": 50, "information_weight": 3.0}
    near, far = (
        losses_of(TINY.model_copy(update={**base, "delta": delta}), two_columns())[
            "information_loss"
        ]
        + delta * 2
        for delta in (0.0, 1.0)
    )
    assert near < far


def two_columns(num_rows: int = 600) -> Table:
    """The label decides x, and y follows x but for a spike."""
    rng = np.random.default_rng(0)
    label = rng.integers(0, 2, num_rows)
    x = rng.normal(3 * label, 1)
    y = x + rng.normal(0, 0.3, num_rows)
    y[rng.random(num_rows) < 0.2] = 0.0
    frame = pd.DataFrame({"x": x, "y": y, "label": label})
    columns = (
        Column(
            name="x", kind=ColumnKind.NUMERICAL, dtype="float64", minimum=x.min(), maximum=x.max()
        ),
        Column(
            name="y", kind=ColumnKind.NUMERICAL, dtype="float64", minimum=y.min(), maximum=y.max()
        ),
        Column(name="label", kind=ColumnKind.CATEGORICAL, dtype="int64", categories=(0, 1)),
    )
    return Table(frame, Schema(columns=columns, target="label"))


@pytest.mark.slow
def test_it_learns_a_dependency_and_the_marginals():
    table = two_columns()
    model = TableGan(TableGanConfig(steps=800, batch_size=128, width=32))
    model.fit(table, seed=0)
    rows = model.sample(3000, seed=0)
    assert abs((rows["y"] == 0).mean() - (table.frame["y"] == 0).mean()) < 0.05
    kept = rows[rows["y"] != 0]
    assert np.corrcoef(kept["x"], kept["y"])[0, 1] > 0.8
    means = rows.groupby("label")["x"].mean()
    assert means[1] - means[0] > 2


def test_the_classification_loss_alone_teaches_what_goes_with_the_label():
    base = TINY.model_copy(update={"steps": 200, "information_weight": 0.0, "look_every": 100})
    gaps = []
    for weight in (0.0, 20.0):
        config = base.model_copy(
            update={"classification_weight": weight, "discriminator_rate": 1e-9}
        )
        model = TableGan(config)
        model.fit(two_columns(), seed=0)
        means = model.sample(2000, seed=0).groupby("label")["x"].mean()
        gaps.append(means[1] - means[0])
    assert gaps[1] > 2 > abs(gaps[0])


def test_a_target_of_numbers_is_foretold_by_a_regressor():
    table = columns_table(mixed_table(120), ["age", "amount", "ratio"], target="amount")
    told = losses_of(TINY, table)
    assert 0 < told["classification_loss"] < 2 and 0 < told["classifier_loss"] < 2


def test_labels_are_put_and_removed():
    cells = torch.tensor([[0.1, 0.2], [0.3, 0.4]])
    label = ClassLabel(3)
    records = label.put(cells, torch.tensor([0, 2]))
    assert records.tolist() == torch.tensor([[0.1, 0.2, -1.0], [0.3, 0.4, 1.0]]).tolist()
    assert label.removed(records)[:, 2].tolist() == [0, 0]
    number = NumberLabel(position=0, gate=1, present=0.3)
    assert number.put(cells, torch.zeros(2)) is cells
    assert number.removed(cells)[:, 0].tolist() == [0, 0]
    outputs = torch.tensor([[0.6], [9.0]])  # the second row has no target
    assert number.contradiction(outputs, cells, torch.zeros(2)).item() == pytest.approx(0.5)
    everywhere = NumberLabel(position=0, gate=None, present=1.0)
    assert everywhere.contradiction(outputs, cells, torch.zeros(2)).item() == pytest.approx(4.6)


def _column(name: str, kind: ColumnKind = ColumnKind.NUMERICAL, **more: object) -> Column:
    return Column(name=name, kind=kind, dtype="float64", **more)


def test_cells_come_back_as_the_values_they_were():
    rng = np.random.default_rng(0)
    spiked = np.where(rng.random(500) < 0.4, 7.0, rng.normal(size=500))
    gaps = np.where(rng.random(500) < 0.3, np.nan, rng.integers(0, 3, 500))
    matrix = np.column_stack([spiked, gaps, np.full(500, np.nan)])
    columns = (
        _column("spiked"),
        _column("gaps", ColumnKind.CATEGORICAL, categories=("a", "b", "c")),
        _column("empty"),
    )
    cells = learn_cells(matrix, columns, crowd=10)
    low, high = map(torch.from_numpy, place_bounds(matrix, cells))
    assert low.shape == (500, 4) and cells.gated == [1]
    drawn = draw_cells(low, high, torch.Generator().manual_seed(0)).double()
    assert drawn.abs().max() < 1.0001
    ideal = torch.distributions.Normal(0, 1).icdf(torch.linspace(0.001, 0.999, 401).double())
    columns_of = record_columns(cells, (ideal / 3.0902).repeat(4, 1))
    places = columns_of.places(drawn, torch.arange(4))
    values = columns_of.values(places[:, :3], torch.arange(3)).numpy()
    missing = (places[:, columns_of.gate] >= columns_of.present).numpy()
    assert (missing != np.isnan(matrix)).mean() < 0.01
    known = ~np.isnan(gaps)
    assert (values[known, 1] == gaps[known]).mean() > 0.99
    assert ((values[:, 0] == 7) == (spiked == 7)).mean() > 0.99
    assert np.abs(values[:, 0] - spiked).mean() < 0.1


def test_no_value_that_few_rows_have_is_given_out():
    table = two_columns(300)
    model = TableGan(TINY)
    model.fit(table, seed=0)
    rows = model.sample(2000, seed=0)
    assert not (set(rows["x"]) & set(table.frame["x"])) - {
        table.frame["x"].min(),
        table.frame["x"].max(),
    }
    assert (rows["y"] == 0).mean() == pytest.approx((table.frame["y"] == 0).mean(), abs=0.05)


def test_numbers_from_end_to_end_of_the_floats_stay_finite():
    rng = np.random.default_rng(0)
    matrix = rng.choice([-1e308, 1e308, 3.0], (60, 1))
    matrix[:20, 0] = 1.7e308 * rng.uniform(-1, 1, 20)
    with np.errstate(over="ignore"):
        (curve,) = learn_cells(matrix, (_column("huge"),), crowd=50).curves
    assert np.isfinite(curve).all() and np.isfinite(np.diff(curve[1])).all()


def test_rows_do_not_depend_on_how_many_are_drawn():
    model = fit_tiny()
    label = 1
    few, many = (model.sampler_.sample(n, label=label, seed=0) for n in (5, 700))
    np.testing.assert_array_equal(few, many[:5])


@pytest.mark.filterwarnings("ignore:overflow")
def test_divergence_is_an_error():
    wild = TINY.model_copy(update={"generator_rate": 1e30, "discriminator_rate": 1e30})
    with pytest.raises(NonFiniteLossError, match="diverged"):
        fit_tiny(wild)


KILLED_AT_20 = """
import sys, time
from pathlib import Path
from tests.models.test_table_gan import fit_tiny

wait = lambda step, metrics: time.sleep(60 if step == 20 else 0)
fit_tiny(checkpoint_dir=Path(sys.argv[1]), log=wait)
"""


@pytest.mark.slow
def test_a_killed_fit_goes_on_and_ends_as_if_it_had_not_been(tmp_path, caplog):
    kill_after_checkpoint(KILLED_AT_20, tmp_path, 19)
    steps = []
    with caplog.at_level(logging.INFO):
        resumed = fit_tiny(checkpoint_dir=tmp_path, log=lambda step, metrics: steps.append(step))
    assert "going on from the checkpoint of step 19" in caplog.text
    assert steps == [10, 20, 30]
    _assert_same_weights(resumed, fit_tiny())
    assert resumed.sample(50, seed=0).equals(fit_tiny().sample(50, seed=0))


def test_a_checkpoint_of_other_settings_or_rows_is_not_used(tmp_path, caplog):
    fit_tiny(checkpoint_dir=tmp_path)
    with caplog.at_level(logging.WARNING):
        other = fit_tiny(seed=1, checkpoint_dir=tmp_path)
    assert "other settings, data or threads" in caplog.text
    _assert_same_weights(other, fit_tiny(seed=1))
