"""A leashed command ends with its group, however whoever started it ended."""

import signal
import subprocess
import sys
import time

import psutil

from components.storage.leash import leashed

# A command with a grandchild; both ignore everything that can be ignored, the first says their ids.
_STUBBORN = """
import os, signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN if "ignore" in sys.argv else signal.SIG_DFL)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"])
print(os.getpid(), child.pid, flush=True)
time.sleep(300 if "wait" in sys.argv else 0)
"""
_HOLDER = """
import subprocess, sys, time
process = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE)
time.sleep(300)
"""


def _start(*words: str) -> tuple["subprocess.Popen[str]", list[psutil.Process]]:
    process = subprocess.Popen(
        leashed([sys.executable, "-c", _STUBBORN, *words]),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    return process, [psutil.Process(int(pid)) for pid in process.stdout.readline().split()]


def _all_gone(processes: list[psutil.Process]) -> bool:
    _, alive = psutil.wait_procs(processes, timeout=10)
    return not [one for one in alive if one.status() != psutil.STATUS_ZOMBIE]


def test_the_exit_status_is_the_commands() -> None:
    for code in (0, 3):
        command = leashed([sys.executable, "-c", f"raise SystemExit({code})"])
        with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
            assert process.wait(10) == code


def test_what_a_command_leaves_behind_ends_with_it() -> None:
    process, group = _start()
    process.wait(10)
    assert _all_gone(group)


def test_letting_go_kills_the_group() -> None:
    process, group = _start("wait", "ignore")
    assert process.stdin is not None
    process.stdin.close()
    assert process.wait(10) == -signal.SIGKILL
    assert _all_gone(group)


def test_being_told_to_stop_stops_the_group() -> None:
    process, group = _start("wait")
    process.terminate()
    assert process.wait(10) == -signal.SIGTERM
    assert _all_gone(group)


def test_a_killed_holder_takes_the_group_with_it() -> None:
    command = leashed([sys.executable, "-c", _STUBBORN, "wait", "ignore"])
    holder = subprocess.Popen(
        [sys.executable, "-c", _HOLDER, *command], stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    group = [psutil.Process(int(pid)) for pid in holder.stdout.readline().split()]
    started = time.monotonic()
    holder.kill()
    holder.wait()
    assert _all_gone(group) and time.monotonic() - started < 10
