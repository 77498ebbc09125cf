"""A registered generator as a downstream team sees it: `predict` draws rows. Needs no MLflow."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from components.data.conditions import Condition
from components.errors import UserError
from components.models.catalog import load_any_model
from components.models.streaming import stream


class ServedGenerator:
    """`predict` on a table with one request a row: `num_rows`, `seed` and optional `condition`.

    `condition` is a JSON object such as `{"income": ">50K"}`. The rows of all requests are
    returned one after another; equal requests give equal rows.
    """

    def __init__(self, directory: Path) -> None:
        self._model = load_any_model(directory)

    def predict(self, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> Any:
        """The synthetic rows that are asked for, in the columns and types of the real table.

        Images are rows too: PNG bytes in `image`, what they show in `label`. Raises UserError for
        a request that cannot be met, or none.
        """
        frames = [
            frame
            for request in model_input.to_dict(orient="records")
            for frame in self._draw(request)
        ]
        if not frames:
            raise UserError("no request: give a table with the columns num_rows and seed")
        return pd.concat(frames, ignore_index=True)

    def get_raw_model(self) -> "ServedGenerator":
        """Itself: what MLflow's `PyFuncModel.get_raw_model` hands out, for `stream`."""
        return self

    def stream(
        self, num_rows: int, seed: int, condition: Condition | None = None
    ) -> Iterator[pd.DataFrame]:
        """The rows that `predict` gives to such a request, in frames as they are drawn."""
        return stream(self._model, num_rows, condition=condition, seed=seed)

    def _draw(self, request: dict[Any, Any]) -> Iterator[pd.DataFrame]:
        text = request.get("condition")
        condition = json.loads(text) if isinstance(text, str) and text else None
        return self.stream(int(request["num_rows"]), int(request["seed"]), condition)


def _load_pyfunc(data_path: str) -> ServedGenerator:
    """MLflow's entry point for a `loader_module`."""
    return ServedGenerator(Path(data_path))
