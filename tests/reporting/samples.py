"""Made-up evidence with plausible numbers, for the reporting tests."""

import numpy as np

from components.config import Gate, Purpose
from components.evaluation.evidence import (
    Arm,
    Attack,
    ColumnFidelity,
    Constraint,
    Curve,
    Evidence,
    GateResult,
    GroupEffect,
    Measurement,
    Outcome,
    PairFidelity,
    Telltale,
    Verdict,
)
from components.reporting.lineage import Lineage

HOSTILE = '<script>alert("x")</script> & $a_b$ 😀'
REASON = "membership AUC is at most 0.535 with 95% confidence; asked: at most 0.55"
_WORKCLASS = ("Private", "Self-employed-not-incorporated", "Local-gov", "?", "State-gov")


def measurements() -> tuple[Measurement, ...]:
    """One of each kind that the report draws differently."""
    free, share = (None, None), (0.0, 1.0)
    rows = (
        ("shape_error", "fidelity", 0.0061, 0.0055, 0.0069, "minimise", 0.0, share, 0.0042),
        ("two_sample_auc", "fidelity", 0.561, 0.552, 0.570, "minimise", 0.5, share, 0.503),
        ("tstr_loss", "utility", 0.0042, -0.0011, 0.0093, "minimise", 0.0, free, 0.0),
        ("augmentation_gain", "utility", 0.0018, -0.0034, 0.0071, "maximise", 1.0, free, None),
        ("membership_auc", "privacy", 0.512, 0.498, 0.535, "minimise", 0.5, share, None),
        ("copy_excess", "privacy", -0.0, -0.002, 0.003, "minimise", 0.0, (-1.0, 1.0), 0.0),
        ("distance", "privacy", 1_234_567.0, 1.1e6, 1.4e6, "maximise", 2e6, (0.0, None), None),
    )
    return tuple(
        Measurement.model_validate(
            {
                "name": name,
                "family": family,
                "value": value,
                "low": low,
                "high": high,
                "confidence": 0.95,
                "goal": goal,
                "ideal": ideal,
                "meaning": f"what {name} says about the synthetic rows",
                "bounds": bounds,
                "reference": reference,
            }
        )
        for name, family, value, low, high, goal, ideal, bounds, reference in rows
    )


def telltales() -> tuple[Telltale, ...]:
    """One column that tells for certain, two that perhaps do, out of order."""
    return (
        Telltale(columns=("age",), drop=0.001, low=-0.002, high=0.004),
        Telltale(columns=("fnlwgt", HOSTILE), drop=0.041, low=0.031, high=0.052),
        Telltale(columns=("hours",), drop=0.0, low=-0.003, high=0.003),
    )


PASSED, REFUSED, UNDECIDED = Outcome.PASSED, Outcome.REFUSED, Outcome.UNDECIDED
_SAID = {
    PASSED: (-0.0, 0.003, "All three gates hold."),
    REFUSED: (0.031, 0.038, "It copies training rows: do not share it."),
    UNDECIDED: (0.004, 0.021, "Undecided: about 12,000 rows, not 9,769, would pass it."),
}


def verdict(outcome: Outcome = PASSED) -> Verdict:
    """A sharing verdict of three gates, the last of which has this outcome."""
    value, bound, summary = _SAID[outcome]
    gates = (
        GateResult(
            gate=Gate(metric="tstr_loss", better_than=0.0, margin=0.05),
            value=0.0042,
            bound=0.0093,
            outcome=PASSED,
            reason="models lose at most 0.0093; asked: 0.05",
        ),
        GateResult(
            gate=Gate(metric="membership_auc", better_than=0.5, margin=0.05),
            value=0.512,
            bound=0.535,
            outcome=PASSED,
            reason=REASON,
        ),
        GateResult(
            gate=Gate(metric="copy_excess", better_than=0.0, margin=0.01),
            value=value,
            bound=bound,
            outcome=outcome,
            reason="copies exceed the holdout's own rate by at most that",
        ),
    )
    return Verdict(purpose=Purpose.SHARING, outcome=outcome, gates=gates, summary=summary)


def columns(num_columns: int = 8, seed: int = 0) -> tuple[ColumnFidelity, ...]:
    """Numeric and categorical columns by turns."""
    rng = np.random.default_rng(seed)
    made = []
    for place in range(num_columns):
        numeric = place % 2 == 0
        labels = (
            tuple(f"{18 + 3 * edge} to {21 + 3 * edge}" for edge in range(20))
            if numeric
            else _WORKCLASS
        )
        real = rng.dirichlet(np.linspace(4, 0.4, len(labels)) * 3)
        synthetic = np.abs(real + rng.normal(0, 0.01, len(labels)))
        synthetic /= synthetic.sum()
        error = float(np.abs(real - synthetic).sum() / 2)
        made.append(
            ColumnFidelity(
                column=f"column {place}",
                error=error,
                labels=labels,
                real=tuple(real),
                synthetic=tuple(synthetic),
            )
        )
    return tuple(made)


def pairs(names: tuple[str, ...], seed: int = 0) -> tuple[PairFidelity, ...]:
    """Every pair of the named columns, synthetic a little weaker than real."""
    rng = np.random.default_rng(seed)
    made = []
    for place, first in enumerate(names):
        for second in names[place + 1 :]:
            real = float(rng.beta(1, 4))
            synthetic = min(1.0, real * float(rng.normal(0.93, 0.05)))
            made.append(
                PairFidelity(
                    first=first,
                    second=second,
                    real=real,
                    synthetic=synthetic,
                    error=abs(real - synthetic),
                )
            )
    return tuple(made)


def roc(name: str, power: float, num_points: int = 500) -> Curve:
    """A smooth ROC curve, y = x ** power."""
    x = np.linspace(0, 1, num_points)
    return Curve(name=name, x=tuple(x), y=tuple(x**power), x_title="false alarms", y_title="found")


def arms() -> tuple[Arm, ...]:
    """Five arms under two learners and their average."""
    rng = np.random.default_rng(3)
    made = []
    for learner in ("mean of learners", "logistic_regression", "gradient_boosting"):
        for name in (
            "real",
            "class weights",
            "duplicated real",
            "SMOTE",
            "synthetic",
            "real + synthetic",
        ):
            difference = 0.0 if name == "real" else float(rng.normal(0.002, 0.004))
            width = 0.0 if name == "real" else 0.005
            made.append(
                Arm(
                    name=name,
                    learner=learner,
                    scores={"balanced_accuracy": 0.81 + difference},
                    difference=difference,
                    low=difference - width,
                    high=difference + width,
                )
            )
    return tuple(made)


def training(num_points: int = 900) -> tuple[Curve, ...]:
    """Two training curves, one that settles and one that does not."""
    x = np.arange(num_points, dtype=float)
    noise = np.random.default_rng(5).normal(0, 0.02, num_points)
    series = {"training_generator_loss": np.exp(-x / 60) + noise, "training_critic_loss": x / 300}
    return tuple(
        Curve(name=name, x=tuple(x), y=tuple(y), x_title="step", y_title="loss")
        for name, y in series.items()
    )


def _band(
    name: str, x: tuple[float, ...], y: tuple[float, ...], half: float, **titles: str
) -> Curve:
    low, high = (tuple(value + sign * half for value in y) for sign in (-1, 1))
    return Curve(name=name, x=x, y=y, low=low, high=high, **titles)


def ratio_curves() -> tuple[Curve, ...]:
    """The gain of synthetic rows at four ratios, and that of duplicated ones."""
    titles = {"x_title": "rows added for each real row", "y_title": "gain in ROC AUC"}
    ratios = (0.5, 1.0, 2.0, 4.0)
    return (
        _band("ratio_curve_synthetic", ratios, (0.002, 0.0045, 0.0062, 0.0051), 0.003, **titles),
        _band("ratio_curve_duplicated", ratios, (0.0004, 0.0011, 0.0009, -0.0012), 0.002, **titles),
    )


def learning_curves() -> tuple[Curve, ...]:
    """What real rows alone reach, in all and by one learner, and with synthetic rows."""
    titles = {"x_title": "real training rows", "y_title": "ROC AUC"}
    counts = (2_849.0, 5_698.0, 11_396.0, 22_792.0)
    return (
        _band("learning_curve_real", counts, (0.889, 0.899, 0.907, 0.912), 0.004, **titles),
        _band("learning_curve_real_forest", counts, (0.879, 0.892, 0.902, 0.909), 0.004, **titles),
        _band("learning_curve_augmented", counts[2:], (0.911, 0.914), 0.004, **titles),
    )


def groups(num_groups: int = 7) -> tuple[GroupEffect, ...]:
    """Groups of which the first is harmed, the last helped, and the others neither."""
    made = []
    for place in range(num_groups):
        difference = -0.021 + 0.007 * place
        made.append(
            GroupEffect(
                column="workclass" if place % 2 else "sex",
                group=_WORKCLASS[place % 5],
                num_rows=240 * (place + 1),
                metric="roc_auc",
                real=0.88,
                augmented=0.88 + difference,
                difference=difference,
                low=difference - 0.012,
                high=difference + 0.012,
            )
        )
    return tuple(made)


def attacks() -> tuple[Attack, ...]:
    """Three attacks by the rows and one with the model in hand."""
    rows = (("distance", 0.503), ("calibrated distance", 0.512), ("density", 0.509))
    return tuple(
        Attack(
            name=name,
            access="model" if name == "likelihood" else "rows",
            auc=auc,
            low=auc - 0.014,
            high=auc + 0.014,
            found_at_1_percent=0.01 + (auc - 0.5),
            found_at_01_percent=0.001 + (auc - 0.5) / 10,
        )
        for name, auc in (*rows, ("likelihood", 0.531))
    )


def constraints(num_rules: int = 10) -> tuple[Constraint, ...]:
    """Rules of each kind, the later the more often broken."""
    rules = (
        ("education decides education_num", "dependency"),
        ("start <= end", "inequality"),
        ("gross = net + tax", "sum"),
        ("visits in order of date", "order"),
    )
    return tuple(
        Constraint(
            rule=rules[place % 4][0] + f" ({place})",
            kind=rules[place % 4][1],
            real=1.0,
            synthetic=1.0 - 0.004 * place,
        )
        for place in range(num_rules)
    )


def evidence(outcome: Outcome = PASSED) -> Evidence:
    """A full evidence: everything the report can show."""
    shown = columns(9)
    memberships = (roc("membership_roc", 0.96), roc("membership_model_roc", 0.93))
    return Evidence(
        num_train=22_792,
        num_test=9_769,
        num_synthetic=22_792,
        target="income",
        test_sha256="5e" * 32,
        measurements=measurements(),
        columns=shown,
        pairs=pairs(tuple(column.column for column in shown)),
        arms=arms(),
        curves=(
            roc("two_sample_roc", 0.78),
            *memberships,
            *ratio_curves(),
            *learning_curves(),
            *training(),
        ),
        verdict=verdict(outcome),
        groups=groups(),
        attacks=attacks(),
        telltales=telltales(),
        constraints=constraints(),
        notes=("column 'city' has the unknown category 'Erfurt', in 9 of 22,792 rows",),
    )


def bare() -> Evidence:
    """The least an evidence can hold: one column, no pairs, arms or curves."""
    return evidence().model_copy(
        update={
            "columns": columns(1),
            **dict.fromkeys(("pairs", "arms", "curves", "groups", "attacks", "constraints"), ()),
        }
    )


def lineage() -> Lineage:
    """A lineage before registration."""
    return Lineage(
        name="adult-sharing",
        version=None,
        generator="trees",
        settings={"min_leaf": 10},
        data_uri="data/adult.parquet",
        data_sha256="ab" * 32,
        num_train=22_792,
        num_test=9_769,
        num_synthetic=22_792,
        seed=0,
        git_commit="0123abc",
        git_dirty=True,
        content_keys={"models/": "cd" * 16, "data/synthetic.parquet": "ef" * 16},
        params_sha256="12" * 32,
        libraries={"numpy": "2.4.6", "torch": "2.9.0"},
        flow_run_id=None,
        when="2026-03-01T12:00:00+00:00",
        links={"MLflow run": "http://127.0.0.1:5000/#/experiments/1/runs/2", "data": "data/x.csv"},
    )
