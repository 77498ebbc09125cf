"""The missing cells of rows, filled several times over: multiple imputation (Rubin 1987)."""

import numpy as np
import pandas as pd

from components.models.contract import Completer

_STREAM = 0xF1


def complete_several(
    model: Completer, frame: pd.DataFrame, num_draws: int, *, seed: int
) -> list[pd.DataFrame]:
    """So many completed tables, the first of them that of `seed` itself.

    Those of one seed and of another are independent, and the first are the same however many
    follow.
    """
    return [model.complete(frame, seed=_seed_of(seed, number)) for number in range(num_draws)]


def _seed_of(seed: int, number: int) -> int:
    if number == 0:
        return seed
    return int(np.random.SeedSequence([seed, number, _STREAM]).generate_state(1)[0])
