"""The stage that judges the synthetic rows on locked test rows."""

import json
import logging
import sys
from collections.abc import Sequence
from functools import partial

import pandas as pd

from components.config import (
    AutoConfig,
    GroupSplit,
    ImageModelConfig,
    ModelConfig,
    Params,
    Purpose,
    ResampledConfig,
    makes_images,
    reads_series,
)
from components.data.images.sets import ImageSet, joined
from components.data.stand_in import STANDS_IN
from components.data.table import Table
from components.errors import UserError
from components.evaluation.case import Guarantee
from components.evaluation.evaluate import evaluate
from components.evaluation.evidence import Evidence
from components.evaluation.images.panels import Panel, save_panels
from components.models.catalog import load_image_model, load_model, make_image_model
from components.models.contract import Exportable, FormallyPrivate, ImageModel, TabularModel
from components.models.rare_levels import without_rare_names
from components.racing.parts import can_race
from components.racing.race import fit_chosen, fit_model
from components.racing.standing import Race
from components.racing.trade_off import trade_off
from components.stages.anomaly import judge_anomalies
from components.stages.command import main
from components.stages.images import read_synthetic_images, read_test_images, read_train_images
from components.stages.paths import StagePaths
from components.stages.tables import read_test, read_train
from components.threads import limited_threads

logger = logging.getLogger(__name__)

KEPT_WHOLE = (
    "images with one {column} are on one side of the split and of every fold of the benefit trial"
)


def run(params: Params, paths: StagePaths) -> None:
    """Write the evidence with its verdict, the measurements alone, and images to look at."""
    panels: Sequence[Panel] = ()
    if params.evaluate.purpose is Purpose.ANOMALY:
        evidence, panels = judge_anomalies(params, paths)
    elif makes_images(params.train.model):
        evidence, panels = _judge_images(params.train.model, params, paths)
    else:
        assert not reads_series(params.train.model), "series are of the purpose anomaly alone"
        evidence = _judge_rows(params.train.model, params, paths)
    paths.evidence.parent.mkdir(parents=True, exist_ok=True)
    evidence.save(paths.evidence)
    save_panels(panels, paths.panels)
    values = {item.name: item.value for item in evidence.measurements}
    paths.metrics.write_text(json.dumps(values, indent=1, sort_keys=True))
    logger.info(evidence.verdict.summary)


def _judge_images(
    config: ImageModelConfig, params: Params, paths: StagePaths
) -> tuple[Evidence, Sequence[Panel]]:
    from components.evaluation.images.evaluate import evaluate_images  # imports torch

    train, synthetic = read_train_images(paths), read_synthetic_images(paths)
    generator, asked = load_image_model(paths.model), params.evaluate_images
    judged = evaluate_images(
        train,
        read_test_images(paths),
        synthetic,
        config=params.evaluate,
        make_and_fit=partial(_fit_images, config),
        benefit=asked.benefit,
        generator=generator,
        baselines={
            name: _made(baseline, train, len(synthetic), params.train.seed)
            for name, baseline in asked.baselines.items()
        },
    )
    evidence, split = judged.evidence, params.prepare.split
    is_trial = params.evaluate.purpose is Purpose.AUGMENTATION
    if is_trial and isinstance(split, GroupSplit) and train.groups is not None:
        note = KEPT_WHOLE.format(column=split.column)
        evidence = evidence.model_copy(update={"notes": (*evidence.notes, note)})
    return evidence, (*judged.panels, *_walks(generator, params.evaluate.seed))


def _walks(generator: ImageModel, seed: int) -> Sequence[Panel]:
    """Walks between images of a generator that has a program."""
    from components.evaluation.images.walks import walk_panel

    if not isinstance(generator, Exportable):
        return ()
    return (walk_panel(generator.export_program(), generator.schema_, seed),)


def _fit_images(config: ImageModelConfig, images: ImageSet, seed: int) -> ImageModel:
    """A generator of images of these settings, fitted; called in other processes too."""
    model = make_image_model(config)
    with limited_threads(1):
        model.fit(images, seed=seed)
    return model


def _made(config: ImageModelConfig, train: ImageSet, num_images: int, seed: int) -> ImageSet:
    logger.info("fitting the baseline %s", config.name)
    return joined(list(_fit_images(config, train, seed).draw_images(num_images, seed=seed)))


def _judge_rows(config: ModelConfig | AutoConfig, params: Params, paths: StagePaths) -> Evidence:
    split = params.prepare.split

    def make_and_fit(table: Table, seed: int) -> TabularModel:
        """What `fitted` gives; where that refuses names that few rows have, without these."""
        try:
            return fitted(table, seed)
        except UserError as error:
            nameless = without_rare_names(table)
            if nameless is table:
                raise
            logger.info("a part of the rows is learned without its rare names: %s", error)
            return fitted(nameless, seed)

    def fitted(table: Table, seed: int) -> TabularModel:
        """A race in every part of the rows; where it is too small for one, the whole's winner.

        Whether a judge earns its place is asked of the whole alone.
        """
        is_known = isinstance(config, ResampledConfig) or (
            isinstance(config, AutoConfig) and not can_race(table, config, split)
        )
        with limited_threads(1):  # folds run side by side
            if is_known:
                return fit_model(Race.load(paths.race).winner.model, table, seed=seed)
            return fit_chosen(config, table, seed=seed, split=split).model

    train, generator = read_train(paths), load_model(paths.model)
    evidence = evaluate(
        train,
        read_test(paths),
        pd.read_parquet(paths.synthetic),
        make_and_fit=make_and_fit,
        config=params.evaluate,
        generator=generator,
        guarantee=_guarantee(generator),
        split=split,
    )
    if params.evaluate.purpose is Purpose.SHARING and not isinstance(config, AutoConfig):
        curves = trade_off(config, train, seed=params.evaluate.seed, split=split)
        evidence = evidence.model_copy(update={"curves": (*evidence.curves, *curves)})
    if params.evaluate.stands_in:
        note = STANDS_IN.format(target=evidence.target)
        evidence = evidence.model_copy(update={"notes": (*evidence.notes, note)})
    return evidence


def _guarantee(generator: TabularModel) -> Guarantee | None:
    if not isinstance(generator, FormallyPrivate):
        return None
    return Guarantee(generator.epsilon_, generator.delta_)


if __name__ == "__main__":
    sys.exit(main(run))
