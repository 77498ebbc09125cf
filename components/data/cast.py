"""Casting a column to a type that is known only when the program runs."""

from typing import Any

import pandas as pd


def cast(values: "pd.Series[Any]", dtype: str) -> "pd.Series[Any]":
    """`values` as the type that pandas calls `dtype`.

    The stubs of pandas accept names of types they can read in the source only.
    """
    as_type: Any = values.astype
    result: pd.Series[Any] = as_type(dtype)
    return result
