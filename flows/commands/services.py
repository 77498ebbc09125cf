"""`mintmark up` and `mintmark down`: the servers of this machine."""

from rich.console import Console


def up() -> None:
    """Start the Prefect and MLflow servers on this machine and say where they answer."""
    from flows.project import set_up_environment

    home = set_up_environment()
    from components.registry.tracking import connect, tracking_uri
    from flows.services import start_services

    console = Console()
    with console.status("starting Prefect and MLflow"):
        connect(home)
        services = start_services(home, tracking_uri(home))
    for service in services.values():
        console.print(f"{service.name:<8} {service.url}", highlight=False)


def down() -> None:
    """Stop what `mintmark up` started; runs, models and history stay."""
    from flows.project import set_up_environment

    home = set_up_environment()
    from flows.services import stop_services

    stopped = stop_services(home)
    Console().print(f"stopped {' and '.join(stopped)}" if stopped else "nothing was running")
