"""Running independent calls in processes, one thread each, with the results in order."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from joblib import Parallel, delayed

from components.threads import limited_threads

T = TypeVar("T")


def run_all(calls: Sequence[Callable[[], T]], *, workers: int) -> Iterator[T]:
    """Each call's result, in order, as soon as it is there.

    With one worker, or one call, everything happens in this process. Each call runs with one
    thread in numerical libraries, wherever it runs, so that results do not depend on `workers`.

    >>> list(run_all([lambda: 1, lambda: 2], workers=1))
    [1, 2]
    """
    if workers <= 1 or len(calls) <= 1:
        return (_alone(call) for call in calls)
    processes = min(workers, len(calls))
    pool = Parallel(n_jobs=processes, backend="loky", return_as="generator", batch_size=1)
    results: Iterator[T] = pool(delayed(_alone)(call) for call in calls)
    return results


def _alone(call: Callable[[], T]) -> T:
    with limited_threads(1):
        return call()
