"""A training that two processes of the stage share."""

import csv
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from components.config import (
    DcganNetworks,
    EvaluateConfig,
    ImageGanConfig,
    ImagesConfig,
    Params,
    PrepareConfig,
    Purpose,
    TrainConfig,
)
from components.errors import UserError
from components.stages import prepare
from components.stages.paths import StagePaths
from components.stages.train import run_together
from components.storage.home import HOME_VARIABLE

MODEL = ImageGanConfig(
    steps=12, look_every=4, batch_size=16, noise_size=8, networks=DcganNetworks(width=4), devices=2
)
PARAMS = Params(
    name="digits",
    prepare=PrepareConfig(
        data="sklearn:digits", target="label", images=ImagesConfig(), train_rows=200
    ),
    train=TrainConfig(model=MODEL, threads=1),
    evaluate=EvaluateConfig(purpose=Purpose.SHARING),
)


def test_another_number_of_processes_than_was_asked_for_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "3")
    with pytest.raises(UserError, match=r"3 processes were started .* train.model.devices = 2"):
        run_together(PARAMS, StagePaths(tmp_path))


@pytest.mark.slow
def test_the_curves_are_those_of_one_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Nearly, at first: sums come in another order, and a game makes much of little."""
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / "home"))
    prepare.run(PARAMS, StagePaths(tmp_path))
    (tmp_path / "models").mkdir()
    stage = ["-m", "components.stages.train"]
    started_by = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    alone = _curves(tmp_path, 1, stage)
    for command in (stage, [*started_by, *stage]):
        shared = _curves(tmp_path, 2, command)
        assert list(shared) == list(alone)
        for key in (key for key in alone if key[1].endswith("_loss")):
            assert shared[key] == pytest.approx(alone[key], rel=1e-3)


def _curves(folder: Path, devices: int, command: list[str]) -> dict[tuple[str, str], float]:
    """What the stage writes, run so; it says each line once."""
    model = MODEL.model_copy(update={"devices": devices})
    params = PARAMS.model_copy(update={"train": PARAMS.train.model_copy(update={"model": model})})
    (folder / "params.yaml").write_text(yaml.safe_dump(params.model_dump(mode="json")))
    found = subprocess.run(
        [sys.executable, *command], cwd=folder, check=True, capture_output=True, text=True
    )
    assert found.stdout.count("step 12") == 1, found.stdout
    curves = folder / "models" / "training_curves.csv"
    with curves.open() as file:
        rows = list(csv.DictReader(file))
    curves.unlink()
    return {(row["step"], row["metric"]): float(row["value"]) for row in rows}
