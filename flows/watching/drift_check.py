"""One look at new rows: what differs from the champion's training rows, and which are odd to it."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace

from pydantic import Field

from components.data.images.sources import ImageSource
from components.data.sources import absolute
from components.errors import UserError
from components.monitoring.anomaly_report import AnomalyReport, SeriesReport
from components.monitoring.drift import Baseline, Detection, detect, make_baseline
from components.monitoring.odd_images import ImageDetector
from components.monitoring.reference import Reference, make_reference, reference_name
from components.monitoring.report import DriftReport, Problem, ProblemKind
from components.monitoring.season import Period, Season
from components.monitoring.verdict import settle, unusable, with_anomalies, with_problem
from components.registry.listing import list_models
from components.registry.tracking import connect
from components.registry.watching.detectors import Detector, pull_detector
from components.registry.watching.monitoring_runs import (
    EarlierLook,
    Watched,
    earlier_looks,
    find_watched,
)
from components.storage.home import Home
from flows.forms import Form
from flows.watching.sides import ImageSides, New, RowSides, sides_of

ALARM_SHARE = 0.3
FALSE_ALARMS = 0.1
LOOKS = 120.0
"""Looks a month: one every six hours."""
_REPEATS = 50
"""Looks at the same rows, which count as one, among those that are read."""


class MonitorRequest(Form):
    """Compare new rows or images with those a champion was trained on: drifted, or odd?"""

    model: str = Field(
        "", title="Model", description="A registered model; without one, every champion"
    )
    data: str = Field(
        "",
        title="New data",
        description="A path, folder, glob or s3:// URI of CSV, Parquet or images; without it, the "
        "model's own source as it is now",
    )
    alarm_share: float = Field(
        ALARM_SHARE,
        title="Alarm",
        description="The share of columns (of images: of measures, such as brightness) that must "
        "drift to raise the alarm",
        gt=0,
        le=1,
    )
    false_alarms: float = Field(
        FALSE_ALARMS,
        title="False alarms a month",
        description="How many there may be where nothing changed by more than what counts",
        gt=0,
        le=100,
    )
    looks: float = Field(
        LOOKS,
        title="Looks a month",
        description="How often new data is looked at; 120 is every six hours",
        ge=1,
    )
    breaches: int = Field(
        1,
        title="Breaches",
        description="In how many of the last looks there must be drift to raise the alarm",
        ge=1,
    )
    of_looks: int = Field(
        1,
        title="Of the last looks",
        description="How many looks are counted for that, the present one among them",
        ge=1,
        le=100,
    )
    time_column: str = Field(
        "", title="Time column", description="The datetime that tells the hour or the weekday"
    )
    period: Period = Field(
        Period.NONE,
        title="By period",
        description="New rows are compared with training rows of the same hour of the day, or of "
        "the same weekday; needs a time column",
    )
    flagged: float = Field(
        0.0,
        title="Normal rows flagged",
        description="The share of normal rows or images that may be called odd by a model that "
        "finds anomalies; 0 is the share it was judged by",
        ge=0,
        lt=0.5,
    )

    @property
    def about(self) -> str:
        """What is looked at, as its run is called."""
        return self.model or "every champion"

    @property
    def alpha(self) -> float:
        """The chance of a false alarm that one look may take."""
        return min(self.false_alarms / self.looks, 0.5)

    @property
    def season(self) -> Season:
        """What rows are compared by; raises UserError where there is a period and no column."""
        if self.period is not Period.NONE and not self.time_column:
            raise UserError(f"the {self.period} is told by a datetime column: name it")
        return Season(period=self.period, column=self.time_column)


@dataclass(frozen=True)
class Look:
    """What was looked at and what was found; `content` is the rows' hash, empty where unread."""

    watched: Watched
    data: str
    detection: Detection
    content: str = ""


def look(request: MonitorRequest, home: Home) -> Look:
    """The new rows that `request` names against the champion's training rows.

    Nothing is written but what is known of the training rows. A champion that finds anomalies says
    of each row how odd it is, too. Raises UserError where there is no champion, its training rows
    are not kept here, or the rate of false alarms cannot be had; whatever is wrong with the new
    rows is a finding.
    """
    if request.breaches > request.of_looks:
        raise UserError(f"{request.breaches} breaches in {request.of_looks} looks cannot be")
    watched = find_watched(connect(home), request.model)
    data = absolute(request.data or watched.data)
    sides, detector = sides_of(watched, home), _detector(watched, request, home)
    _check_season(watched, request)
    baseline = _baseline(sides, request.season, detector)
    with ExitStack() as stack:
        try:
            new = stack.enter_context(sides.open(data))
            reference = baseline.reference.without(new.lacking)
            detection = detect(
                replace(baseline, reference=reference),
                new.batches,
                alarm_share=request.alarm_share,
                ignored=_ignored(watched),
                alpha=request.alpha,
                together=detector is None or detector.compares_together,
            )
            if detector is not None:
                scored = _scored(detection.report, detector, new)
                detection = replace(detection, report=scored)
        except UserError as error:
            problem = Problem(kind=ProblemKind.UNREADABLE, text=str(error))
            num_reference = baseline.reference.num_rows
            report = unusable(
                problem,
                alarm_share=request.alarm_share,
                num_reference=num_reference,
                unit=baseline.unit,
            )
            return Look(watched, data, Detection(report))
    return Look(watched, data, detection, new.content)


def look_again(request: MonitorRequest, home: Home) -> Look:
    """`look`, told in the light of the looks before it at the same version.

    A batch that was named and has the content of the last one is a problem. The alarm is raised
    where enough of the last looks at rows that differ breached.
    """
    seen = look(request, home)
    earlier = earlier_looks(connect(home), seen.watched, request.of_looks + _REPEATS)
    report = seen.detection.report
    if request.data and seen.content and earlier and earlier[0].content == seen.content:
        when = earlier[0].when.strftime("%Y-%m-%d %H:%M")
        text = f"the {report.unit.plural} are those of the last look, {when} UTC, once more"
        report = with_problem(report, Problem(kind=ProblemKind.REPEATED, text=text))
    report = settle(
        report,
        _breaches(earlier, seen.content),
        breaches=request.breaches,
        looks=request.of_looks,
    )
    return replace(seen, detection=replace(seen.detection, report=report))


def _breaches(earlier: Sequence[EarlierLook], content: str) -> list[bool]:
    """Whether each earlier look breached, those at the same rows one after the other as one."""
    found, last = [], content
    for each in earlier:
        if each.content != last:
            found.append(each.breached)
        last = each.content
    return found


def requests_for_each(request: MonitorRequest, home: Home) -> list[MonitorRequest]:
    """The same request for every model with a champion, where it names none.

    Raises UserError for one without a model that asks what only one model can answer.
    """
    if request.model:
        return [request]
    if request.data:
        raise UserError(f"data {request.data!r} without a model: say whose rows these are")
    if request.flagged:
        raise UserError(f"flagged {request.flagged:g} without a model: say which finds anomalies")
    listed = list_models(connect(home))
    found = [each.name for each in listed if each.champion]
    return [request.model_copy(update={"model": name}) for name in found]


def _detector(watched: Watched, request: MonitorRequest, home: Home) -> Detector | None:
    """What scores the rows, None where the champion is not to find anomalies."""
    if watched.false_alarms is None:
        if request.flagged:
            raise UserError(
                f"flagged {request.flagged:g}: {watched.model!r} is not to find anomalies, so no "
                "row is called odd"
            )
        return None
    rate = request.flagged or watched.false_alarms
    return pull_detector(connect(home), watched.model, watched.version, rate)


def _ignored(watched: Watched) -> tuple[str, ...]:
    """The columns that may be there: a target that says what is normal is none of drift's."""
    return watched.dropped if watched.false_alarms is None else (*watched.dropped, watched.target)


def _scored(report: DriftReport, detector: Detector, new: New) -> DriftReport:
    """The report with what the detector says of the rows; why it can say nothing is a finding."""
    if not report.num_current or any(p.kind is ProblemKind.NO_VALUES for p in report.problems):
        return report
    try:
        return with_anomalies(report, _found(detector, new))
    except UserError as error:
        problem = Problem(
            kind=ProblemKind.NOT_SCORED, text=f"the {report.unit.plural} are not scored: {error}"
        )
        return with_problem(report, problem)


def _found(detector: Detector, new: New) -> AnomalyReport | SeriesReport:
    if isinstance(detector, ImageDetector):
        assert isinstance(new.scored, ImageSource), "a detector of images is of a champion of these"
        return detector.find(new.scored)
    return detector.find(new.batches)


def _check_season(watched: Watched, request: MonitorRequest) -> None:
    if watched.images is not None and request.period is not Period.NONE:
        raise UserError(f"{watched.model!r} makes images, and these have no {request.period}")


def _baseline(sides: RowSides | ImageSides, season: Season, detector: Detector | None) -> Baseline:
    """The training rows, the sketch of which is computed once for each content, and the judged."""
    sketch = sides.home.sketches / reference_name(sides.content, season)
    if sketch.is_file():
        reference = Reference.load(sketch, sides.schema)
    else:
        reference = make_reference(sides.train, sides.schema, season)
        reference.save(sketch)
    if detector is not None:
        told = [sides.watched.target] if sides.watched.target in sides.schema.names else []
        reference = reference.without(told).not_comparing(detector.not_compared)
    return make_baseline(
        sides.train,
        sides.schema,
        season=season,
        reference=reference,
        synthetic=sides.synthetic,
        unit=sides.unit,
    )
