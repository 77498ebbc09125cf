"""How often a flow run that crashed may come back."""

from prefect.runtime import flow_run

from components.errors import UserError
from flows.service_settings import read_service_settings


def check_attempts() -> None:
    """Raise where this flow run was begun too often: something ends it each time.

    Crashed runs come back by an automation, which would go on for ever. Every suspension begins
    a run once more.
    """
    limit = read_service_settings().max_attempts
    attempt = int(flow_run.run_count or 0)
    if attempt > limit:
        raise UserError(
            f"this run was begun {attempt} times and crashed; at most {limit} are tried "
            "(max_attempts in infra/deployments.yaml). Its logs say where it ended"
        )
