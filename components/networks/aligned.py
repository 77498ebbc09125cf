"""Dense layers whose outcome for a row doesn't depend on the row's place."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from torch.nn import functional
from torch.overrides import TorchFunctionMode

_LANE = 16
"""Numbers of 32 bits between two places that vector instructions read alike: 64 bytes."""


class AlignedRows(TorchFunctionMode):
    """Within it, dense layers see each row at the same alignment, with zeros after it.

    A row of 74 numbers begins elsewhere between two such places than the one before it, and a
    library for matrices may add its products in another order then: the last digits of what a
    network says of a row would depend on how many come before it.
    """

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Every other function as it is."""
        if func is functional.linear:
            return _aligned_linear(*args, **(kwargs or {}))
        return func(*args, **(kwargs or {}))


def _aligned_linear(input: Any, weight: Any, bias: Any = None) -> Any:
    missing = (0, -weight.shape[1] % _LANE)
    return functional.linear(functional.pad(input, missing), functional.pad(weight, missing), bias)
