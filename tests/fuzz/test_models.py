"""Saved generators that were cut short, changed or made up: a clear refusal, or rows."""

import json
import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import strategies as st

from components.models import artifact
from components.models.catalog import IMAGE_MODELS, load_any_model
from components.models.contract import ImageModel
from tests.fuzz.damage import damaged_arrays, damaged_bytes, damaged_claims, damaged_json
from tests.fuzz.hunting import hunt, hunts
from tests.fuzz.watch import refuses_clearly, watched
from tests.models import conftest as tables
from tests.models import test_image_contract as images
from tests.models import test_series_autoencoder as series

HEADER, WEIGHTS = "model.json", "weights.safetensors"
SERIES = "series_autoencoder"
NAMES = [*tables.NAMES, *sorted(IMAGE_MODELS), SERIES]
IN_A_HURRY = ("trees", "trees_held", "image_gaussian")
"""Those that quick tests can afford to fit; networks are met by the long hunt alone."""


@cache
def saved(name: str) -> dict[str, bytes]:
    """The files of a small model of this name."""
    with TemporaryDirectory() as folder:
        if name == SERIES:
            series.fitted().save(Path(folder))
        elif name in IMAGE_MODELS:
            images.fitted_once(name).save(Path(folder))
        else:
            tables.fitted_once(name).save(Path(folder))
        return {path.name: path.read_bytes() for path in Path(folder).iterdir()}


def each_model() -> list[Any]:
    slow = [pytest.mark.slow]
    return [pytest.param(n, marks=[] if n in IN_A_HURRY else slow) for n in NAMES]


def write(files: dict[str, bytes], folder: Path) -> Path:
    """These files in a folder of nothing else."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return folder


def sealed_anew(files: dict[str, bytes], folder: Path) -> Path:
    """The files with a seal that fits them: as someone would write them who means harm."""
    write(files, folder)
    try:
        header = json.loads(files[HEADER])
    except ValueError:
        return folder
    if isinstance(header, dict):
        header["seal"] = artifact._seal(header, folder)
        (folder / HEADER).write_text(json.dumps(header))
    return folder


def use(folder: Path) -> None:
    """Load what is there and draw from it."""
    model = load_any_model(folder)
    if isinstance(model, ImageModel):
        list(model.draw_images(3, seed=0))
    else:
        model.sample(3, seed=0)


@hunts
@pytest.mark.parametrize("name", each_model())
@pytest.mark.parametrize("file", [HEADER, WEIGHTS])
def test_what_was_cut_short_or_changed_is_refused(
    name: str, file: str, examples: int, tmp_path: Path
) -> None:
    whole = saved(name)

    def attack(data: bytes) -> None:
        folder = write(whole | {file: data}, tmp_path / "model")
        with watched(tmp_path):
            refused = refuses_clearly(lambda: use(folder))
        assert refused or means_the_same(data, whole[file])

    hunt(damaged_bytes(whole[file]), examples, attack)


def means_the_same(one: bytes, other: bytes) -> bool:
    """Equal bytes, or equal values of JSON in other words."""
    try:
        return one == other or json.loads(one) == json.loads(other)
    except ValueError:
        return False


CRAFTED: dict[str, tuple[str, Callable[[bytes], st.SearchStrategy[bytes]]]] = {
    "header": (HEADER, lambda data: damaged_json(json.loads(data)).map(dumped)),
    "arrays": (WEIGHTS, damaged_arrays),
    "claims": (WEIGHTS, damaged_claims),
}


def dumped(value: Any) -> bytes:
    return json.dumps(value).encode()


@hunts
@pytest.mark.parametrize("name", each_model())
@pytest.mark.parametrize("what", CRAFTED)
def test_what_was_made_up_does_no_harm(name: str, what: str, examples: int, tmp_path: Path) -> None:
    """Its seal fits. It is refused, or drawn from: nothing is run, written, or taken too much of.

    Numbers that are not what training left may well fail while rows are drawn.
    """
    whole = saved(name)
    file, damage = CRAFTED[what]

    def attack(data: bytes) -> None:
        folder = sealed_anew(whole | {file: data}, tmp_path / "model")
        with watched(tmp_path):
            if refuses_clearly(lambda: load_any_model(folder)):
                return
            try:
                use(folder)
            except Exception as error:
                assert not isinstance(error, MemoryError)

    hunt(damage(whole[file]), examples, attack)
