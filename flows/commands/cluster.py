"""`mintmark deploy` and `mintmark worker`: many machines on servers that run elsewhere."""

from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape


def deploy() -> None:
    """Bring the Prefect server that PREFECT_API_URL names up to date: pool, flows, schedules.

    Given once for all machines, and again after each change of code or of
    `infra/deployments.yaml`. What is so already is left alone.
    """
    from flows.project import set_up_environment

    set_up_environment()
    from flows.services.machines import check_server_is_set

    check_server_is_set()
    from flows.deployments import apply_deployments
    from flows.services.settings import read_service_settings

    changed = apply_deployments(read_service_settings(), many_machines=True)
    for name in changed:
        Console().print(f"set up: {escape(name)}", highlight=False)
    if not changed:
        Console().print("everything was so already")


def worker(
    name: Annotated[
        str | None,
        typer.Option(help="The name of this machine: no two may bear the same. Else its host's."),
    ] = None,
) -> None:
    """Take runs on this machine from the Prefect server that PREFECT_API_URL names.

    Runs until it is stopped; what it had started ends with it, and another machine goes on.
    """
    from flows.project import set_up_environment

    set_up_environment()
    from flows.services.machines import check_server_is_set, host_name, take_runs

    check_server_is_set()
    raise typer.Exit(take_runs(name or host_name()))
