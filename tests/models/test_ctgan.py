"""What the GAN promises beyond the contract: it learns, repeats itself, and survives a kill."""

import logging

import numpy as np
import pandas as pd
import pytest
import torch

from components.config import CtganConfig
from components.data.schema import Column, ColumnKind, Schema
from components.data.table import Table
from components.models.ctgan.model import Ctgan
from components.threads import limited_threads
from components.training.loop import NonFiniteLossError
from tests.models.processes import kill_after_checkpoint
from tests.procedural import mixed_table

TINY = CtganConfig(
    steps=30, batch_size=32, hidden_size=16, noise_size=8, checkpoint_seconds=0, look_every=10
)


def _weights(model: Ctgan) -> dict[str, torch.Tensor]:
    return model.sampler_.generator.state_dict()


def _assert_same_weights(first: Ctgan, second: Ctgan) -> None:
    assert all(
        torch.equal(value, _weights(second)[name]) for name, value in _weights(first).items()
    )


def fit_tiny(config: CtganConfig = TINY, seed: int = 0, **kwargs) -> Ctgan:
    model = Ctgan(config)
    model.fit(mixed_table(120), seed=seed, **kwargs)
    return model


def test_same_seed_gives_the_same_weights_and_leaves_the_global_generator_alone():
    before = torch.get_rng_state()
    first, second, other = fit_tiny(), fit_tiny(), fit_tiny(seed=1)
    _assert_same_weights(first, second)
    assert not torch.equal(_weights(first)["leave.bias"], _weights(other)["leave.bias"])
    assert torch.equal(before, torch.get_rng_state())


def test_it_learns_a_dependency_and_the_marginals():
    rng = np.random.default_rng(0)
    label = rng.integers(0, 2, 600)
    x = rng.normal(3 * label, 1)
    y = x + rng.normal(0, 0.3, 600)
    y[rng.random(600) < 0.2] = 0.0
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
    model = Ctgan(CtganConfig(steps=250, batch_size=128, hidden_size=48))
    model.fit(Table(frame, Schema(columns=columns, target="label")), seed=0)
    rows = model.sample(3000, seed=0)
    assert abs((rows["y"] == 0).mean() - (y == 0).mean()) < 0.05
    kept = rows[rows["y"] != 0]
    assert np.corrcoef(kept["x"], kept["y"])[0, 1] > 0.8
    means = rows.groupby("label")["x"].mean()
    assert means[1] - means[0] > 2


def test_a_column_of_thousands_of_categories_is_not_one_hot():
    names = tuple(f"c{i:04d}" for i in range(400))
    frame = pd.DataFrame({"code": names, "target": np.arange(400.0)})
    columns = (
        Column(name="code", kind=ColumnKind.CATEGORICAL, dtype="object", categories=names),
        Column(name="target", kind=ColumnKind.NUMERICAL, dtype="float64", minimum=0, maximum=399),
    )
    model = Ctgan(TINY.model_copy(update={"crowd": 1}))
    model.fit(Table(frame, Schema(columns=columns, target="target")), seed=0)
    assert model.sampler_.layout.num_slots == 101
    assert set(model.sample(500, seed=0)["code"]) <= set(names)


def test_held_out_rows_choose_the_weights():
    scores = {}
    config = TINY.model_copy(update={"steps": 8, "look_every": 4, "holdout_share": 0.4})
    model = Ctgan(config)
    model.fit(mixed_table(300), seed=0, log=lambda step, metrics: scores.update({step: metrics}))
    assert set(scores) == {4, 8}
    for metrics in scores.values():
        assert set(metrics) == {"critic_loss", "generator_loss", "two_sample_auc"}
        assert 0 <= metrics["two_sample_auc"] <= 1


@pytest.mark.parametrize(
    ("num_rows", "epochs", "last_step"),
    [(20, None, 150), (20, 3, 3), (80, None, 70 * 4), (80, 1_000, 500)],
    ids=["few rows", "few passes", "usual passes", "all steps"],
)
def test_training_takes_the_usual_passes_unless_told_otherwise(num_rows, epochs, last_step):
    steps = []
    config = TINY.model_copy(
        update={"steps": 500, "batch_size": 20, "look_every": 1, "max_epochs": epochs}
    )
    Ctgan(config).fit(mixed_table(num_rows), seed=0, log=lambda step, _: steps.append(step))
    assert max(steps) == last_step


@pytest.mark.filterwarnings("ignore:overflow")
def test_divergence_is_an_error():
    wild = TINY.model_copy(update={"generator_rate": 1e30, "critic_rate": 1e30})
    with pytest.raises(NonFiniteLossError, match="diverged"):
        fit_tiny(wild)


KILLED_AT_20 = """
import sys, time
from pathlib import Path
import torch
from tests.models.test_ctgan import fit_tiny

torch.set_num_threads(int(sys.argv[2]))
wait = lambda step, metrics: time.sleep(60 if step == 20 else 0)
fit_tiny(checkpoint_dir=Path(sys.argv[1]), log=wait)
"""


def test_a_killed_fit_goes_on_and_ends_as_if_it_had_not_been(tmp_path, caplog):
    kill_after_checkpoint(KILLED_AT_20, tmp_path, 19, str(torch.get_num_threads()))
    steps = []
    with caplog.at_level(logging.INFO):
        resumed = fit_tiny(checkpoint_dir=tmp_path, log=lambda step, metrics: steps.append(step))
    assert "going on from the checkpoint of step 19" in caplog.text
    assert steps == [10, 20, 30]
    _assert_same_weights(resumed, fit_tiny())


def test_a_checkpoint_of_other_settings_or_rows_is_not_used(tmp_path, caplog):
    fit_tiny(checkpoint_dir=tmp_path)
    with caplog.at_level(logging.WARNING):
        other = fit_tiny(seed=1, checkpoint_dir=tmp_path)
    assert "other settings, data or threads" in caplog.text
    _assert_same_weights(other, fit_tiny(seed=1))


def test_a_checkpoint_of_another_number_of_threads_is_not_used(tmp_path, caplog):
    threads = torch.get_num_threads()
    fit_tiny(checkpoint_dir=tmp_path)
    with limited_threads(threads + 1), caplog.at_level(logging.WARNING):
        fit_tiny(checkpoint_dir=tmp_path)
    assert "threads and was skipped" in caplog.text
