"""Promotion and rollback, flows of their own: they move the champion, say why, and say so."""

from typing import Annotated

from prefect import flow
from prefect.flow_runs import suspend_flow_run
from prefect.input import RunInput
from prefect.logging import get_run_logger
from prefect.runtime import deployment
from pydantic import Field

from components.config import Approval
from components.errors import UserError
from components.registry import promotion
from components.registry.audit import Act, record
from components.registry.tracking import connect
from components.storage.home import find_home
from flows.announcements import Event, announce
from flows.approval import question
from flows.attempts import attempt
from flows.forms import Form, choice
from flows.logs import log_about
from flows.services.turns import turn

AS_IT_IS = "(as it is)"


class PromoteRequest(Form):
    """Make a version the champion of its model, at once or once a person has agreed."""

    model: str = Field(title="Model", description="A registered model", min_length=1)
    version: str = Field(
        title="Version", description="The version to promote, a number", pattern=r"^[0-9]+$"
    )
    reason: str = Field(
        title="Reason", description="Why, for the audit record", min_length=1, max_length=5000
    )
    approval: Approval = Field(
        Approval.AUTOMATIC, title="Approval", description="Whether a person is asked first"
    )
    expires_hours: float = Field(
        72, title="Expires", description="Hours that a person has to answer", gt=0, le=8760
    )
    expected: str = Field(
        AS_IT_IS,
        title="Champion",
        description="The champion it was compared with (empty: none); if another is found, "
        "nothing is promoted",
    )


class Answer(RunInput):
    """What a person decides on a promotion that waits."""

    decision: Annotated[str, *choice(["approve", "refuse"])] = Field(
        title="Decision", description="Approve makes the version the champion"
    )
    reason: str = Field("", title="Reason", description="Why, for the audit record")


class RollbackRequest(Form):
    """Make the previous champion the champion again; the two change places."""

    model: str = Field(title="Model", description="A registered model", min_length=1)
    reason: str = Field(
        title="Reason", description="Why, for the audit record", min_length=1, max_length=5000
    )
    expected: str = Field(
        "",
        title="Champion",
        description="The version that is to go; if another is champion, nothing is rolled back",
        pattern=r"^[0-9]*$",
    )


@flow(name="promote", flow_run_name="promote {request.model} {request.version}")
@attempt()
def promote(request: PromoteRequest) -> bool:
    """Make the version the champion, unless the champion is no longer the expected one.

    Where a person is asked, the run suspends itself until it is answered or expires; it holds
    neither a process nor a slot meanwhile. True where the version was promoted.
    """
    log_about(model=request.model, version=request.version)
    home = find_home()
    client = connect(home)
    expected = promotion.champion(client, request.model)
    if request.expected != AS_IT_IS:
        expected = request.expected or None
    reason = request.reason
    if request.approval is Approval.PERSON:
        answer = _ask(request)
        reason = f"{reason}; approved: {answer.reason or 'no reason given'}"
        if answer.decision == "refuse":
            refusal = f"refused by a person: {answer.reason or 'no reason given'}"
            act = Act(request.model, "refuse", request.version, expected, refusal)
            record(client, act, home)
            announce(Event.REFUSED, request.model, version=request.version, reason=refusal)
            get_run_logger().info(refusal)
            return False
    with turn("promote", request.model):
        promotion.promote(
            client, request.model, request.version, expected=expected, reason=reason, home=home
        )
    get_run_logger().info("version %s is the champion of %s", request.version, request.model)
    announce(
        Event.PROMOTED, request.model, version=request.version, previous=expected, reason=reason
    )
    return True


@flow(name="rollback", flow_run_name="rollback {request.model}")
@attempt()
def rollback(request: RollbackRequest) -> str:
    """Swap champion and previous champion; the version that is champion now."""
    log_about(model=request.model)
    home = find_home()
    with turn("promote", request.model):
        before, after = promotion.rollback(
            connect(home),
            request.model,
            reason=request.reason,
            home=home,
            expected=request.expected or None,
        )
    get_run_logger().info("version %s is the champion again, no longer %s", after, before)
    announce(
        Event.ROLLED_BACK, request.model, version=after, previous=before, reason=request.reason
    )
    return after


def _ask(request: PromoteRequest) -> Answer:
    """A person's answer; the process ends here, and the run begins anew once there is one."""
    if deployment.id is None:
        raise UserError("only a run of the deployment `promote` can wait for a person")
    text = question(request.model, request.version, request.reason)
    return suspend_flow_run(
        wait_for_input=Answer.with_initial_data(description=text),
        timeout=round(request.expires_hours * 3600),
        key="approval",
    )
