"""The stage that fits the generator on the training rows, or goes on from its checkpoint."""

import hashlib
import logging
import sys
from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path

from components.config import Params, makes_images, reads_series
from components.data.images.sets import ImageSet
from components.data.table import Table
from components.models.catalog import make_image_model
from components.models.contract import ImageModel, LogMetrics, TabularModel
from components.racing.race import fit_chosen
from components.stages.command import main
from components.stages.images import read_train_images
from components.stages.paths import StagePaths
from components.stages.scale import check_scores, parted, scale_of
from components.stages.series import fit_series
from components.stages.tables import read_train
from components.stages.together import gather, writes
from components.stages.training_curves import Logged, step_line, write_training_curves
from components.storage.checkpoints import shared_checkpoints
from components.storage.home import find_home

logger = logging.getLogger(__name__)


def run(params: Params, paths: StagePaths) -> None:
    """Write the fitted generator and its training curves."""
    logged: list[Logged] = []

    def log(step: int, metrics: Mapping[str, float]) -> None:
        logged.extend((step, name, value) for name, value in metrics.items())
        logger.info(step_line(step, metrics))

    checkpoint_dir = find_home().checkpoints / _content_key(params, paths)
    is_first = writes(params.train)
    with shared_checkpoints(checkpoint_dir) if is_first else nullcontext():
        _fit(params, paths, log, checkpoint_dir, writes=is_first)
    if is_first:
        write_training_curves(logged, paths.training_curves)


def run_together(params: Params, paths: StagePaths) -> None:
    """`run`, in as many processes as the settings have devices share a training."""
    gather(params.train)
    run(params, paths)


def _fit(
    params: Params, paths: StagePaths, log: LogMetrics, checkpoint_dir: Path, *, writes: bool
) -> None:
    """Fit what the settings name, and save it where this process `writes`."""
    config = params.train
    check_scores(config)
    if reads_series(config.model):
        return fit_series(config.model, config, paths, log, checkpoint_dir)
    if makes_images(config.model):
        model = make_image_model(config.model)
        images, aside = parted(read_train_images(paths), config)
        model.fit(images, seed=config.seed, log=log, checkpoint_dir=checkpoint_dir)
        if writes:
            _save(model, aside, paths)
        return
    rows, others = parted(read_train(paths), config)
    fitted = fit_chosen(
        config.model,
        rows,
        seed=config.seed,
        log=log,
        checkpoint_dir=checkpoint_dir,
        workers=config.threads,
        split=params.prepare.split,
    )
    if not writes:
        return
    _save(fitted.model, others, paths)
    if fitted.race is not None:
        fitted.race.save(paths.race)


def _save(
    model: TabularModel | ImageModel, held_out: Table | ImageSet | None, paths: StagePaths
) -> None:
    """Write the model, and the scale of its scores where rows were held out for one."""
    model.save(paths.model)
    if held_out is not None:
        scale_of(model, held_out).save(paths.calibration)


def _content_key(params: Params, paths: StagePaths) -> str:
    """A name for exactly this training: its settings, its rows and its code."""
    digest = hashlib.sha256(params.train.model_dump_json().encode())
    code = [
        file
        for part in ("data", "evaluation", "models", "networks", "racing", "training")
        for file in sorted((paths.root / "components" / part).rglob("*.py"))
    ]
    for path in (paths.train, paths.schema, *code):
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]


if __name__ == "__main__":
    sys.exit(main(run_together))
