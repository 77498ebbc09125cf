"""All that a search of MLflow finds, which it gives a page at a time."""

from collections.abc import Callable
from typing import Any, TypeVar

from mlflow.store.entities import PagedList

T = TypeVar("T")


def every(search: Callable[..., PagedList[T]], *asked: Any, **named: Any) -> list[T]:
    """What `search` finds when it is asked so, from the first page to the last."""
    found: list[T] = []
    token = None
    while True:
        page = search(*asked, page_token=token, **named)
        found += page
        token = page.token
        if not token:
            return found
