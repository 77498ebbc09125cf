"""A table's rows in the types of their kinds, a batch at a time, as if all were read at once."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Self

import pandas as pd
from pandas.api.types import union_categoricals

from components.config import MarkedSplit, PrepareConfig, RandomSplit
from components.data.batches import Batches
from components.data.forms.kept_forms import TextForm
from components.data.inference import Form, check_names, conform, kinds_of
from components.data.normality import split_normal, told_normal
from components.data.schema import DISCRETE, ColumnKind
from components.data.splits import SplitRows, check_key, split_rows
from components.data.summaries import ColumnSummary, summarise
from components.errors import UserError


@dataclass(frozen=True)
class ConformedRows:
    """Rows as they came, what kind each column is, and the form that its values are kept in."""

    batches: Batches
    kinds: Mapping[str, ColumnKind]
    forms: Mapping[str, Form]
    num_rows: int
    normal: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The target, where it is to say what is normal, with the values that are."""

    @classmethod
    def infer(cls, batches: Batches, target: str, declared: Mapping[str, ColumnKind]) -> Self:
        """Read all rows once and tell the kinds; raises UserError as `infer_kinds` does."""
        check_names(batches.names, target, declared)
        columns = summarise(batches.read(), batches.dtypes, target, declared)
        kinds = kinds_of(columns, target)
        forms = {
            name: _form(column, kinds[name], batches.forms.get(name, TextForm()))
            for name, column in columns.items()
        }
        return cls(batches, kinds, forms, columns[target].num_rows)

    def read(self, names: Sequence[str] | None = None) -> Iterator[pd.DataFrame]:
        """All rows, of these columns or of all, in frames of a batch."""
        wanted = list(self.kinds) if names is None else list(names)
        kinds = {name: self.kinds[name] for name in wanted}
        for frame in self.batches.read(wanted):
            rows = conform(frame, kinds, self.forms)
            told = {n: told_normal(rows[n], v) for n, v in self.normal.items() if n in rows}
            yield rows.assign(**told) if told else rows

    def telling_normal(self, target: str, values: tuple[str, ...]) -> "ConformedRows":
        """The same rows, of which the target says what is normal (`told_normal`).

        Raises UserError where it is a number: only categories can be named.
        """
        if self.kinds[target] not in DISCRETE:
            raise UserError(
                f"prepare.normal: the target {target!r} is {self.kinds[target]}; which rows are "
                f"normal is told by a category (prepare.kinds: {{{target}: categorical}})"
            )
        kinds = {**self.kinds, target: ColumnKind.CATEGORICAL}
        return replace(self, kinds=kinds, normal={target: values})

    def split(self, config: PrepareConfig, source: Batches) -> SplitRows:
        """The sides of all rows, for which only the columns that decide them are held.

        Marks are read from the `source`: they are no column of these rows.
        """
        is_stratified = self.kinds[config.target] in DISCRETE
        held = pd.DataFrame(index=pd.RangeIndex(self.num_rows))
        if is_stratified:
            held[config.target] = self._classes(config.target)
        if isinstance(config.split, MarkedSplit):
            key = config.split.column
            held[key] = pd.concat([part[key] for part in source.read([key])], ignore_index=True)
        elif not isinstance(config.split, RandomSplit):
            key = config.split.column
            check_key(key, list(self.kinds))
            held[key] = pd.concat([rows[key] for rows in self.read([key])], ignore_index=True)
        if config.normal is not None:
            return split_normal(held, config, config.normal)
        return split_rows(held, config, stratify=is_stratified)

    def _classes(self, name: str) -> pd.Series:
        """A discrete column with a small number for each of its values."""
        parts = [rows[name].astype("category") for rows in self.read([name])]
        return pd.Series(union_categoricals(parts, sort_categories=True))


def _form(column: ColumnSummary, kind: ColumnKind, kept: TextForm) -> Form:
    """The form of a column as its source has it."""
    form = Form.of_summary(column, kind)
    return form.keeping(kept, kind, is_text=column.is_text)
