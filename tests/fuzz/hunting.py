"""How many damaged files a reader meets: few, always the same, or as many as are asked for."""

import os
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.fuzz.watch import Forbidden

QUICK = 6
LONG = int(os.environ.get("MINTMARK_FUZZ_EXAMPLES", "500"))
"""Of each reader, in the tests that are slow."""

hunts = pytest.mark.parametrize(
    "examples",
    [pytest.param(QUICK, id="quick"), pytest.param(LONG, id="long", marks=[pytest.mark.slow])],
)


def hunt(strategy: st.SearchStrategy[Any], examples: int, attack: Callable[[Any], None]) -> None:
    """Call `attack` with so many damaged inputs; the smallest that fails is what is reported."""
    is_quick = examples == QUICK

    @settings(
        max_examples=examples,
        derandomize=is_quick,
        database=None,
        deadline=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def attacked(damaged: Any) -> None:
        try:
            attack(damaged)
        except Forbidden as error:  # so that the smallest input is looked for
            raise AssertionError(str(error)) from error

    attacked()
