"""What models that stand around another generator of rows have in common."""

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from components.models.contract import (
    Completer,
    Exportable,
    SamplingProgram,
    Scorer,
    TabularModel,
)
from components.models.streaming import SamplesWhole


class Around(SamplesWhole):
    """A model of rows around `generator`: it can score, complete and leave as far as that can."""

    score: Callable[[pd.DataFrame], NDArray[np.float64]]
    complete: Callable[..., pd.DataFrame]
    export_program: Callable[[], SamplingProgram]

    def __init__(self, generator: TabularModel) -> None:
        """Around a generator yet to be fitted, or one that was."""
        self.generator = generator
        if isinstance(generator, Scorer):
            self.score = self._score
        if isinstance(generator, Completer):
            self.complete = self._complete
        if isinstance(generator, Exportable):
            self.export_program = self._export_program

    def _score(self, frame: pd.DataFrame) -> NDArray[np.float64]:
        """See `Scorer`."""
        raise NotImplementedError

    def _complete(self, frame: pd.DataFrame, *, seed: int) -> pd.DataFrame:
        """See `Completer`."""
        raise NotImplementedError

    def _export_program(self) -> SamplingProgram:
        """See `Exportable`."""
        raise NotImplementedError
