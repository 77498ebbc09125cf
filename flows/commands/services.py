"""`mintmark up`, `mintmark down` and `mintmark status`: the services of this machine."""

from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table


def up() -> None:
    """Start the Prefect and MLflow servers and a worker, with all that can be started on them.

    What runs already is left alone; deployments, schedules and automations are brought up to date.
    """
    from flows.project import set_up_environment

    home = set_up_environment()
    from components.registry.tracking import connect, tracking_uri
    from flows.services.running import start_services
    from flows.services.settings import read_service_settings

    console = Console()
    settings = read_service_settings()
    with console.status("starting Prefect, MLflow and a worker"):
        connect(home)
        services = start_services(home, tracking_uri(home), settings.metrics_port)
        from flows.deployments import apply_deployments
        from flows.services.server import connected
        from flows.services.workers import wait_for_worker

        with connected(f"{services['prefect'].url}/api"):
            changed = apply_deployments(settings)
            wait_for_worker(home)
    for service in services.values():
        console.print(f"{service.name:<8} {service.url}", highlight=False)
    console.print("worker   takes runs", highlight=False)
    for name in changed:
        console.print(f"  set up: {escape(name)}", highlight=False)


def down() -> None:
    """Stop what `mintmark up` started; runs, models and history stay.

    A run that is under way goes on from its checkpoint at the next `mintmark up`.
    """
    from flows.project import set_up_environment

    home = set_up_environment()
    from flows.services.running import stop_services

    with Console().status("stopping"):
        stopped = stop_services(home)
    Console().print(f"stopped {', '.join(stopped)}" if stopped else "nothing was running")


def status() -> None:
    """Say what runs, what is scheduled, who is champion and what waits for approval."""
    from flows.project import set_up_environment

    home = set_up_environment()
    from flows.overview import overview

    console = Console()
    for section in overview(home):
        columns = (Column(title, overflow="fold") for title in section.titles)  # addresses whole
        table = Table(*columns, title=section.name, title_justify="left", box=None)
        for row in section.rows:
            table.add_row(*(escape(cell) for cell in row))
        console.print(table if section.rows else f"{section.name}: {section.nothing}")
        console.print()
