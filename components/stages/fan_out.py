"""Where the independent parts of a trial run: in processes of this machine, or on Ray.

Folds, repeats and evaluators are asked for through joblib (`components.evaluation.parallel`), each
on one thread: what they find does not depend on where that is.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from joblib import register_parallel_backend
from joblib._parallel_backends import LokyBackend, ParallelBackendBase

from components.errors import UserError

FAN_OUT_VARIABLE = "MINTMARK_FAN_OUT"
PROCESSES, RAY = "processes", "ray"
_ASKED_FOR = "loky"
"""The name by which trials ask joblib for processes."""


@contextmanager
def fan_out() -> Iterator[None]:
    """Run what is fanned out inside where `MINTMARK_FAN_OUT` says: `processes`, or `ray`.

    On Ray that is the cluster at `RAY_ADDRESS`, or one of this machine's that ends with the
    context. Raises UserError for another word, and where Ray is not installed or not reached.
    """
    where = os.environ.get(FAN_OUT_VARIABLE) or PROCESSES
    if where not in (PROCESSES, RAY):
        raise UserError(f"{FAN_OUT_VARIABLE} = {where!r}: accepted are {PROCESSES}, {RAY}")
    if where == PROCESSES:
        yield
        return
    with _connected():
        register_parallel_backend(_ASKED_FOR, RayBackend)
        try:
            yield
        finally:
            register_parallel_backend(_ASKED_FOR, LokyBackend)


@contextmanager
def _connected() -> Iterator[None]:
    """Ray, with this code on every machine of the cluster."""
    try:
        import ray
    except ModuleNotFoundError as error:
        raise UserError(
            f"{FAN_OUT_VARIABLE} = {RAY}: Ray is missing: pip install 'mintmark[ray]'"
        ) from error
    code = str(Path(__file__).parents[1])
    try:
        ray.init(log_to_driver=False, logging_level="error", runtime_env={"py_modules": [code]})
    except (ConnectionError, RuntimeError, ValueError) as error:
        address = os.environ.get("RAY_ADDRESS", "this machine")
        raise UserError(f"Ray does not answer at {address}: {error}") from error
    try:
        yield
    finally:
        ray.shutdown()


class RayBackend(ParallelBackendBase):  # type: ignore[misc]  # joblib has no types
    """Joblib's calls as tasks of Ray, a processor each, as many at once as the cluster has.

    Ray's own backend for joblib keeps all results back until the last is there.
    """

    supports_retrieve_callback = True

    def effective_n_jobs(self, n_jobs: int | None) -> int:
        """The processors of the cluster, whatever number was asked for."""
        import ray

        return max(1, int(ray.cluster_resources().get("CPU", 1)))

    def configure(self, n_jobs: int = 1, parallel: Any = None, **_: Any) -> int:
        """Prepare for the calls of `parallel`; how many run at once."""
        import ray

        self.parallel = parallel
        self._task = ray.remote(num_cpus=1, max_retries=2)(_run)
        return self.effective_n_jobs(n_jobs)

    def submit(self, func: Callable[[], Any], callback: Callable[[Any], None] | None = None) -> Any:
        """Begin a call; `callback` hears when it is done."""
        future = self._task.remote(func).future()
        if callback is not None:
            future.add_done_callback(callback)
        return future

    def retrieve_result_callback(self, out: Any) -> Any:
        """What the call gave; raises what it raised."""
        from ray.exceptions import RayTaskError

        try:
            return out.result()
        except RayTaskError as error:
            raise error.cause from error


def _run(call: Callable[[], Any]) -> Any:
    return call()
