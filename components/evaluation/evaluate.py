"""The entry point: judge synthetic rows, and return everything found with the verdict."""

import logging
import os
from dataclasses import replace
from functools import partial

import pandas as pd

from components.config import (
    ColumnKind,
    EvaluateConfig,
    GroupSplit,
    Purpose,
    RandomSplit,
    Split,
    TimeSplit,
)
from components.data.counted import counted
from components.data.splits import hash_rows
from components.data.table import Table
from components.errors import UserError
from components.evaluation.case import (
    Case,
    Evaluator,
    Findings,
    Guarantee,
    MakeAndFit,
    Sampler,
    canonical,
)
from components.evaluation.catalog import check_metric, evaluators_for
from components.evaluation.drawn import with_unknown_as_other
from components.evaluation.evidence import Evidence
from components.evaluation.features import rows_of, task_of
from components.evaluation.fewest import MIN_ROWS
from components.evaluation.gates import judge
from components.evaluation.parallel import run_all
from components.evaluation.selftest import check_self_test
from components.models.contract import LogMetrics, log_nothing

logger = logging.getLogger(__name__)

RANDOM = RandomSplit()
MIN_ROWS_FOR_PROCESSES = 2_000
NOTES = {
    "group": "rows with one {column} belong together: folds and test rows have whole groups, and "
    "intervals of a gain or a loss in usefulness allow for them; the others count rows, so are too "
    "narrow where rows of a group are much alike",
    "time": "test rows are the latest by {column}: whatever changed with time tells them from "
    "training and from synthetic rows, so that likeness and privacy come out worse than they are",
}
"""What a split other than at random does to the evidence."""
NOT_JUDGED = "{column} itself is not judged: training and test rows differ in it by their split"


def evaluate(
    train: Table,
    test: Table,
    synthetic: pd.DataFrame,
    *,
    make_and_fit: MakeAndFit | None,
    config: EvaluateConfig,
    log: LogMetrics = log_nothing,
    workers: int | None = None,
    generator: Sampler | None = None,
    guarantee: Guarantee | None = None,
    split: Split = RANDOM,
) -> Evidence:
    """Everything that can be said of `synthetic` for the purpose asked for, with the verdict.

    `make_and_fit(table, seed)` fits a fresh generator of the judged kind; it is called in every
    fold of the benefit trial, perhaps in another process, and only for augmentation. None where
    there is no generator to fit: then the benefit of these very rows is measured. The same
    rows, in any order, and the same config give the same evidence, bit for bit, whatever the
    number of `workers` (default: two processes, or one where there is one core). `log` is called
    with the number of parts done. With the `generator` that made the rows, attacks with the model
    in hand are tried too; its declared `guarantee` is put to the test. How the real rows were
    parted is `split`: with groups, a fold holds out all rows of one or none, and the column that
    parts rows by group or time is not judged, if no rule is about it. Raises UserError for rows
    that cannot be judged.
    """
    check_asked_of_rows(config)
    _check_rows(train, test, synthetic)
    notes = _notes(train, split)
    train, test = (to_be_judged(table, split) for table in (train, test))
    processes = min(2, os.cpu_count() or 1) if workers is None else workers
    case = replace(
        canonical_case(train, test, synthetic, config, split, make_and_fit, processes),
        generator=generator,
        guarantee=guarantee,
    )
    found = _run_evaluators(case, log)
    measurements = tuple(m for part in found for m in part.measurements)
    return Evidence(
        num_train=len(train),
        num_test=len(test),
        num_synthetic=len(synthetic),
        target=train.schema.target,
        test_sha256=hash_rows(test.frame),
        measurements=measurements,
        columns=with_unknown_as_other(
            tuple(column for part in found for column in part.columns), case.synthetic
        ),
        pairs=tuple(pair for part in found for pair in part.pairs),
        arms=tuple(arm for part in found for arm in part.arms),
        curves=tuple(curve for part in found for curve in part.curves),
        groups=tuple(group for part in found for group in part.groups),
        attacks=tuple(attack for part in found for attack in part.attacks),
        constraints=tuple(rule for part in found for rule in part.constraints),
        telltales=tuple(telltale for part in found for telltale in part.telltales),
        verdict=judge(measurements, config.gates, config.purpose),
        notes=(*notes, *(note for part in found for note in part.notes)),
    )


def check_asked_of_rows(config: EvaluateConfig) -> None:
    """Raise UserError for a purpose, or a gate on a metric, that rows do not have."""
    if config.purpose is Purpose.CLASSIFICATION:
        raise UserError("purpose = classification judges models of images; these are rows")
    for gate in config.gates:
        check_metric(gate.metric, config.purpose)
        check_self_test(gate.metric)


def _parts_by(table: Table, split: Split) -> str | None:
    """The learned column by which rows are parted and that can do without being judged."""
    if not isinstance(split, GroupSplit | TimeSplit):
        return None
    schema, name = table.schema, split.column
    is_free = name != schema.target and not any(name in rule.columns for rule in schema.constraints)
    return name if is_free and name in (column.name for column in schema.learned) else None


def group_column_of(split: Split) -> str | None:
    """The column whose values name the rows that belong together, None without one."""
    return split.column if isinstance(split, GroupSplit) else None


def to_be_judged(table: Table, split: Split) -> Table:
    """The table, in which the column by which rows are parted is nothing to be learned."""
    name = _parts_by(table, split)
    if name is None:
        return table
    aside = {"kind": ColumnKind.CONSTANT, "categories": (), "nullable": True}
    columns = tuple(
        c.model_copy(update=aside) if c.name == name else c for c in table.schema.columns
    )
    return Table(table.frame, table.schema.model_copy(update={"columns": columns}))


def _notes(table: Table, split: Split) -> tuple[str, ...]:
    if not isinstance(split, GroupSplit | TimeSplit):
        return ()
    note = NOTES[split.method].format(column=split.column)
    aside = _parts_by(table, split)
    return (note,) if aside is None else (note, NOT_JUDGED.format(column=aside))


def _check_rows(train: Table, test: Table, synthetic: pd.DataFrame) -> None:
    counts = {"training": len(train), "test": len(test), "synthetic": len(synthetic)}
    for name, count in counts.items():
        if count < MIN_ROWS:
            raise UserError(f"there are {count} {name} rows; at least {MIN_ROWS} can be judged")
    unknown = len(train) - len(rows_of(train, task_of(train)))
    if unknown:
        raise UserError(
            f"target {train.schema.target!r} is missing in {counted(unknown, 'training row')}"
        )
    lacking = [c.name for c in train.schema.learned if c.name not in synthetic.columns]
    if lacking:
        raise UserError(
            f"the synthetic rows lack {', '.join(lacking)}; "
            f"they have {', '.join(map(str, synthetic.columns))}"
        )


def canonical_case(
    train: Table,
    test: Table,
    synthetic: pd.DataFrame,
    config: EvaluateConfig,
    split: Split,
    make_and_fit: MakeAndFit | None = None,
    workers: int = 1,
) -> Case:
    """The case of these rows, in an order that depends on their content and the seed alone."""
    group_column = group_column_of(split)
    return Case(
        train=canonical(train, config.seed, group_column),
        test=canonical(test, config.seed, group_column),
        synthetic=canonical(Table(synthetic, train.schema), config.seed),
        config=config,
        make_and_fit=make_and_fit,
        workers=workers,
        group_column=group_column,
        is_parted_at_random=isinstance(split, RandomSplit),
    )


def _run_evaluators(case: Case, log: LogMetrics) -> list[Findings]:
    """All evaluators of the purpose: the long one by folds, the others side by side."""
    chosen = evaluators_for(case.config.purpose, can_refit=case.make_and_fit is not None)
    side_by_side = [e for e in chosen if e.purposes > {case.config.purpose}]
    alone = [e for e in chosen if e not in side_by_side]
    found: list[Findings] = []
    calls = [partial(_run, evaluator, case) for evaluator in side_by_side]
    pays = len(case.train) + len(case.synthetic) >= MIN_ROWS_FOR_PROCESSES
    for findings in run_all(calls, workers=case.workers if pays else 1):
        found.append(findings)
        log(len(found), {"evaluators_done": len(found) / len(chosen)})
    return found + [evaluator.run(case, log) for evaluator in alone]


def _run(evaluator: Evaluator, case: Case) -> Findings:
    logger.info("measuring %s", ", ".join(metric.name for metric in evaluator.metrics))
    return evaluator.run(case, log_nothing)
