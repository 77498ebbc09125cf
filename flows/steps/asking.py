"""Asking a person whether a version may become champion, by a run that waits for the answer."""

from itertools import count

from prefect.client.schemas.objects import FlowRun
from prefect.deployments import run_deployment
from prefect.exceptions import ObjectNotFound

from components.registry.audit import history
from components.registry.tracking import connect
from components.storage.home import find_home
from flows.promote import PromoteRequest
from flows.services.running import flow_run_page


def refusal(request: PromoteRequest) -> str | None:
    """What a person said who refused the version over this champion, None where nobody did."""
    home = find_home()
    acts = history(connect(home), request.model, home)
    last = next((act for act in acts if act.version == request.version), None)
    if last is None or last.action != "refuse" or (last.previous or "") != request.expected:
        return None
    return f"{last.reason}; {_by_hand(request)} overrules it"


def _by_hand(request: PromoteRequest) -> str:
    return f"`mintmark promote {request.model} {request.version} --why REASON`"


def ask_a_person(request: PromoteRequest) -> str:
    """Start a run that waits for an answer; how to give one, in words.

    One that waits already is found again. One that ended, such as by expiring, waits no more: a
    new one is started then.
    """
    try:
        run = _open_run(request)
    except (ObjectNotFound, ValueError):
        return f"no services are set up to ask a person (`make up`); by hand: {_by_hand(request)}"
    page = flow_run_page(find_home(), str(run.id))
    return f"a person may resume the run {run.name!r} of `promote`: {page or 'after `make up`'}"


def _open_run(request: PromoteRequest) -> FlowRun:
    """The run that asks about this version over this champion; a crashed one comes back."""
    for number in count():
        asked = f"promote-{request.model}-{request.version}-over-{request.expected}"
        run = run_deployment(
            "promote/promote",
            parameters={"request": request.model_dump(mode="json")},
            timeout=0,
            as_subflow=False,
            idempotency_key=f"{asked}-again-{number}" if number else asked,
        )
        assert isinstance(run, FlowRun)
        if run.state is None or not run.state.is_final() or run.state.is_crashed():
            return run
    raise AssertionError("numbers have no end")
