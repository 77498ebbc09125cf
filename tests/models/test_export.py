"""Programs: what `export_program` gives is the same generator, for every registered model."""

from functools import cache

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from components.data.schema import Schema
from components.data.table import Matrix, Table, decode, encode
from components.models.catalog import MODELS
from components.models.contract import Exportable, SamplingProgram, TabularModel
from tests.models.conftest import fitted_once, small_model
from tests.models.test_contract import EDGES, missing_in, without
from tests.procedural import OUTCOMES, columns_table, mixed_table

ROWS = 20_000
NUMERIC = ["age", "amount", "ratio", "visits"]

QUICK_EDGES = {
    "one feature": EDGES["one feature"],
    "no value at all, and a class of two rows": lambda: without(
        missing_in(mixed_table(80), "amount", *OUTCOMES), "won", but=2
    ),
}
"""Edges whose programs run as they are; all are traced in the slow suite, which takes seconds."""


@cache
def learned(name: str) -> tuple[TabularModel, Table]:
    """A model fitted on enough rows for each class to have its own patterns."""
    table = mixed_table(1500)
    model = small_model(name)
    model.fit(table, seed=0)
    return model, table


@cache
def exported(name: str) -> tuple[SamplingProgram, nn.Module]:
    """The program of `learned(name)`, and what is left of it after tracing."""
    return traced(learned(name)[0])


def traced(model: TabularModel) -> tuple[SamplingProgram, nn.Module]:
    assert isinstance(model, Exportable)
    program = model.export_program()
    example = torch.rand(3, program.num_uniforms, dtype=torch.float64)
    rows = torch.export.Dim("rows", min=1)
    found = torch.export.export(program.module, (example,), dynamic_shapes=[{0: rows}])
    return program, found.module()


def uniforms(program: SamplingProgram, num_rows: int, seed: int = 0) -> torch.Tensor:
    random = torch.Generator().manual_seed(seed)
    return torch.rand(num_rows, program.num_uniforms, dtype=torch.float64, generator=random)


@cache
def both(name: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """As many rows by the program as by `sample`."""
    program, module = exported(name)
    model, _ = learned(name)
    made = module(uniforms(program, ROWS)).numpy()
    return decode(made, model.schema_, seed=0), model.sample(ROWS, seed=0)


def test_rows_are_final(model_name: str) -> None:
    program, module = exported(model_name)
    rows = module(uniforms(program, 500))
    assert rows.dtype == torch.float64 and not rows.requires_grad
    schema = learned(model_name)[0].schema_
    np.testing.assert_array_equal(encode(decode(rows.numpy(), schema, seed=0), schema), rows)


def test_a_row_depends_on_its_own_draws_alone(model_name: str) -> None:
    program, module = exported(model_name)
    draws = uniforms(program, 300)
    whole = module(draws).numpy()
    np.testing.assert_array_equal(module(draws).numpy(), whole)
    np.testing.assert_array_equal(module(draws[37:38]).numpy(), whole[37:38])
    np.testing.assert_array_equal(module(draws.flip(0)).numpy(), whole[::-1])
    assert not np.array_equal(module(uniforms(program, 300, seed=1)).numpy(), whole)


def test_shares_and_missing_rates_as_sampled(model_name: str) -> None:
    made, sampled = both(model_name)
    tolerance = 4 * np.sqrt(0.5 / ROWS)  # four standard errors of a difference of shares
    assert (made.isna().mean() - sampled.isna().mean()).abs().max() < tolerance
    for column in ("city", "is_member", "consents", "outcome"):
        shares = [frame[column].value_counts(normalize=True) for frame in (made, sampled)]
        assert (shares[0] - shares[1]).abs().max() < tolerance
    zero = [(frame["amount"] == 0).mean() for frame in (made, sampled)]
    assert abs(zero[0] - zero[1]) < tolerance


def test_distributions_as_sampled(model_name: str) -> None:
    made, sampled = both(model_name)
    made, sampled = (frame.assign(seen=frame["seen"].astype("int64")) for frame in (made, sampled))
    for column in [*NUMERIC, "seen"]:
        first, second = (np.sort(f[column].dropna().to_numpy(float)) for f in (made, sampled))
        grid = np.union1d(first, second)
        steps = [np.searchsorted(v, grid, side="right") / len(v) for v in (first, second)]
        assert np.abs(steps[0] - steps[1]).max() < 2.0 * np.sqrt(2 / len(first)), column


def test_dependence_as_sampled(model_name: str) -> None:
    made, sampled = both(model_name)
    gaps = made[NUMERIC].corr(method="spearman") - sampled[NUMERIC].corr(method="spearman")
    assert gaps.abs().max(axis=None) < 0.045
    for given in ("outcome", "is_member"):
        tables = [pd.crosstab(f[given], f["city"], normalize="index") for f in (made, sampled)]
        assert (tables[0] - tables[1]).abs().max(axis=None) < 0.04
        means = [f.groupby(given)["age"].mean() for f in (made, sampled)]
        assert (means[0] - means[1]).abs().max() < 0.8


def test_the_first_draw_chooses_the_class(model_name: str) -> None:
    program, module = exported(model_name)
    table = learned(model_name)[1]
    position = [c.name for c in table.schema.learned].index("outcome")
    shares = table.frame["outcome"].value_counts(normalize=True)
    assert set(program.classes) == {0, 1, 2}
    for code, (low, high) in program.classes.items():
        name = table.schema.target_column.categories[code]
        assert high - low == pytest.approx(shares[name], abs=0.04)
        draws = uniforms(program, 400)
        draws[:, 0] = low + (high - low) * draws[:, 0]
        assert (module(draws)[:, position] == code).all()


def test_extreme_draws_give_whole_rows(model_name: str) -> None:
    program, module = exported(model_name)
    schema = learned(model_name)[1].schema
    for value in (0.0, 1.0):
        rows = module(torch.full((2, program.num_uniforms), value, dtype=torch.float64)).numpy()
        assert np.isfinite(rows[:, [not column.nullable for column in schema.learned]]).all()


@pytest.mark.parametrize("edge", QUICK_EDGES)
def test_edges(model_name: str, edge: str) -> None:
    model = hastily_fitted(model_name, QUICK_EDGES[edge]())
    assert isinstance(model, Exportable)
    program = model.export_program()
    with torch.compiler.set_stance("force_eager"):  # to compile a loop for one run takes seconds
        assert_whole(model, program, program.module)


@pytest.mark.slow
@pytest.mark.parametrize("edge", EDGES)
def test_edges_traced(model_name: str, edge: str) -> None:
    model = hastily_fitted(model_name, EDGES[edge]())
    assert_whole(model, *traced(model))


def hastily_fitted(name: str, table: Table) -> TabularModel:
    model = small_model(name, hasty=True)
    model.fit(table, seed=0)
    return model


def assert_whole(model: TabularModel, program: SamplingProgram, module: nn.Module) -> None:
    """What the program makes has every column, missing values where they may be, and is alike."""
    with torch.no_grad():
        rows = module(uniforms(program, 400)).numpy()
    assert rows.shape == (400, len(model.schema_.learned))
    for values, column in zip(rows.T, model.schema_.learned, strict=True):
        assert column.nullable or not np.isnan(values).any()
    assert_alike(rows, model.sample(400, seed=0), model.schema_)


def assert_alike(rows: Matrix, sampled: pd.DataFrame, schema: Schema) -> None:
    """Missing rates and means in units of the spread, for a few hundred rows."""
    other = encode(sampled, schema)
    assert np.abs(np.isnan(rows).mean(axis=0) - np.isnan(other).mean(axis=0)).max() < 0.15
    for first, second in zip(rows.T, other.T, strict=True):
        known = first[~np.isnan(first)], second[~np.isnan(second)]
        if min(len(known[0]), len(known[1])) > 50:
            spread = max(known[0].std(), known[1].std(), 1e-9)
            assert abs(known[0].mean() - known[1].mean()) < 0.4 * spread


def test_a_numeric_target_has_no_classes(model_name: str) -> None:
    table = columns_table(mixed_table(80), ["age", "amount", "ratio"], target="ratio")
    model = hastily_fitted(model_name, table)
    assert isinstance(model, Exportable)
    assert model.export_program().classes == {}


def test_exporting_leaves_the_model_as_it_was(model_name: str) -> None:
    model = fitted_once(model_name)
    before = model.sample(50, seed=0)
    assert isinstance(model, Exportable)
    model.export_program()
    pd.testing.assert_frame_equal(model.sample(50, seed=0), before)


def test_every_model_is_exportable() -> None:
    assert all(isinstance(small_model(name), Exportable) for name in MODELS)
