"""Numerical libraries keep to a number of threads, also those that are loaded late."""

import os
import re
import subprocess
import sys

import pytest
import torch

from components.threads import THREADS_VARIABLE, WAITING, limited_threads

LATE = """
import os, sys
from components.threads import limited_threads

assert "torch" not in sys.modules
with limited_threads(3):
    with limited_threads(1):
        import torch
        print(torch.get_num_threads(), end=" ")
    print(torch.get_num_threads(), end=" ")
print(torch.get_num_threads() == {outside}, os.environ.get("OMP_NUM_THREADS"))
"""


@pytest.mark.parametrize(("outside", "then"), [("2", "2"), ("2,4", "2"), (None, "os.cpu_count()")])
def test_torch_that_is_loaded_inside_keeps_to_the_number(outside: str | None, then: str) -> None:
    environment = {name: value for name, value in os.environ.items() if name != THREADS_VARIABLE}
    environment |= {} if outside is None else {THREADS_VARIABLE: outside}
    done = subprocess.run(
        [sys.executable, "-c", LATE.format(outside=then)],
        env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.split() == ["1", "3", "True", str(outside)]


def test_torch_that_was_loaded_before_keeps_to_it_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(THREADS_VARIABLE, "1")
    before = torch.get_num_threads()
    with pytest.raises(ValueError), limited_threads(before + 1):
        assert torch.get_num_threads() == before + 1
        raise ValueError
    assert torch.get_num_threads() == before
    assert os.environ[THREADS_VARIABLE] == "1"


@pytest.mark.parametrize(("said", "inside"), [(None, "passive"), ("active", "active")])
def test_threads_sleep_while_they_wait_unless_it_is_said_otherwise(
    said: str | None, inside: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(WAITING, raising=False)
    if said is not None:
        monkeypatch.setenv(WAITING, said)
    with limited_threads(1):
        assert os.environ[WAITING] == inside
    assert os.environ.get(WAITING) == said


AGAIN = """
from components.threads import limited_threads

with limited_threads(1):
    import torch
with limited_threads(1):
    print(torch.__config__.parallel_info())
"""


def test_each_library_inside_torch_keeps_to_it_the_second_time_too() -> None:
    """Once torch was told a number, MKL inside it no longer follows what OpenMP is told."""
    environment = {name: value for name, value in os.environ.items() if name != THREADS_VARIABLE}
    done = subprocess.run(
        [sys.executable, "-c", AGAIN], env=environment, capture_output=True, text=True, check=True
    )
    told = dict(re.findall(r"(\w+_max_threads)\(\) : (\d+)", done.stdout))
    assert told["omp_get_max_threads"] == "1" and set(told.values()) == {"1"}, told
