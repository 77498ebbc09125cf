"""A command that cannot outlive whoever started it, run as a script: `python leash.py COMMAND ...`.

The command runs in a process group of its own. The group ends, all of it, when the command ends,
when this process is told to stop, or when its standard input closes: that is, when whoever holds
the other end is gone, however it died. What is said to its standard input, the command hears; the
exit status is the command's.
"""

import contextlib
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from types import FrameType

GRACE_SECONDS = 20
"""How long a group that is told to stop may take before it is killed."""


def leashed(command: list[str]) -> list[str]:
    """The command line that runs `command` on a leash; give it a pipe as standard input."""
    return [sys.executable, "-I", "-S", str(Path(__file__).absolute()), *command]


def _main(command: list[str]) -> int:
    """Run `command` until it ends or has to; its exit status. Ends by the signal that ended it."""
    child = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)

    def stop(number: int, frame: FrameType | None) -> None:
        _signal(child.pid, signal.SIGTERM)
        threading.Timer(GRACE_SECONDS, _signal, (child.pid, signal.SIGKILL)).start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    threading.Thread(target=_pass_on, args=(child,), daemon=True).start()
    status = child.wait()
    _signal(child.pid, signal.SIGKILL)  # what the command left behind
    if status in (-signal.SIGTERM, -signal.SIGINT):
        signal.signal(-status, signal.SIG_DFL)
    if status < 0:
        os.kill(os.getpid(), -status)  # so that a signal is seen as one
    return status


def _pass_on(child: "subprocess.Popen[bytes]") -> None:
    """Hand the command what is said here, until this end is let go: then kill its group."""
    assert child.stdin is not None
    while heard := os.read(0, 4096):
        with contextlib.suppress(BrokenPipeError):  # it has ended, or listens no more
            os.write(child.stdin.fileno(), heard)
    _signal(child.pid, signal.SIGKILL)


def _signal(group: int, number: signal.Signals) -> None:
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return


if __name__ == "__main__":
    code = _main(sys.argv[1:])
    os._exit(code)  # a timer may still be waiting
