"""Acting on what `mintmark fsck` found, unless a run could be in the way."""

import os
from collections.abc import Sequence

from components.errors import UserError
from components.storage.faults import Fault, Finding
from components.storage.home import Home
from flows.services.running import running_services
from flows.services.server import connected


def mend_all(findings: Sequence[Finding], home: Home) -> list[Finding]:
    """Those findings that were mended, in order.

    Raises UserError before anything is changed where orphans would be deleted while a flow run
    goes on: it may be about to refer to them.
    """
    if any(finding.fault is Fault.ORPHAN for finding in findings):
        _check_no_run(home)
    mended = []
    for finding in findings:
        if finding.mend is not None:
            finding.mend()
            mended.append(finding)
    return mended


def _check_no_run(home: Home) -> None:
    """Raise UserError where the Prefect server has a run under way; without a server, none is."""
    standing = running_services(home).get("prefect")
    url = os.environ.get("PREFECT_API_URL") or (f"{standing.url}/api" if standing else "")
    if not url:
        return
    with connected(url):
        names = _running_flows()
    if names:
        raise UserError(
            f"runs are under way ({', '.join(names)}): content that they use may look unused; "
            "mend when they have ended"
        )


def _running_flows() -> list[str]:
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.filters import FlowRunFilter
    from prefect.client.schemas.objects import StateType

    under_way = [StateType.RUNNING, StateType.PENDING, StateType.CANCELLING]
    wanted = FlowRunFilter.model_validate({"state": {"type": {"any_": under_way}}})
    with get_client(sync_client=True) as client:
        return [str(run.name) for run in client.read_flow_runs(flow_run_filter=wanted)]
