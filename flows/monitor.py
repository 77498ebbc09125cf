"""The `monitor` flow: are new rows still like those the champion was trained on, are any odd?"""

from dataclasses import dataclass

from prefect import flow
from prefect.artifacts import create_markdown_artifact
from prefect.logging import get_run_logger

from components.errors import UserError
from components.monitoring.odd_lines import odd_lines
from components.monitoring.report import DriftReport, Status
from components.monitoring.summary import summary_markdown
from components.registry.tracking import connect
from components.registry.watching.monitoring_runs import record_look, write_monitor_page
from components.storage.home import Home, find_home
from flows.announcements import Event, announce
from flows.attempts import attempt
from flows.logs import log_about
from flows.services.running import artifacts_page
from flows.watching.benefit_check import check_benefit
from flows.watching.drift_check import Look, MonitorRequest, look_again, requests_for_each

EVERY_CHAMPION = MonitorRequest()


@dataclass(frozen=True)
class Monitored:
    """What was found about one model, and the MLflow run that keeps it."""

    model: str
    report: DriftReport
    run_id: str


@flow(name="monitor", flow_run_name="monitor {request.about}", persist_result=False)
@attempt()
def monitor(request: MonitorRequest = EVERY_CHAMPION) -> list[Monitored]:
    """Compare new rows with the champion's training rows; drift and odd rows are kept and told.

    A model whose rows say nothing does not keep the others from being looked at: that is kept and
    shown as any finding is, and the run fails at its end and names it.
    """
    home, found, failures = find_home(), [], []
    for each in requests_for_each(request, home):
        log_about(model=each.model)
        try:
            found.append(_tell(look_again(each, home), home))
        except UserError as error:
            get_run_logger().error("%s: %s", each.model, error)
            failures.append(f"{each.model}: {error}")
            continue
        if found[-1].report.status is Status.UNUSABLE:
            failures.append(f"{each.model}: {found[-1].report.reason}")
    if failures:
        raise UserError("; ".join(failures))
    return found


def _tell(seen: Look, home: Home) -> Monitored:
    """Keep what was seen in MLflow, show it as an artifact; tell of alarms, an event for each."""
    model, report = seen.watched.model, seen.detection.report
    run_id = keep(seen, home)
    client = connect(home)
    page = write_monitor_page(client, model, run_id, home)
    get_run_logger().info("%s: %s: %s", model, report.status, report.reason)
    where = artifacts_page(home, client.get_run(run_id).info.experiment_id, run_id)
    create_markdown_artifact(
        summary_markdown(report, model) + f"\nAll looks: {where or page}\n",
        key="drift",
        description=f"{model}: {report.status}",
    )
    if report.status is not Status.UNUSABLE:
        check_benefit(model, seen.data, run_id, home)
    if report.status is Status.DRIFT:
        announce(Event.DRIFTED, model, **evidence(seen))
    if report.is_anomalous:
        announce(Event.ANOMALOUS, model, **odd_evidence(seen))
    return Monitored(model, report, run_id)


def keep(seen: Look, home: Home) -> str:
    """Keep the report in MLflow, with Evidently's page where there is drift; the run's id."""
    report = seen.detection.report
    run = seen.detection.evidently if report.status is Status.DRIFT else None
    page = run.html() if run else None
    return record_look(
        connect(home), seen.watched, seen.data, report, page, home, content=seen.content
    )


def evidence(seen: Look) -> dict[str, object]:
    """What the event of a drift tells: enough to retrain on the rows that were looked at."""
    report = seen.detection.report
    return {
        "version": seen.watched.version,
        "data": seen.data,
        "reason": report.reason,
        "share": report.share,
        "worst": list(report.worst),
    }


def odd_evidence(seen: Look) -> dict[str, object]:
    """What the event of odd rows tells: how many there are, where, and by which columns."""
    report = seen.detection.report
    found, flagged = report.anomalies, report.flagged
    scored = found.worst if found else ()
    far = [each for each in report.far if each.is_sure]
    return {
        "version": seen.watched.version,
        "data": seen.data,
        "reason": flagged.reason if flagged and flagged.is_anomalous else report.reason,
        "share": flagged.share if flagged else 0.0,
        "worst": list(dict.fromkeys([*scored, *(each.column for each in far)])),
        "found": [*(each.text for each in far), *odd_lines(report)],
    }
