"""How files are damaged: bytes cut short or changed, values of JSON put in place of others."""

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray
from safetensors.numpy import load, save

Arrays = dict[str, NDArray[Any]]
Place = tuple[str | int, ...]

ODD: list[Any] = [
    None,
    True,
    -1,
    0,
    7,
    2**31,
    2**63,
    10**30,
    -0.5,
    1e308,
    float("nan"),
    float("inf"),
    "",
    "\0",
    "nan",
    "numerical",
    "../../outside",
    "/etc/passwd",
    "os:system",
    "x" * 100_000,
    [],
    {},
    [[[[]]]],
    {"name": "trees"},
    [1, 2, 3],
]
"""What a setting or a fact may be turned into."""

_CLAIMS = [b"\0" * 8, b"\xff" * 8, b"\xff\xff\xff\x7f", (1 << 40).to_bytes(8, "little"), b"\x80"]


@st.composite
def damaged_bytes(draw: st.DrawFn, original: bytes) -> bytes:
    """The bytes cut short, or with parts changed, left out, doubled or from elsewhere in them."""
    data = bytearray(original)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(data)))
        length = draw(st.integers(1, 64))
        match draw(st.sampled_from(("cut", "flip", "claim", "leave out", "double", "move", "any"))):
            case "cut":
                del data[at:]
            case "flip" if at < len(data):
                data[at] ^= 1 << draw(st.integers(0, 7))
            case "claim":
                claim = draw(st.sampled_from(_CLAIMS))
                data[at : at + len(claim)] = claim
            case "leave out":
                del data[at : at + length]
            case "double":
                data[at:at] = data[at : at + length]
            case "move":
                other = draw(st.integers(0, len(data)))
                data[at : at + length] = data[other : other + length]
            case _:
                data[at : at + length] = draw(st.binary(max_size=length))
    return bytes(data)


def _places(value: Any, at: Place = ()) -> Iterator[Place]:
    """Where in a value of JSON there is something to change."""
    yield at
    match value:
        case dict():
            for key, inner in value.items():
                yield from _places(inner, (*at, key))
        case list():
            for number, inner in enumerate(value[:8]):
                yield from _places(inner, (*at, number))


@st.composite
def damaged_json(draw: st.DrawFn, original: Any) -> Any:
    """The value with some of what is in it replaced by something odd, left out or renamed."""
    value = json.loads(json.dumps(original))
    for _ in range(draw(st.integers(1, 3))):
        *above, last = draw(st.sampled_from([place for place in _places(value) if place] or [(0,)]))
        holder = value
        for step in above:
            holder = holder[step]
        match draw(st.sampled_from(("replace", "replace", "leave out", "add"))):
            case "replace":
                holder[last] = deepcopy(draw(st.sampled_from(ODD)))
            case "leave out":
                del holder[last]
            case _ if isinstance(holder, dict):
                name = draw(st.sampled_from(["", "name", "../x", str(last) * 2]))
                holder[name] = deepcopy(holder[last])
        if not value:
            break
    return value


_CHANGES: list[Callable[[NDArray[Any]], NDArray[Any]]] = [
    lambda a: a[: len(a) // 2] if a.ndim else a,
    lambda a: np.concatenate([a, a]) if a.ndim else a,
    lambda a: a.ravel(),
    lambda a: a[None],
    lambda a: a.T,
    lambda a: ~a if a.dtype == bool else -a,
    lambda a: np.zeros_like(a),
    lambda a: np.full_like(a, _largest(a)),
    lambda a: np.full_like(a, _smallest(a)),
    lambda a: np.full(a.shape, np.nan, dtype=np.float32),
    lambda a: a.astype(np.float64),
    lambda a: np.resize(a, 3),
    lambda a: np.empty((0, *a.shape[1:]), a.dtype),
    lambda a: np.sort(a, axis=None)[::-1].reshape(a.shape),
]


def _smallest(values: NDArray[Any]) -> Any:
    kind = values.dtype
    match kind.kind:
        case "f":
            return np.finfo(kind).min
        case "b":
            return False
        case _:
            return np.iinfo(kind).min


def _largest(values: NDArray[Any]) -> Any:
    kind = values.dtype
    match kind.kind:
        case "f":
            return np.finfo(kind).max
        case "b":
            return True
        case _:
            return np.iinfo(kind).max


@st.composite
def damaged_arrays(draw: st.DrawFn, original: bytes) -> bytes:
    """A whole safetensors file, some arrays of which are missing or not what they were."""
    arrays: Arrays = dict(load(original))
    for name in draw(st.lists(st.sampled_from(sorted(arrays)), min_size=1, max_size=3)):
        if draw(st.integers(0, 9)) == 0:
            arrays.pop(name, None)
        elif name in arrays:
            change = draw(st.sampled_from(_CHANGES))
            arrays[name] = np.ascontiguousarray(change(arrays[name]))
    return save(arrays)


@st.composite
def damaged_claims(draw: st.DrawFn, original: bytes) -> bytes:
    """A safetensors file whose header says something else of the same bytes."""
    length = int.from_bytes(original[:8], "little")
    header = draw(damaged_json(json.loads(original[8 : 8 + length])))
    said = json.dumps(header).encode()
    return len(said).to_bytes(8, "little") + said + original[8 + length :]
