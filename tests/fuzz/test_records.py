"""Records, checkpoints, backups and releases that were damaged: told, and never half used."""

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
import torch

from components.config import TreesConfig
from components.data.images.schema import ImageSchema
from components.data.schema import Schema
from components.errors import UserError
from components.evaluation.evidence import Outcome
from components.models.calibration import Calibration
from components.racing.standing import Gated, Race, Runner
from components.storage.backup import Kept, Manifest, bring, make_backup, read_backup, restore_area
from components.storage.stores import Folder
from components.training.checkpoints import CheckpointStore
from tests.fuzz.damage import damaged_bytes, damaged_json
from tests.fuzz.hunting import hunt, hunts
from tests.fuzz.watch import refuses_clearly, watched
from tests.procedural import mixed_table


def race() -> Race:
    gate = Gated(metric="copies", value=0.1, low=0.0, high=0.2, spent=0.5, least_spent=0.1)
    runner = Runner(
        model=TreesConfig(), seconds=1.0, outcome=Outcome.PASSED, gates=(gate,), reasons=("so",)
    )
    return Race(num_train=80, num_held_out=20, runners=(runner,))


RECORDS: dict[str, tuple[Callable[[], Any], Callable[[Path], Any]]] = {
    "schema": (lambda: mixed_table(60).schema, Schema.load),
    "image schema": (
        lambda: ImageSchema(height=8, width=8, channels=1, classes=("a", "b")),
        ImageSchema.load,
    ),
    "scale": (lambda: Calibration.of(np.arange(20.0)), Calibration.load),
    "race": (lambda: race(), Race.load),
}


@hunts
@pytest.mark.parametrize("name", RECORDS)
def test_a_damaged_record(name: str, examples: int, tmp_path: Path) -> None:
    make, load = RECORDS[name]
    whole, path = make().model_dump_json(), tmp_path / "record.json"

    def attack(data: bytes) -> None:
        path.write_bytes(data)
        with watched(tmp_path):
            refuses_clearly(lambda: load(path))

    text = damaged_bytes(whole.encode())
    values = damaged_json(json.loads(whole)).map(lambda value: json.dumps(value).encode())
    hunt(text | values, examples, attack)


@cache
def checkpoint() -> bytes:
    with TemporaryDirectory() as folder:
        store = CheckpointStore(Path(folder), "ours")
        store.save(7, {"weight": torch.arange(64.0), "nested": {"count": 2}})
        return next(Path(folder).iterdir()).read_bytes()


@hunts
def test_a_damaged_checkpoint_is_passed_over(examples: int, tmp_path: Path) -> None:
    path = tmp_path / "step-000000007.pt"

    def attack(data: bytes) -> None:
        path.write_bytes(data)
        with watched(tmp_path):
            found = CheckpointStore(tmp_path, "ours").newest()
        if found is not None:
            assert found.step == 7 and torch.equal(found.state["weight"], torch.arange(64.0))

    hunt(damaged_bytes(checkpoint()), examples, attack)


@hunts
def test_a_backup_with_a_damaged_list_of_files(examples: int, tmp_path: Path) -> None:
    """Its files come back as they were, within the folder, or it is refused."""
    source, place = Folder(tmp_path / "source"), Folder(tmp_path / "place")
    for name in ("a", "b/c"):
        (source.root / name).parent.mkdir(parents=True, exist_ok=True)
        (source.root / name).write_text(name)
    files = [(found.name, source, found.name) for found in source.list()]
    made = make_backup(place, {"things": files, "databases": files}, {"mlflow": "1"}, {})
    path = place.root / "backups" / f"{made.when}.json"
    inside = tmp_path / "inside"
    scratch = inside / "scratch"
    scratch.mkdir(parents=True)

    def come_back() -> None:
        manifest = read_backup(place)
        for area, listed in manifest.areas.items():
            restore_area(place, listed, [Folder(inside / "back" / area[:20])], scratch)
        for name, kept in manifest.areas.get("databases", {}).items():
            bring(place, kept, scratch / name)

    def attack(value: Any) -> None:
        path.write_text(json.dumps(value))
        with watched(inside):
            refuses_clearly(come_back)

    hunt(damaged_json(json.loads(made.model_dump_json())), examples, attack)


@pytest.mark.parametrize("name", ["../../out", "/tmp/out", "a/../../out", "", "a\0b"])
def test_no_name_in_a_backup_leads_out_of_it(name: str, tmp_path: Path) -> None:
    place = Folder(tmp_path / "place")
    manifest = Manifest(
        when="now",
        versions={},
        facts={},
        areas={"databases": {name: Kept(sha256="0" * 64, num_bytes=0)}},
    )
    (place.root / "backups").mkdir(parents=True)
    (place.root / "backups" / "now.json").write_text(manifest.model_dump_json())
    with pytest.raises(UserError, match="no name within a folder"):
        read_backup(place)
