"""The command line: `mintmark --help`."""

import errno
import sys

import typer
from rich.console import Console
from rich.markup import escape

from components.errors import UserError
from flows.commands.doctor import doctor
from flows.commands.models import models, rollback, sample
from flows.commands.run import params, recipes, run
from flows.commands.services import down, up
from flows.commands.synthesize import synthesize

_USER_ERROR = 2
_INTERRUPTED = 130

app = typer.Typer(
    name="mintmark",
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
for command in (run, recipes, params, models, sample, rollback, synthesize, up, down, doctor):
    app.command()(command)


def main() -> None:
    """Run the command line; a user's error is one line and exit status 2."""
    try:
        app()
    except UserError as error:
        _end(f"[red]error:[/red] {escape(str(error))}", _USER_ERROR)
    except KeyboardInterrupt:
        _end("stopped; the same command goes on where it was", _INTERRUPTED)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        place = error.filename or "the disk"
        _end(f"[red]error:[/red] no space is left for {place}; free some and run again", 2)


def _end(message: str, status: int) -> None:
    Console(stderr=True).print(message, highlight=False, soft_wrap=True)
    sys.exit(status)
