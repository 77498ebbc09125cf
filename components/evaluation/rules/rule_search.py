"""Finding the rules that real rows keep, without taking chance for a rule."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import pandas as pd

from components.config import Product, Sum
from components.data.constraints.checks import slack
from components.data.schema import Column, ColumnKind
from components.data.table import Matrix
from components.evaluation.rules.equation_search import busiest, find_equations
from components.evaluation.rules.rules import Dependency, Equation, Inequality, Rule

MAX_COLUMNS = 60
MAX_SUMMED = 30
NUM_SCREENED = 1_000
MIN_CHANCES_TO_FIND = 20.0
MIN_CHANCES_TO_CONFIRM = 3.0
MOST_OF_CHANCE = 0.05
MOST_BROKEN_TO_FIND = 0.0005
MOST_BROKEN_TO_CONFIRM = 0.005


@dataclass(frozen=True)
class Bar:
    """What rows must show of a rule: how often chance would break it, and how seldom they do."""

    min_chances: float
    most_broken: float

    def is_met(self, rule: Rule, matrix: Matrix) -> bool:
        """True where the rows bear the rule out."""
        applied = int(rule.applies(matrix).sum())
        return self.admits(rule.chance * applied, int(rule.broken(matrix).sum()), applied)

    def admits(self, chances: float, broken: int, applied: int) -> bool:
        """The same of counts: breaks expected by chance, breaks seen, rows looked at."""
        allowed = min(MOST_OF_CHANCE * chances, self.most_broken * applied)
        return chances >= self.min_chances and broken <= allowed


TO_FIND = Bar(MIN_CHANCES_TO_FIND, MOST_BROKEN_TO_FIND)
TO_CONFIRM = Bar(MIN_CHANCES_TO_CONFIRM, MOST_BROKEN_TO_CONFIRM)


def find_rules(train: Matrix, test: Matrix, columns: tuple[Column, ...]) -> list[Rule]:
    """The rules that training rows show and test rows confirm.

    A rule is found where unrelated columns would break it in at least 20 training rows, and it is
    broken in at most a twentieth of that and .05% of the rows it applies to. It is confirmed where
    chance would break it in at least 3 test rows, and at most a twentieth of that and .5% do. So
    a rule of unrelated columns passes with a chance below 1e-8, and among 10,000 pairs hardly
    ever; what always holds by the columns' ranges is never demanded. Equal training rows count
    once. At most 60 columns are looked at, 30 for sums and
    products.

    >>> names = ("a", "b")
    >>> columns = tuple(Column(name=n, kind=ColumnKind.NUMERICAL, dtype="float64") for n in names)
    >>> rows = np.sort(np.random.default_rng(0).normal(size=(300, 2)), axis=1)
    >>> [rule.text(["a", "b"]) for rule in find_rules(rows[:200], rows[200:], columns)]
    ['a <= b']
    """
    distinct = train[~pd.DataFrame(train).duplicated().to_numpy()]
    found: list[Rule] = []
    for search in (_dependencies, _inequalities, _sums, _equations):
        for rule in search(distinct[:, :MAX_COLUMNS], columns[:MAX_COLUMNS]):
            if TO_FIND.is_met(rule, distinct) and TO_CONFIRM.is_met(rule, test):
                found.append(rule)
    return found


def _inequalities(train: Matrix, columns: tuple[Column, ...]) -> Iterator[Rule]:
    """Every ordered pair of dates, or of numbers, that hardly any row breaks."""
    for low, column in enumerate(columns):
        above = np.mean(train[:, [low]] > train, axis=0)
        for high in np.flatnonzero(above <= MOST_BROKEN_TO_FIND):
            if high != low and _are_comparable(column, columns[high]):
                chance = chance_above(train[:, low], train[:, high])
                yield Inequality(low, int(high), chance)


def _are_comparable(first: Column, second: Column) -> bool:
    dates = [column.kind is ColumnKind.DATETIME for column in (first, second)]
    return not (first.is_discrete or second.is_discrete) and dates[0] == dates[1]


def chance_above(first: Matrix, second: Matrix) -> float:
    """The share of all pairs of a present value of either, with the first above the second.

    >>> chance_above(np.array([1.0, 3.0]), np.array([2.0, 4.0]))
    0.25
    """
    ours, theirs = first[~np.isnan(first)], np.sort(second[~np.isnan(second)])
    if not len(ours) or not len(theirs):
        return 0.0
    return float(np.searchsorted(theirs, ours, side="left").mean() / len(theirs))


def _sums(train: Matrix, columns: tuple[Column, ...]) -> Iterator[Rule]:
    """Every two numbers that add up to a third in a few rows, then in all of them."""
    numbers = [
        i for i, c in enumerate(columns) if c.kind in (ColumnKind.INTEGER, ColumnKind.NUMERICAL)
    ][:MAX_SUMMED]
    if len(numbers) < 3:
        return
    screen = train[busiest(train[:, numbers]), :]
    for first, second in combinations(numbers, 2):
        sums = (screen[:, first] + screen[:, second])[:, None] - screen[:, numbers]
        tolerances = np.array([_tolerance(columns, (first, second, c), train) for c in numbers])
        close = np.mean(np.abs(sums) > tolerances, axis=0) <= MOST_BROKEN_TO_FIND
        for total in np.flatnonzero(close):
            if numbers[total] not in (first, second):
                names = [columns[place].name for place in (first, second, numbers[total])]
                found = Sum(total=names[2], parts=tuple(names[:2]))
                yield _equation(found, train, columns, float(tolerances[total]))


def _equations(train: Matrix, columns: tuple[Column, ...]) -> Iterator[Rule]:
    """All other sums and products that a few rows seem to keep."""
    for found in find_equations(train, columns):
        named = [column for name in found.columns for column in columns if column.name == name]
        yield _equation(found, train, columns, slack(found, named))


def _tolerance(columns: tuple[Column, ...], places: tuple[int, int, int], train: Matrix) -> float:
    """Half a unit of whole numbers, one of the last decimal kept, else rounding's 1e-9."""
    kinds = [columns[place] for place in places]
    if all(column.kind is ColumnKind.INTEGER for column in kinds):
        return 0.5
    decimals = [column.decimals for column in kinds if column.kind is ColumnKind.NUMERICAL]
    kept = [digits for digits in decimals if digits is not None]
    if len(kept) == len(decimals):
        return float(1.01 * 10.0 ** -min(kept))
    return float(1e-9 * np.nanmax(np.abs(train[:, places]), initial=1e-9))


def _equation(
    constraint: Sum | Product, train: Matrix, columns: Sequence[Column], tolerance: float
) -> Equation:
    """The rule, its chance the least of those with one of the columns shuffled."""
    by_name = {column.name: place for place, column in enumerate(columns)}
    places = tuple(by_name[name] for name in constraint.columns)
    named = tuple(columns[place] for place in places)
    rule = Equation(constraint, places, named, tolerance, chance=0.0)
    chances = []
    for place in places:
        shuffled = train.copy()
        shuffled[:, place] = np.roll(train[:, place], len(train) // 2)
        applied = int(rule.applies(shuffled).sum())
        chances.append(float(rule.broken(shuffled).sum()) / max(applied, 1))
    return replace(rule, chance=min(chances))


def _dependencies(train: Matrix, columns: tuple[Column, ...]) -> Iterator[Rule]:
    """Every column whose values come again in half the rows, with each that it seems to fix."""
    screen = train[:NUM_SCREENED]
    for source in range(len(columns)):
        present = train[~np.isnan(train[:, source]), source]
        if len(np.unique(present)) > len(present) / 2:
            continue
        for result in range(len(columns)):
            if result == source or not _seems_fixed(screen, source, result):
                continue
            yield _dependency(train, source, result)


def _seems_fixed(rows: Matrix, source: int, result: int) -> bool:
    """Are there hardly more distinct pairs than distinct sources among a few rows."""
    both = rows[~np.isnan(rows[:, [source, result]]).any(axis=1)][:, [source, result]]
    pairs = len(np.unique(both[:, 0] + 1j * both[:, 1]))
    return 0 < pairs <= len(np.unique(both[:, 0])) + 2


def _dependency(train: Matrix, source: int, result: int) -> Dependency:
    """The rule by which each source has its most frequent result.

    Its chance is that of a row, beyond the first of its source, to differ from the most frequent
    of all results.
    """
    both = train[~np.isnan(train[:, [source, result]]).any(axis=1)][:, [source, result]]
    known, sources = np.unique(both[:, 0], return_inverse=True)
    results, codes, counts = np.unique(both[:, 1], return_inverse=True, return_counts=True)
    cells, seen = np.unique(sources * len(results) + codes, return_counts=True)
    order = np.lexsort((seen, cells // len(results)))
    last = np.flatnonzero(np.diff(cells[order] // len(results), append=len(known)))
    image = results[cells[order][last] % len(results)]
    again = (len(both) - len(known)) / len(both)
    return Dependency(source, result, known, image, float(again * (1 - counts.max() / len(both))))
