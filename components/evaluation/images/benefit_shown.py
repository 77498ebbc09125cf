"""What a benefit trial of images shows: every way's scores, and the images that were used."""

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np

from components.config.classic import ClassicConfig
from components.config.image_evaluation import Keep
from components.evaluation.benefit.gain import TWO_SIDED
from components.evaluation.evidence import Arm, Curve
from components.evaluation.images.case import Panel, Strip
from components.evaluation.images.folds import FoldResult, Plan
from components.evaluation.images.making import Counts, Made, wanted
from components.evaluation.images.trial import (
    ACCURACY,
    BALANCED,
    MOST_NAMED,
    SPECIFICITY,
    ImageTrial,
    sensitivity,
)
from components.evaluation.images.ways import AUGMENTED, REAL, SYNTHETIC, Option

SHOWN, MOST_CLASSES = 6, 10


def summaries(plan: Plan, trial: ImageTrial) -> Iterator[Arm]:
    """Every way against real images alone: by balanced accuracy, and by what else matters.

    Where classes are uneven that is accuracy and the recall of the rarest; of few classes, the
    mean specificity. There is one learner, so its name says which score the differences are in.
    """
    ours = [option.named(plan.ours) for option in plan.options] if len(plan.options) > 1 else []
    ways = dict.fromkeys([*plan.rivals, SYNTHETIC, AUGMENTED, plan.ours, *ours])
    shown = {"balanced accuracy": BALANCED}
    if plan.rarest is not None:
        rarest = sensitivity(plan.train.classes[plan.rarest])
        shown |= {ACCURACY: ACCURACY, rarest: rarest}
    if len(plan.present) <= MOST_NAMED:
        shown[SPECIFICITY] = SPECIFICITY
    for title, key in shown.items():
        for way in ways:
            found = trial.gain(way, REAL, key, confidence=TWO_SIDED, sides=2)
            yield Arm(
                name=way,
                learner=f"by {title}",
                scores=_listed(plan, trial.means(way)),
                difference=found.value,
                low=found.low,
                high=found.high,
            )


def _listed(plan: Plan, scores: dict[str, float]) -> dict[str, float]:
    """The scores worth a column: those of single classes where these are few, or one is rare."""
    if len(plan.present) <= MOST_NAMED:
        return scores
    kept = {BALANCED, ACCURACY, SPECIFICITY}
    if plan.rarest is not None:
        kept.add(sensitivity(plan.train.classes[plan.rarest]))
    return {name: value for name, value in scores.items() if name in kept}


def curves(plan: Plan, trial: ImageTrial) -> Iterator[Curve]:
    """Our gain over real images alone at each ratio, for each way to filter; none of one ratio."""
    if len(plan.ratios) < 2:
        return
    for keep in plan.config.keep:
        gains = [
            trial.gain(
                Option(ratio, keep).named(plan.ours), REAL, BALANCED, confidence=TWO_SIDED, sides=2
            )
            for ratio in plan.ratios
        ]
        yield Curve(
            name="ratio_curve_synthetic" if keep is Keep.ALL else f"ratio_curve_{keep}",
            x=plan.ratios,
            y=tuple(gain.value for gain in gains),
            low=tuple(gain.low for gain in gains),
            high=tuple(gain.high for gain in gains),
            x_title="images added for each real one",
            y_title="gain in balanced accuracy over real images alone",
        )


def notes(
    plan: Plan, trial: ImageTrial, results: Sequence[FoldResult], chosen: Sequence[Option]
) -> tuple[str, ...]:
    """How the trial was done: what may differ from one trial to another."""
    uses = Counter(f"ratio {option.ratio:g}, {option.keep}" for option in chosen)
    used = "; ".join(f"{use} in {count} of {len(chosen)} folds" for use, count in uses.items())
    agreed = float(np.mean([result.agreed for result in results]))
    first = "to the smallest classes first" if plan.config.balance else "to classes by their shares"
    return (
        f"Ours is {plan.ours}. Classic augmentation: {said(plan.config.classic)}. Every way of "
        f"training has {plan.config.steps:,} steps of the same small network",
        f"Synthetic images go {first}. As the other folds chose: {used} (all: all images; agreed: "
        "those a classifier of the fold's real images calls by their label, "
        f"{agreed:.0%} of those drawn)",
        f"{trial.num_folds} folds, done {_times(trial.repeats)}; the generator was fitted "
        f"{len(results)} times, each time without the held-out images",
    )


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def said(classic: ClassicConfig) -> str:
    """The rule by which images are varied, in words.

    >>> said(ClassicConfig(degrees=0, scale=0))
    'shifts of up to 10% of a side, no mirror images'
    """
    parts = [
        f"shifts of up to {classic.shift:.0%} of a side" if classic.shift else "",
        f"turns of up to {classic.degrees:g} degrees" if classic.degrees else "",
        f"scalings by up to {classic.scale:.0%}" if classic.scale else "",
        "mirror images, left to right" if classic.flip else "no mirror images",
    ]
    return ", ".join(part for part in parts if part) if classic.has_effect else "none"


def made_panels(plan: Plan, result: FoldResult, option: Option) -> tuple[Panel, ...]:
    """Synthetic images that were used in the first fold beside real ones, and those thrown out."""
    assert result.made is not None and result.real is not None
    made, real = result.made, result.real
    counts = np.bincount(real.labels, minlength=len(real.classes))  # type: ignore[arg-type]
    used = made.used(wanted(counts, option.ratio, balance=plan.config.balance), option.keep)
    classes = plan.present[:MOST_CLASSES]
    return (
        Panel(
            key="used",
            title="What did classifiers learn from?",
            meaning=f"{len(used):,} synthetic images joined {len(real):,} real ones in the first "
            f"fold (ratio {option.ratio:g}, {option.keep}).",
            reading="Left six real training images of the fold, right six synthetic ones that were "
            "used, the first of each class; none was chosen.",
            strips=tuple(
                Strip(
                    plan.train.classes[code],
                    real.images[real.labels == code][:SHOWN],
                    beside=made.images.images[used[made.labels[used] == code][:SHOWN]],
                )
                for code in classes
            ),
        ),
        _thrown_out(plan, made, classes),
    )


def _thrown_out(plan: Plan, made: Made, classes: Counts) -> Panel:
    """Synthetic images that a classifier of real ones calls something else, with what it says."""
    wrong = {int(code): np.flatnonzero(~made.agrees & (made.labels == code)) for code in classes}
    shares = {
        code: len(rows) / max(int((made.labels == code).sum()), 1) for code, rows in wrong.items()
    }
    worst = max(shares, key=lambda code: shares[code])
    count = int((~made.agrees).sum())
    return Panel(
        key="thrown-out",
        title="Which synthetic images show something else?",
        meaning=f"A classifier of the fold's real images calls {count:,} of {len(made.labels):,} "
        f"synthetic ones something else"
        + (
            f", most often of class “{plan.train.classes[worst]}”: {shares[worst]:.0%}."
            if count
            else "."
        ),
        reading="The first six of each class, and what each is called; the filter throws them out. "
        "It may be the classifier that errs.",
        strips=tuple(
            Strip(
                plan.train.classes[code],
                made.images.images[rows[:SHOWN]],
                tuple(plan.train.classes[made.called[row]] for row in rows[:SHOWN]),
            )
            for code, rows in wrong.items()
            if len(rows)
        ),
    )
