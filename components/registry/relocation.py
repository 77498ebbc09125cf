"""Where the registry's rows say that files lie, as they move to another folder or to a server.

The embedded registry keeps `RUN/artifacts` and `models/MODEL/artifacts` below one folder; a
server wants them below the number of their experiment, or it could not tell who may read them.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

SERVED = "mlflow-artifacts:"
PLACE = "mintmark-artifacts:"
"""Begins an address within a backup, wherever the files lie before and after."""
_RUN = re.compile(r"[0-9a-f]{32}")
_MODEL = re.compile(r"m-[0-9a-f]{32}")
_OWNED = {"runs": "run_uuid", "logged_models": "model_id"}
Row = dict[str, Any]


@dataclass(frozen=True)
class Relocation:
    """Takes addresses below `before` to the same places below `after`."""

    before: str
    after: str
    experiments: Mapping[str, str]
    """The experiment's number of each run and model; empty where nothing is sorted by it."""

    def row(self, table: str, row: Row) -> Row:
        """A row with its addresses moved; everything else in it stays."""
        moved = {
            name: self.address(value) if isinstance(value, str) else value
            for name, value in row.items()
        }
        if table == "experiments" and self.experiments and moved["artifact_location"]:
            if moved["artifact_location"].rstrip("/") == self.after.rstrip("/"):
                moved["artifact_location"] = f"{self.after}/{row['experiment_id']}"
        return moved

    def address(self, text: str) -> str:
        """One address; a text that is none below `before` is given back as it is."""
        if text != self.before and not text.startswith(f"{self.before}/"):
            return text
        name = text.removeprefix(self.before).strip("/")
        return f"{self.after}/{self.name(name)}" if name else self.after

    def name(self, name: str) -> str:
        """Where a file of this name goes, below its experiment where it is known."""
        parts = PurePosixPath(name).parts
        owner = parts[0] if parts and _RUN.fullmatch(parts[0]) else ""
        if len(parts) > 1 and parts[0] == "models" and _MODEL.fullmatch(parts[1]):
            owner = parts[1]
        experiment = self.experiments.get(owner)
        return f"{experiment}/{name}" if experiment else name


class Owners:
    """Collects, from rows as they pass, which experiment each run and model is of."""

    def __init__(self) -> None:
        self.experiments: dict[str, str] = {}

    def see(self, table: str, row: Row) -> None:
        """Take in one row."""
        if table in _OWNED:
            self.experiments[str(row[_OWNED[table]])] = str(row["experiment_id"])
