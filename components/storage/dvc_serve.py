"""DVC commands one after another in one process, run as a script: importing DVC takes a second.

Each line of standard input is a command, a JSON list of words. What it prints goes to standard
output; then comes a line of `END`, its exit status, and the processor seconds that the programs
took which it started.
"""

import json
import os
import resource
import sys

END = "\x1e"
"""Begins the line that ends a command's output: a sign that no program prints by chance."""


def _serve() -> None:
    """Run commands until there are no more."""
    heard = os.fdopen(os.dup(0))  # stages inherit standard input: they must not read commands
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    from dvc.cli import main

    for line in heard:
        before = _processor_seconds()
        status = main(json.loads(line))
        sys.stderr.flush()
        spent = _processor_seconds() - before
        print(f"{END}{status} {spent:.3f}", flush=True)  # noqa: T201 - the answer


def _processor_seconds() -> float:
    """What the programs took that were started here and have ended, and those they waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    _serve()
