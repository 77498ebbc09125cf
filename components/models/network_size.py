"""A saved model's networks are no larger than its weights can fill, whatever its settings say."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from components.errors import UserError

TIMES, SPARE = 8, 64 * 1024**2
"""What may be made while a model is built: so many times the bytes of its files, and so many."""

_MAKERS = frozenset(
    {
        torch.arange,
        torch.empty,
        torch.eye,
        torch.full,
        torch.linspace,
        torch.ones,
        torch.rand,
        torch.randn,
        torch.zeros,
    }
)


@contextmanager
def no_larger_than(directory: Path) -> Iterator[None]:
    """Raise UserError where tensors are made inside that the model in `directory` cannot fill.

    Settings that were made up may ask for gigabytes, or for layers without end.
    """
    size = sum(path.stat().st_size for path in directory.iterdir() if path.is_file())
    with _Limit(TIMES * size + SPARE, directory):
        yield


class _Limit(TorchFunctionMode):
    """Adds up the bytes of tensors before they are made."""

    def __init__(self, num_bytes: int, directory: Path) -> None:
        super().__init__()
        self._left, self._directory = num_bytes, directory

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Call `func`; refuse it where what it makes would be too much."""
        named = dict(kwargs or {})
        if func in _MAKERS:
            sized = {key: value for key, value in named.items() if key != "generator"}
            self._left -= func(*args, **{**sized, "device": "meta"}).nbytes
            if self._left < 0:
                raise UserError(
                    f"the model at {self._directory} cannot be read: its settings ask for larger "
                    "networks than there are weights for"
                )
        return func(*args, **named)
