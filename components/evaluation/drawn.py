"""What is drawn of a column whose synthetic values are not all ones that training rows have."""

import numpy as np

from components.data.table import Table
from components.evaluation.evidence import ColumnFidelity

OTHER = "other"
"""What values beside the most frequent ones are called together."""


def with_unknown_as_other(
    columns: tuple[ColumnFidelity, ...], synthetic: Table
) -> tuple[ColumnFidelity, ...]:
    """The columns, in which categories that the schema does not know are not drawn as missing.

    A generator gives out rare ones as one, `(other)`, and rows from elsewhere may have any; in the
    table's numeric form both are as if nothing were there.
    """
    places = {column.name: i for i, column in enumerate(synthetic.schema.learned)}
    return tuple(_parted(column, synthetic, places[column.column]) for column in columns)


def _parted(column: ColumnFidelity, synthetic: Table, place: int) -> ColumnFidelity:
    empty = np.isnan(synthetic.matrix[:, place])
    missing = synthetic.frame[column.column].isna().to_numpy()
    unknown = float(np.mean(empty & ~missing))
    if not unknown:
        return column
    *labels, last = column.labels  # what is missing comes last
    real, made = list(column.real), list(column.synthetic)
    if labels[-1:] == [OTHER]:
        made[-2] += unknown
    else:
        labels.append(OTHER)
        real.insert(-1, 0.0)
        made.insert(-1, unknown)
    made[-1] = max(made[-1] - unknown, 0.0)
    kept = slice(None) if real[-1] or missing.any() else slice(-1)
    return column.model_copy(
        update={
            "labels": (*labels, last)[kept],
            "real": tuple(real[kept]),
            "synthetic": tuple(made[kept]),
        }
    )
