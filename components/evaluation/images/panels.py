"""Images to look at beside the evidence, and how they are kept."""

import base64
import io
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from components.data.images.sets import Pixels


@dataclass(frozen=True)
class Strip:
    """A row of images in a report, with its name and what is said beneath each.

    `bars` are a share of real and one of synthetic images for each, drawn beneath it on one scale
    for all strips of a panel. `beside` is a second row of images that is drawn to its right.
    """

    title: str
    images: Pixels
    captions: tuple[str, ...] = ()
    bars: tuple[tuple[float, float], ...] = ()
    beside: Pixels | None = None


@dataclass(frozen=True)
class Panel:
    """Images to look at: what they mean for this data, and how to read them."""

    key: str
    title: str
    meaning: str
    reading: str
    strips: tuple[Strip, ...]


def save_panels(panels: Sequence[Panel], path: Path) -> None:
    """Write panels as JSON, their images as the bytes of `.npy` files in base64."""
    path.write_text(json.dumps([asdict(panel) for panel in panels], default=_packed, indent=1))


def load_panels(path: Path) -> tuple[Panel, ...]:
    """Read what `save_panels` wrote."""
    return tuple(
        Panel(**kept | {"strips": tuple(map(_strip, kept["strips"]))})
        for kept in json.loads(path.read_text())
    )


def _strip(kept: dict[str, Any]) -> Strip:
    beside = kept["beside"]
    return Strip(
        title=kept["title"],
        images=_unpacked(kept["images"]),
        captions=tuple(kept["captions"]),
        bars=tuple((float(real), float(made)) for real, made in kept["bars"]),
        beside=None if beside is None else _unpacked(beside),
    )


def _packed(images: Pixels) -> str:
    written = io.BytesIO()
    np.save(written, images, allow_pickle=False)
    return base64.b64encode(written.getvalue()).decode()


def _unpacked(text: str) -> Pixels:
    found: Pixels = np.load(io.BytesIO(base64.b64decode(text)), allow_pickle=False)
    return found
