"""`mintmark metrics`: what is watched, for Prometheus."""

from typing import Annotated

import typer
from rich.console import Console


def metrics(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Where to answer.")] = 9464,
    host: Annotated[
        str, typer.Option(help="Which interface; anyone who reaches it can read.")
    ] = "127.0.0.1",
    seconds: Annotated[
        float, typer.Option(min=1, help="How old the numbers may be: reading them takes time.")
    ] = 30.0,
) -> None:
    """Serve `/metrics` until it is stopped: stages, queue, slots, verdicts, drift and costs.

    Read from the registry and from the Prefect server; nothing is kept here. `mintmark up` runs it
    beside the servers where `metrics_port` names a port. There is no login: keep it where only
    Prometheus comes.
    """
    from flows.project import set_up_environment

    home = set_up_environment()
    import os
    from threading import Event

    from components.errors import UserError
    from flows.services.running import running_services

    standing = running_services(home).get("prefect")
    if standing is not None:
        os.environ.setdefault("PREFECT_API_URL", f"{standing.url}/api")
    if not os.environ.get("PREFECT_API_URL"):
        raise UserError("no Prefect server is running: `mintmark up`, or set PREFECT_API_URL")
    from flows.services.exporter import Exporter, serve, sources

    try:
        serve(Exporter(sources(home), seconds), host, port)
    except OSError as error:
        raise UserError(f"cannot answer at {host}:{port}: {error.strerror}") from error
    Console(stderr=True).print(f"http://{host}:{port}/metrics", highlight=False)
    Event().wait()
