"""The command line: `mintmark --help`."""

import os
import sys
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, NoReturn

import typer
from rich.console import Console
from rich.markup import escape

from components.errors import UserError
from components.storage.full_disk import disk_full, is_disk_full
from components.storage.home import find_home
from flows.commands.backup import backup, restore
from flows.commands.cluster import deploy, worker
from flows.commands.collect import collect
from flows.commands.doctor import doctor
from flows.commands.fill import fill
from flows.commands.fsck import fsck
from flows.commands.judge import judge
from flows.commands.metrics import metrics
from flows.commands.models import models, promote, rollback, sample
from flows.commands.monitor import monitor
from flows.commands.releases import pull, release, verify_release
from flows.commands.revocation import revoke
from flows.commands.run import params, recipes, run
from flows.commands.services import down, status, up
from flows.commands.synthesize import synthesize
from flows.commands.verify import verify
from flows.services.unreachable import check_registry_answers, told_of_server
from flows.utf8 import begin_again_in_utf8

_USER_ERROR = 2
_INTERRUPTED = 130
_GO_ON = ("run", "verify")
"""The commands that, given again, go on where they were."""

app = typer.Typer(
    name="mintmark",
    rich_markup_mode="markdown",
    help=(
        "Train generative models on your data, prove on rows they never saw whether what they "
        "make helps, and promote only what passed."
    ),
    epilog=(
        "Start with `mintmark run`; your own table: `mintmark run --data FILE --target COLUMN "
        "--purpose sharing`; only rows: `mintmark synthesize FILE --target COLUMN -o OUT`."
    ),
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
_OF_REGISTRY = {
    *(run, models, monitor, sample, fill, promote, rollback, release, pull, verify_release),
    *(revoke, verify, up, status, fsck, collect),
}
"""The commands that begin with a look into the registry."""


def _asking_first(command: Callable[..., None]) -> Callable[..., None]:
    """The command, which says at once where the registry does not answer."""

    @wraps(command)
    def asking(*args: Any, **kwargs: Any) -> None:
        check_registry_answers()
        command(*args, **kwargs)

    return asking


for command in (
    run,
    recipes,
    params,
    models,
    monitor,
    sample,
    fill,
    promote,
    rollback,
    release,
    pull,
    verify_release,
    revoke,
    synthesize,
    judge,
    verify,
    up,
    down,
    status,
    deploy,
    worker,
    metrics,
    backup,
    restore,
    fsck,
    collect,
    doctor,
):
    app.command()(_asking_first(command) if command in _OF_REGISTRY else command)


def main() -> None:
    """Run the command line; a user's error is one line and exit status 2.

    So is a server that does not answer or lets nobody in, and a full disk. Ctrl-C is status 130.
    """
    begin_again_in_utf8()
    try:
        app()
    except UserError as error:
        _end(f"[red]error:[/red] {escape(' '.join(str(error).split()))}", _USER_ERROR)
    except KeyboardInterrupt:
        _end(_stopped(sys.argv[1:]), _INTERRUPTED)
    except SystemExit as ended:
        if ended.code != _INTERRUPTED:
            raise
        _end(_stopped(sys.argv[1:]), _INTERRUPTED)  # typer makes this of Ctrl-C
    except Exception as error:
        told = disk_full(error, find_home()) if is_disk_full(error) else told_of_server(error)
        if told is None:
            raise
        _end(f"[red]error:[/red] {escape(' '.join(str(told).split()))}", _USER_ERROR)


def _stopped(arguments: Sequence[str]) -> str:
    """What is told of a command that was stopped by Ctrl-C."""
    goes_on = bool(arguments) and arguments[0] in _GO_ON
    return "stopped; the same command goes on where it was" if goes_on else "stopped"


def _end(message: str, status: int) -> NoReturn:
    """Say why and leave at once: a reader that was cut short may have threads that still run.

    On a busy machine the ordinary way out ended in an abort now and then, and with its status.
    """
    Console(stderr=True).print(message, highlight=False, soft_wrap=True)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


if __name__ == "__main__":
    main()
