"""What models of main components promise beyond the contract, on drawn expression of genes."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from components.config import ClassGaussianConfig, ExpressionGanConfig
from components.data.expression import CELLS, TARGET, draw_expression, type_names
from components.data.preparation import prepare_table
from components.data.table import Table
from components.models.records.class_gaussian import ClassGaussian, fit_gaussians
from components.models.records.component_records import balanced
from components.models.records.components import learn_components, normal_cells
from components.models.records.expression_gan import ExpressionGan

TINY = ExpressionGanConfig(
    steps=30, batch_size=32, hidden_size=16, noise_size=24, checkpoint_seconds=0, look_every=10
)


@cache
def cells() -> Table:
    frame = draw_expression()
    return prepare_table(frame.iloc[:, -61:], TARGET)


def fit_tiny(config: ExpressionGanConfig = TINY, seed: int = 0, **options) -> ExpressionGan:
    model = ExpressionGan(config)
    model.fit(cells(), seed=seed, **options)
    return model


@cache
def gaussian() -> ClassGaussian:
    model = ClassGaussian(ClassGaussianConfig(components=10))
    model.fit(cells(), seed=0)
    return model


def _weights(model: ExpressionGan) -> dict[str, torch.Tensor]:
    return model.generator_.state_dict()


def test_same_seed_gives_the_same_weights_and_leaves_the_global_generator_alone() -> None:
    before = torch.get_rng_state()
    first, second, other = (_weights(fit_tiny(seed=seed)) for seed in (0, 0, 1))
    assert all(torch.equal(value, second[name]) for name, value in first.items())
    assert not torch.equal(first["rows.enter.weight"], other["rows.enter.weight"])
    assert torch.equal(before, torch.get_rng_state())


def test_an_interrupted_fit_goes_on_and_ends_as_if_it_had_not_been(tmp_path: Path) -> None:
    def interrupt(step: int, metrics: object) -> None:
        if step == 20:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit_tiny(checkpoint_dir=tmp_path, log=interrupt)
    assert list(tmp_path.rglob("step-000000019.pt"))
    steps: list[int] = []
    resumed = fit_tiny(checkpoint_dir=tmp_path, log=lambda step, metrics: steps.append(step))
    whole = fit_tiny()
    assert steps == [10, 20, 30]
    known = _weights(whole)
    assert all(torch.equal(value, known[name]) for name, value in _weights(resumed).items())
    assert resumed.sample(50, seed=0).equals(whole.sample(50, seed=0))


def test_zeros_ranges_and_digits_are_those_of_the_training_rows() -> None:
    real = cells().frame.drop(columns=TARGET)
    made = gaussian().sample(4_000, seed=0).drop(columns=TARGET)
    assert ((made == 0).mean() - (real == 0).mean()).abs().max() < 0.05
    assert (made.max() <= real.max()).all() and (made == made.round(3)).all(axis=None)


def test_genes_off_the_components_vary_as_real_ones_do() -> None:
    """With one component most of the variance is none of its own."""
    model = ClassGaussian(ClassGaussianConfig(components=1))
    model.fit(cells(), seed=0)
    real = cells().frame.drop(columns=TARGET)
    made = model.sample(4_000, seed=0).drop(columns=TARGET)
    ratio = made.std() / real.std()
    assert ratio.median() == pytest.approx(1, abs=0.05) and (ratio > 0.8).mean() > 0.9


def test_types_differ_in_made_cells_as_in_real_ones() -> None:
    real = cells().frame.groupby(TARGET).mean()
    made = gaussian().sample(4_000, seed=0).groupby(TARGET).mean()
    common = [name for name, count in zip(type_names(), CELLS, strict=True) if count > 40]
    gaps = (real - real.mean()).loc[common].to_numpy(), (made - made.mean()).loc[common].to_numpy()
    assert np.corrcoef(gaps[0].ravel(), gaps[1].ravel())[0, 1] > 0.8


def test_balance_moves_the_shares_of_classes_and_nothing_else() -> None:
    assert balanced(np.array([0.5, 0.3, 0.2, 0.0]), 0.5).round(3).tolist() == [
        0.417,
        0.317,
        0.267,
        0.0,
    ]
    even = ClassGaussian(ClassGaussianConfig(components=10, balance=1.0))
    even.fit(cells(), seed=0)
    shares = even.sample(5_000, seed=0)[TARGET].value_counts(normalize=True)
    assert shares.min() > 0.08 and shares.max() < 0.12
    asked = {TARGET: "B1"}
    assert even.sample(20, condition=asked, seed=0).equals(
        gaussian().sample(20, condition=asked, seed=0)
    )


def test_the_network_begins_as_the_gaussian() -> None:
    """A generator that has learned nothing makes the Gaussian's cells; one that has, others."""
    still = TINY.model_copy(update={"steps": 1, "generator_rate": 1e-12, "components": 10})
    made = fit_tiny(still).sample(4_000, seed=0).groupby(TARGET).mean()
    known = gaussian().sample(4_000, seed=0).groupby(TARGET).mean()
    common = [name for name, count in zip(type_names(), CELLS, strict=True) if count > 40]
    assert (made - known).loc[common].abs().max(axis=None) < 0.25
    nothing = still.model_copy(update={"start": "nothing"})
    other = fit_tiny(nothing).sample(4_000, seed=0).groupby(TARGET).mean()
    assert (other - known).loc[common].abs().max(axis=None) > 0.5


def test_components_take_a_cell_apart_and_the_rest_is_what_is_left() -> None:
    rng = np.random.default_rng(0)
    factor = rng.normal(size=(500, 2))
    whole = factor @ rng.normal(size=(2, 30)) * 2 + rng.normal(size=(500, 30)) * 0.5 + 3
    labels = np.zeros(500, dtype=np.int64)
    components, scores = learn_components(whole, labels, 1, 2)
    np.testing.assert_allclose(scores.T @ scores / 500, np.eye(2), atol=1e-9)
    left = whole - components.middle - scores @ components.along
    np.testing.assert_allclose(left.std(axis=0), components.deviation[0], rtol=0.01)
    assert np.abs(left.std(axis=0) - 0.5).max() < 0.2
    everything, exact = learn_components(whole, labels, 1, 99)
    np.testing.assert_allclose(everything.middle + exact @ everything.along, whole)


def test_normal_cells_are_means_of_stretches() -> None:
    rng = np.random.default_rng(0)
    drawn = np.sort(rng.normal(size=200_000))
    for low, high in ((0.0, 0.3), (0.3, 0.31), (0.31, 1.0)):
        own = drawn[int(low * 200_000) : int(high * 200_000)].mean()
        assert normal_cells(np.array([low]), np.array([high])) == pytest.approx(own, abs=0.01)


def test_a_small_class_has_the_covariance_of_all() -> None:
    rng = np.random.default_rng(0)
    scores = np.concatenate([rng.normal(size=(400, 3)) * [1, 2, 3], [[9.0, 9.0, 9.0]]])
    labels = np.append(np.zeros(400, dtype=np.int64), 1)
    means, roots = fit_gaussians(scores, labels, 3, prior_rows=30.0)
    np.testing.assert_allclose(means[1:], [[9, 9, 9], [0, 0, 0]])
    covariance = [root.T @ root for root in roots]
    np.testing.assert_allclose(covariance[0], np.cov(scores[:400].T, bias=True), atol=0.05)
    np.testing.assert_allclose(covariance[1], covariance[2] * 30 / 31, atol=1e-9)


def test_what_is_done_to_images_is_refused() -> None:
    with pytest.raises(ValidationError, match="augmentation is of images"):
        ExpressionGanConfig(augmentation=("cutout",))
