import numpy as np
import pandas as pd
import pytest

from components.models.contract import Scorer
from components.models.oddness import can_score, explain, oddness
from tests.models.conftest import fitted_once
from tests.procedural import mixed_table


@pytest.mark.parametrize("name", ["trees", "copula", "tvae"])
def test_the_column_that_was_spoiled_is_named(name):
    model, table = fitted_once(name), mixed_table()
    assert can_score(model) and isinstance(model, Scorer)
    rows = table.frame.head(6).reset_index(drop=True)
    rows.loc[2, "age"] = 1_000
    told = explain(model, rows, seed=0)
    assert told.shape == (6, len(model.schema_.learned)) and (told >= 0).to_numpy().all()
    assert told.loc[2].idxmax() == "age"
    assert told.loc[2, "age"] > 1.5 * told.drop(index=2)["age"].max()


def test_a_model_of_normal_rows_alone_is_not_told_what_is_wrong():
    model, table = fitted_once("copula"), mixed_table()
    assert np.array_equal(oddness(model, table), -model.score(table.frame))


def test_rows_keep_their_index():
    told = explain(fitted_once("copula"), mixed_table().frame.iloc[[7, 3]], seed=0)
    assert isinstance(told, pd.DataFrame) and told.index.tolist() == [7, 3]
