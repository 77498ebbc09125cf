"""New rows of a table by a model of normal ones: scored as they are read, the oddest explained."""

from dataclasses import dataclass, replace
from typing import ClassVar

from components.data.batches import Batches
from components.data.table import Table
from components.errors import UserError
from components.models.oddness import ScoringModel, explain, oddness
from components.monitoring.anomaly import Tally, judge_tally
from components.monitoring.anomaly_report import AnomalyReport
from components.monitoring.as_learned import LearnedRows
from components.monitoring.at_a_rate import AtARate

BATCH = 16_384
"""Rows scored at once: a model may need many numbers for each."""
_SEED = 0
"""Of the rows drawn to set odd ones beside: the same at every look."""


@dataclass(frozen=True)
class RowDetector(AtARate[ScoringModel]):
    """A model of normal rows, the scale of its scores, and the rate of false alarms."""

    compares_together: ClassVar[bool] = True
    """Rows are drawn one by one, so that trees can tell whether those of two sides differ."""

    @property
    def not_compared(self) -> tuple[str, ...]:
        """No column but the target is of no account to drift."""
        return ()

    def find(self, batches: Batches) -> AnomalyReport:
        """What the scores of the rows say; their target, if they have one, is not looked at.

        Memory does not grow with the rows. Raises UserError where a column is missing or cannot be
        read, or there is no row.
        """
        schema = self.model.schema_
        names = [column.name for column in schema.learned if column.name != schema.target]
        tally, threshold = None, self.scale.threshold(self.rate)
        for read in LearnedRows.of(schema, names).read(replace(batches, size=BATCH)):
            frame = read.reindex(columns=schema.names)
            scores = oddness(self.model, Table(frame, schema))
            first = tally.num_rows if tally else 0
            found = Tally.of(scores, frame, threshold, first)
            tally = found if tally is None else tally + found
        if tally is None:
            raise UserError("there is no row to look at")
        explained = explain(self.model, tally.rows, seed=_SEED)
        return judge_tally(tally, self.scale, rate=self.rate, explained=explained)
