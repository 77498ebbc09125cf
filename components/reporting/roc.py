"""ROC curves: can synthetic be told from real, and can a training row be told from another."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from components.evaluation.evidence import Curve, Evidence, Telltale
from components.reporting.palette import CHANCE, LINES
from components.reporting.plot import Listing, Plot
from components.reporting.svg import drawing, inline_svg
from components.reporting.wording import interval, measured, percent, shorten, title

_POINTS = 150
_TWO_SAMPLE = ("two_sample", "c2st", "detection", "discriminator")
_ATTACKS = 6
_HOLDS = {"rows": "rows", "model": "model"}
_ALARMS = (0.001, 0.01, 0.1)
_WITNESSES = 10
_TELLTALES = 5
_DASHES = ("-", "--", ":")


def is_membership(curve: Curve) -> bool:
    """True for the ROC of a membership attack."""
    return "membership" in curve.name


def is_two_sample(curve: Curve) -> bool:
    """True for the ROC of a classifier that tells synthetic from real."""
    return curve.name.startswith(_TWO_SAMPLE)


def plot_two_sample(evidence: Evidence) -> Plot:
    """The ROC of the classifier between real and synthetic rows, on plain axes."""
    curves = tuple(curve for curve in evidence.curves if is_two_sample(curve))
    auc = _auc(evidence, curves[0], _TWO_SAMPLE)
    meaning = (
        f"Shown one real and one synthetic row, a classifier picks the synthetic one "
        f"{percent(auc)} of the time; 50% is a guess.{_giveaway(evidence)}"
    )
    with drawing():
        figure, axes = _frame(curves[0])
        axes.plot([0, 1], [0, 1], color=CHANCE, linewidth=0.9, linestyle=(0, (4, 3)))
        _draw_curves(axes, curves, 0.0)
        axes.set(xlim=(0, 1), ylim=(0, 1))
        alt = f"ROC curve, area {measured(auc)}. {meaning}"
        svg = inline_svg(figure, key="two-sample", alt=alt)
    return Plot(
        key="two-sample",
        title="Can synthetic be told from real?",
        meaning=meaning,
        reading="The nearer the line to the dashed diagonal, the better.",
        svg=svg,
        wide=False,
        listing=_telltales(evidence),
    )


def is_calibration(curve: Curve) -> bool:
    """True for how often a classifier between real and synthetic is right when so sure."""
    return curve.name == "classifier_calibration"


def plot_calibration(evidence: Evidence) -> Plot:
    """How often a row is synthetic, by how sure of it the classifier is."""
    curve = next(filter(is_calibration, evidence.curves))
    x, y = np.asarray(curve.x), np.asarray(curve.y)
    meaning = (
        f"Where the classifier is surest, {percent(float(y[-1]))} of the rows are synthetic, and "
        f"it expects {percent(float(x[-1]))}; on average it is off by "
        f"{percent(float(np.abs(x - y).mean()))}."
    )
    with drawing():
        figure, axes = _frame(curve)
        axes.set_xlabel("probability that a row is synthetic")
        axes.plot([0, 1], [0, 1], color=CHANCE, linewidth=0.9, linestyle=(0, (4, 3)))
        axes.fill_between(x, curve.low, curve.high, color=LINES[0], alpha=0.15, linewidth=0)
        axes.plot(x, y, "o-", color=LINES[0], linewidth=1.6, markersize=4)
        axes.set(xlim=(0, 1), ylim=(0, 1))
        svg = inline_svg(figure, key="calibration", alt=f"Calibration. {meaning}")
    return Plot(
        key="calibration",
        title="Can that classifier be believed?",
        meaning=meaning,
        reading="Rows in ten parts of equal size; a classifier that knows how sure it may be lies "
        "on the dashed line. Bands are 95% intervals.",
        svg=svg,
        wide=False,
    )


def _giveaway(evidence: Evidence) -> str:
    """Which columns tell most, as a sentence, where any tells for certain."""
    certain = [told for told in _by_drop(evidence) if told.low > 0]
    if not certain:
        return ""
    names = " and ".join(f"“{shorten(name, 40)}”" for name in certain[0].columns[:3])
    return f" What gives it away most is {names}."


def _telltales(evidence: Evidence) -> Listing | None:
    """What the area loses without each column, the greatest loss first."""
    if not evidence.telltales:
        return None
    rows = tuple(
        (
            shorten(", ".join(told.columns), 60),
            measured(told.drop, signed=True),
            interval(told.low, told.high, signed=True),
        )
        for told in _by_drop(evidence)[:_TELLTALES]
    )
    title = "What the area loses when a column's values are shuffled: the columns that give it away"
    return Listing(title, ("Column", "Loss", "Interval"), rows, num_names=1, folded=False)


def _by_drop(evidence: Evidence) -> list[Telltale]:
    return sorted(evidence.telltales, key=lambda told: -told.drop)


def is_detection(curve: Curve) -> bool:
    """True for the ROC of a detector of anomalies: the model's, or a baseline's."""
    return curve.name.startswith("anomaly_roc")


def plot_detection(evidence: Evidence) -> Plot:
    """The ROC of the model and of every baseline, on plain axes."""
    curves = tuple(curve for curve in evidence.curves if is_detection(curve))
    auc = _auc(evidence, curves[0], ("anomaly",))
    meaning = (
        f"Shown one anomaly and one normal row, the model finds the anomaly odder {percent(auc)} "
        "of the time; 50% is a guess."
    )
    with drawing():
        figure, axes = _frame(curves[0])
        axes.set(xlabel="share of normal rows that raise an alarm", xlim=(0, 1))
        axes.set(ylabel="share of anomalies that do", ylim=(0, 1))
        axes.plot([0, 1], [0, 1], color=CHANCE, linewidth=0.9, linestyle=(0, (4, 3)))
        _draw_curves(axes, curves, 0.0)
        alt = f"ROC curves of detectors, the model's area {measured(auc)}. {meaning}"
        svg = inline_svg(figure, key="detection", alt=alt)
    return Plot(
        key="detection",
        title="Are anomalies told from normal rows?",
        meaning=meaning,
        reading="The further above the dashed diagonal, the better.",
        svg=svg,
        wide=False,
    )


def plot_membership(evidence: Evidence) -> Plot:
    """The ROC of the membership attacks, on logarithmic axes, as few false alarms matter most."""
    curves = tuple(curve for curve in evidence.curves if is_membership(curve))
    auc = _auc(evidence, curves[0], ("membership",))
    alarm, found = _found(evidence, curves)
    meaning = (
        f"{_the_attack(evidence)} ranks a training row above another {percent(auc)} of the time "
        f"(a guess: 50%); at {percent(alarm)} false alarms it finds {percent(found)} of the "
        f"training rows (a guess: {percent(alarm)})."
    )
    floor = _floor(curves)
    with drawing():
        figure, axes = _frame(curves[0])
        axes.set(xscale="log", yscale="log", xlim=(floor, 1), ylim=(floor, 1))
        axes.plot([floor, 1], [floor, 1], color=CHANCE, linewidth=0.9, linestyle=(0, (4, 3)))
        _draw_curves(axes, curves, floor)
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_formatter(lambda value, _: percent(value))
            axis.set_minor_formatter(lambda value, _: "")
        alt = f"ROC curve on logarithmic axes, area {measured(auc)}. {meaning}"
        svg = inline_svg(figure, key="membership", alt=alt)
    return Plot(
        key="membership",
        title="Can a training row be recognised?",
        meaning=meaning,
        reading="Logarithmic axes: the left edge is where an attacker accuses few and is surest. "
        "On or below the dashed line nothing is learned.",
        svg=svg,
        wide=False,
        listing=_attacks(evidence),
    )


def _the_attack(evidence: Evidence) -> str:
    """The attack whose figures are gated: that of the table need not be the same."""
    if len(evidence.attacks) < 2:
        return "The attack"
    return "The attack that does best on one half of the rows, tried on the other,"


def _attacks(evidence: Evidence) -> Listing | None:
    """Every attack, the best first."""
    if not evidence.attacks:
        return None
    header = ("Attack", "Holds", "AUC", "Interval", "At 1%", "At 0.1%")
    rows = tuple(
        (
            attack.name,
            _HOLDS[attack.access],
            measured(attack.auc),
            interval(attack.low, attack.high),
            *(
                "—" if found is None else percent(found)
                for found in (attack.found_at_1_percent, attack.found_at_01_percent)
            ),
        )
        for attack in sorted(evidence.attacks, key=lambda attack: -attack.auc)
    )
    title = (
        "Every attack, and the share of training rows it finds at 1% and 0.1% false alarms; the "
        "first of many looks better than it is, so that it is not what the gate reads"
    )
    return Listing(title, header, rows, num_names=1, folded=len(rows) > _ATTACKS)


def _auc(evidence: Evidence, curve: Curve, words: tuple[str, ...]) -> float:
    """The measured area where there is one, else that under the curve."""
    for measurement in evidence.measurements:
        if "auc" in measurement.name and any(word in measurement.name for word in words):
            return measurement.value
    return float(np.trapezoid(curve.y, curve.x))


def _least_alarm(num_others: int) -> float:
    """The least rate of false alarms that rests on at least ten rows."""
    return next((rate for rate in _ALARMS if rate * num_others >= _WITNESSES), _ALARMS[-1])


def _floor(curves: tuple[Curve, ...]) -> float:
    """The power of ten at which to begin logarithmic axes: where the curves do, .0001 to .1."""
    rates = [rate for curve in curves for rate in (*curve.x, *curve.y) if rate > 0]
    return float(np.clip(10.0 ** np.floor(np.log10(min(rates, default=0.1))), 1e-4, 0.1))


def _found(evidence: Evidence, curves: tuple[Curve, ...]) -> tuple[float, float]:
    """A low rate of false alarms, and the share of training rows found there."""
    for measurement in evidence.measurements:
        if measurement.name == "membership_tpr":
            return measurement.ideal, measurement.value
    alarm = _least_alarm(evidence.num_test)
    return alarm, max(float(np.interp(alarm, curve.x, curve.y)) for curve in curves)


def _frame(curve: Curve) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(4.6, 3.7), layout="constrained")
    axes = figure.subplots()
    axes.set_box_aspect(0.8)
    axes.set_xlabel(curve.x_title)
    axes.set_ylabel(curve.y_title)
    return figure, axes


def _draw_curves(axes: Axes, curves: tuple[Curve, ...], floor: float) -> None:
    """Each curve from `floor` on; a legend where there is more than one."""
    for place, curve in enumerate(curves):
        colour, dash = LINES[place % len(LINES)], _DASHES[place // len(LINES) % len(_DASHES)]
        x, y = np.asarray(curve.x), np.asarray(curve.y)
        drawn = (x >= floor) & (y >= floor)
        x, y = x[drawn], y[drawn]
        kept = _thinned(x)
        name = shorten(_label(curve), 32)
        axes.plot(x[kept], y[kept], color=colour, linestyle=dash, linewidth=1.6, label=name)
    if len(curves) > 1:
        axes.legend(loc="lower right")


def _label(curve: Curve) -> str:
    """A curve in the legend: `membership_roc_distance` is "Distance"."""
    words = [word for word in curve.name.split("_") if word not in ("membership", "anomaly", "roc")]
    alone = "The model" if is_detection(curve) else "Best attack"
    return title("_".join(words)) if words else alone


def _thinned(x: NDArray[np.float64]) -> NDArray[np.int64]:
    """Positions of at most a few hundred points, even both along x and along its logarithm."""
    if len(x) <= 2 * _POINTS:
        return np.arange(len(x))
    wanted = np.concatenate([np.linspace(0, 1, _POINTS), np.geomspace(1e-4, 1, _POINTS)])
    places = np.searchsorted(x, wanted * x[-1])
    return np.unique(np.clip(np.append(places, [0, len(x) - 1]), 0, len(x) - 1))
