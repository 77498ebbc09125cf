"""The sections of `docs/evidence.md`, each from the results of its study alone."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from benchmarks.calibration.coverage import CONFIDENCE
from benchmarks.calibration.invariances import LEAST_TOLERANCE
from benchmarks.calibration.memorisers import CONTROL, MEMORISERS, NEAR
from benchmarks.calibration.power import NUM_TRAIN
from benchmarks.calibration.ranks import self_tests
from benchmarks.calibration.trials import Result
from benchmarks.calibration.wording import count, grouped, outcome, share, table
from components.evaluation.catalog import EVALUATORS
from components.evaluation.selftest import (
    BY_FAMILY,
    CANDIDATES,
    Expected,
    SelfTest,
    expected,
)
from components.evaluation.statistics import mean_interval, share_interval

Section = Callable[[Sequence[Result]], str]
MAX_PROMOTED, MIN_FOUND = 0.05, 0.80


def useless(results: Sequence[Result]) -> str:
    """How often a useless generator was promoted."""
    promoted, num_trials = count(results, "passed"), len(results)
    is_met = num_trials >= 200 and promoted <= MAX_PROMOTED * num_trials
    rows = [
        [name, share(count(found, "passed"), len(found)), _mean(found, "gain")]
        for key in (_by_generator, _by_table)
        for name, found in grouped(results, key).items()
    ]
    return (
        "Generators that are worth nothing, on random subsamples of tables that libraries ship. "
        "The whole verdict for augmentation, by `components.evaluation.evaluate` with the default "
        "gates and folds, the generator fitted in every fold. Asked: promoted in at most 5% of at "
        f"least 200 trials. Promoted in {share(promoted, num_trials)}: {outcome(is_met)}.\n\n"
        + table(["trials", "promoted (95% interval)", "mean gain measured"], rows)
    )


def _by_generator(result: Result) -> str:
    return result.trial.generator


def _by_table(result: Result) -> str:
    return f"{result.trial.table}, {result.trial.rows} rows"


def _mean(results: Sequence[Result], key: str) -> str:
    return f"{sum(result.found[key] for result in results) / len(results):+.3f}"


def power(results: Sequence[Result]) -> str:
    """How often a true gain was found, by its size."""
    effects = {level: _true_gain(found) for level, found in _by_level(results, "effect").items()}
    rows, met = [], []
    for level, found in _by_level(results, "power").items():
        gain = effects.get(level)
        size = f"{gain[0]:+.3f} ({gain[1]:+.3f} to {gain[2]:+.3f})" if gain else "not known yet"
        promoted = count(found, "passed")
        if gain and promoted >= MIN_FOUND * len(found):
            met.append(gain[0])
        mean = sum(result.found["gain"] for result in found) / len(found)
        rows.append([f"{level:g}", size, f"{mean:+.3f}", share(promoted, len(found))])
    said = f"from a true gain of {min(met):.3f} on" if met else "at no effect size tried"
    return (
        f"A generator that draws from the true process, {NUM_TRAIN} training rows, more synthetic "
        "rows from line to line. The true gain is that in AUC over the best other way, averaged "
        "over learners, of training rows as many as a fold's, scored on 5,000 fresh rows (95% "
        f"interval). Asked: found in at least 80% at a stated effect size. Found so {said}: "
        f"{outcome(bool(met))}.\n\n"
        + table(["synthetic rows a real one", "true gain", "mean measured", "promoted"], rows)
    )


def _by_level(results: Sequence[Result], study: str) -> dict[float, list[Result]]:
    chosen = [result for result in results if result.trial.study == study]
    return {found[0].trial.level: found for found in grouped(chosen, _level).values()}


def _level(result: Result) -> str:
    return f"{result.trial.level:g}"


def _true_gain(results: Sequence[Result]) -> tuple[float, float, float]:
    """The mean gain over the arm that is best on average, with its 95% interval."""
    ours = results[0].found["augmented"]
    arms = [arm for arm in results[0].found["scores"] if arm != ours]
    means = {arm: np.mean([result.found["scores"][arm] for result in results]) for arm in arms}
    best = max(arms, key=lambda arm: means[arm])
    gains = [result.found["scores"][ours] - result.found["scores"][best] for result in results]
    found = mean_interval(np.array(gains), confidence=0.95, sides=2)
    return found.value, found.low, found.high


def memorisers(results: Sequence[Result]) -> str:
    """How often each memoriser was refused, and the control with it."""
    planted = [result for result in results if result.trial.generator in MEMORISERS]
    refused, passed = count(planted, "refused"), count(planted, "passed")
    is_met = len(planted) >= 60 and refused == len(planted)
    rows = [
        [
            name,
            share(count(found, "refused"), len(found)),
            str(len(found) - count(found, "refused") - count(found, "passed")),
            share(count(found, "refused_for_privacy"), len(found)),
        ]
        for name, found in grouped(results, lambda result: result.trial.generator).items()
    ]
    return (
        "Training rows handed out: all, all with a little noise (5% of a deviation; 2% of "
        "categories drawn anew), or 5% of otherwise fresh real rows. Asked: every one refused for "
        f"sharing, in at least 60 trials. Refused: {share(refused, len(planted))}; passed: "
        f"{passed}; the others are undecided, which promotes nothing: {outcome(is_met)}. "
        f"{NEAR!r} are a harder case than what is asked. {CONTROL!r} is the control: real rows "
        "that no one trained on, so that a refusal is not for want of evidence alone.\n\n"
        + table(
            ["generator", "refused for sharing", "undecided", "refused by a privacy gate"], rows
        )
        + "\n"
        + _by_table_and_generator(results)
    )


def _by_table_and_generator(results: Sequence[Result]) -> str:
    names = list(dict.fromkeys(result.trial.generator for result in results))
    rows = []
    for name, found in grouped(results, _table_of_memorisers).items():
        by = grouped(found, lambda result: result.trial.generator)
        rows.append([name, *(_refusals(by.get(generator, [])) for generator in names)])
    return table(["refused of trials, and which gates refused", *names], rows)


def _table_of_memorisers(result: Result) -> str:
    return f"{result.trial.table}, {result.found['num_train']} rows"


def _refusals(results: Sequence[Result]) -> str:
    gates = sorted({gate for result in results for gate in result.found["refused_by"]})
    refused = count(results, "refused")
    return f"{refused}/{len(results)} {', '.join(gates)}"


def ranks(results: Sequence[Result]) -> str:
    """Each metric's self-test."""
    tests = self_tests(results)
    failed = [name for name, test in tests.items() if not test.passed]
    rows = [
        [name, "passed" if test.passed else f"**switched off**: {test.reason}", _values(test)]
        for name, test in sorted(tests.items())
    ]
    return (
        "A copy of the training rows, further real rows (good), independent columns, noise and a "
        "collapsed generator (the same twentieth of the training rows over and over), "
        "measured by every metric of the catalog on several tables. A metric that ranks them "
        "wrongly is switched off: a gate on it is an error "
        "(`components/evaluation/selftest.json`, written by this study). Orders, best first:\n\n"
        + "\n".join(f"- {name}: {_order(each)}" for name, each in BY_FAMILY.items())
        + "\n"
        + "\n".join(_exceptions())
        + f"\n\nPassed: {len(tests) - len(failed)} of {len(tests)}. Asked: all, or switched off: "
        f"{outcome(bool(tests))}.\n\n"
        + table(["metric", "self-test", f"{' / '.join(CANDIDATES)}, by table"], rows)
    )


def _exceptions() -> Iterator[str]:
    """The metrics whose order is not their family's."""
    for evaluator in EVALUATORS.values():
        for metric in evaluator.metrics:
            order = expected(metric)
            if order != BY_FAMILY[metric.family]:
                yield f"- but {metric.name}: {_order(order)}"


def _order(order: Expected) -> str:
    said = " > ".join(", ".join(tier) for tier in order.tiers)
    return f"{said} ({order.reason})" if order.reason else said


def _values(test: SelfTest) -> str:
    return "; ".join(
        f"{name} " + " / ".join(f"{found[candidate]:.3f}" for candidate in CANDIDATES)
        for name, found in test.values.items()
    )


def invariances(results: Sequence[Result]) -> str:
    """What each change changed."""
    kept = count(results, "kept")
    rows = [
        [
            result.trial.table,
            result.trial.generator,
            "the same bits" if result.found["same_bits"] else _largest(result),
            "yes" if result.found["kept"] else "**no**",
        ]
        for result in results
    ]
    return (
        "Row order must leave every bit of the evidence as it was. Column order, other names "
        "for categories and other units draw other random numbers; each metric must move by no "
        f"more than the width of its wider interval, or {LEAST_TOLERANCE:g} where that is more. "
        f"Kept: {kept} of "
        f"{len(results)}: {outcome(kept == len(results))}.\n\n"
        + table(["table", "change", "largest change, of its tolerance", "kept"], rows)
    )


def _largest(result: Result) -> str:
    worst = max(
        result.found["metrics"].items(), key=lambda item: item[1]["change"] / item[1]["tolerance"]
    )
    return f"{worst[0]} {worst[1]['change']:.4f} of {worst[1]['tolerance']:.4f}"


def coverage(results: Sequence[Result]) -> str:
    """How often each kind of interval held the truth."""
    rows, met = [], []
    for name, found in grouped(results, lambda result: result.trial.table).items():
        total = sum(result.found["intervals"] for result in found)
        cells = []
        for side in ("above", "below"):
            inside = total - sum(result.found[side] for result in found)
            met.append(share_interval(inside, total, confidence=0.95, sides=2).high >= CONFIDENCE)
            cells.append(share(inside, total) + ("" if met[-1] else " **too few**"))
        rows.append([name, *cells])
    return (
        f"One-sided bounds at {CONFIDENCE:.0%}: the share of simulated samples in which the truth "
        "lies on the right side of each. Asked: the share's 95% interval reaches "
        f"{CONFIDENCE:.0%}: {outcome(all(met))}.\n\n"
        + table(["interval", "lower bound holds", "upper bound holds"], rows)
    )


SECTIONS: dict[str, tuple[str, Section]] = {
    "useless": ("(a) Useless generators are not promoted", useless),
    "power": ("(b) A true gain is found", power),
    "memorisers": ("(c) Memorisers are refused", memorisers),
    "ranks": ("(d) Every metric ranks rows of known worth", ranks),
    "invariances": ("(e) The same rows said otherwise", invariances),
    "coverage": ("(f) Intervals cover", coverage),
}
"""The title and the section of each part, in the page's order."""
