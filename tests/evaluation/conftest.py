"""One thread for every test: small learners are quicker so, and side by side they do not spin."""

from collections.abc import Iterator

import pytest

import components.evaluation.catalog  # noqa: F401  (loads the libraries that are to be limited)
from components.threads import limited_threads


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    with limited_threads(1):
        yield
