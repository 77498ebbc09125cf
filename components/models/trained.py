"""What models of trained networks have in common: where training stands, and weights as arrays."""

import hashlib
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from components.config import AdversarialConfig, ImageVaeConfig, Settings
from components.data.images.schema import schema_of
from components.data.images.sets import ImageSet
from components.data.schema import Schema
from components.data.table import Matrix
from components.training.checkpoints import CheckpointStore

Arrays = Mapping[str, NDArray[Any]]

HELD_OUT_OF_FEW = 0.25
MOST_HELD_OUT_OF_FEW = 100
MOST_HELD_OUT = 2_000

_SPLIT_STREAM = 0xA2


def hold_out(num_rows: int, share: float, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Positions of the rows training is stopped by, and of those it learns from."""
    few = min(HELD_OUT_OF_FEW * num_rows, MOST_HELD_OUT_OF_FEW)
    order = np.random.default_rng([seed, _SPLIT_STREAM]).permutation(num_rows)
    num_held = max(min(math.floor(share * num_rows), MOST_HELD_OUT), math.floor(few))
    return torch.from_numpy(order[:num_held]), torch.from_numpy(order[num_held:])


def checkpoint_store(
    directory: Path | None,
    config: Settings,
    schema: Schema,
    matrix: Matrix,
    seed: int,
) -> CheckpointStore | None:
    """The checkpoints in `directory` of exactly this training; None where there is no directory."""
    if directory is None:
        return None
    return _store(directory, config, schema.model_dump_json(), seed, matrix)


def image_checkpoint_store(
    directory: Path | None, config: AdversarialConfig | ImageVaeConfig, images: ImageSet, seed: int
) -> CheckpointStore | None:
    """The same for a training on images."""
    if directory is None:
        return None
    labels = [] if images.labels is None else [images.labels]
    schema = schema_of(images).model_dump_json()
    return _store(directory, config, schema, seed, images.images, *labels)


def _store(
    directory: Path, config: Settings, schema: str, seed: int, *data: NDArray[Any]
) -> CheckpointStore:
    """The number of threads tells trainings apart too: it decides in which order sums are taken."""
    settings = config.model_dump_json(exclude={"checkpoint_seconds"})
    parts = json.dumps([settings, schema, seed, torch.__version__, torch.get_num_threads()])
    digest = hashlib.sha256(parts.encode())
    for part in data:
        digest.update(np.ascontiguousarray(part).data)
    return CheckpointStore(directory, digest.hexdigest())


def weights_of(network: nn.Module, name: str) -> dict[str, NDArray[Any]]:
    """The network's weights as arrays, called `NAME.PARAMETER`."""
    return {f"{name}.{key}": value.numpy() for key, value in network.state_dict().items()}


def put_weights(network: nn.Module, arrays: Arrays, name: str) -> None:
    """Give the network the weights that `weights_of` took under this name."""
    prefix = f"{name}."
    network.load_state_dict(
        {
            key.removeprefix(prefix): torch.from_numpy(array)
            for key, array in arrays.items()
            if key.startswith(prefix)
        }
    )
