"""One thread for every test: small learners are quicker so, and side by side they do not spin."""

from collections.abc import Iterator

import pytest
from threadpoolctl import threadpool_limits

import components.evaluation.catalog  # noqa: F401  (loads the libraries that are to be limited)


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    with threadpool_limits(1):
        yield
