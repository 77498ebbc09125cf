"""The stage that draws the synthetic rows that are judged."""

import logging
import sys
from collections.abc import Iterator

import pandas as pd

from components.config import Params
from components.data.files import count_rows
from components.data.output import write_row_groups
from components.models.catalog import load_any_model
from components.models.contract import ImageModel
from components.models.streaming import stream
from components.stages.command import main
from components.stages.paths import StagePaths

logger = logging.getLogger(__name__)


def run(params: Params, paths: StagePaths) -> None:
    """Write as many rows as asked, or as there are training rows, in memory for a part of them."""
    config = params.synthesize
    num_rows = config.rows or count_rows(paths.train)
    paths.synthetic.parent.mkdir(parents=True, exist_ok=True)
    model = load_any_model(paths.model)
    frames = stream(model, num_rows, seed=config.seed)
    unit = "images" if isinstance(model, ImageModel) else "rows"
    write_row_groups(_logged(frames, num_rows, unit), paths.synthetic)
    logger.info("%s synthetic %s", f"{num_rows:,}", unit)


def _logged(frames: Iterator[pd.DataFrame], num_rows: int, unit: str) -> Iterator[pd.DataFrame]:
    done = 0
    for frame in frames:
        yield frame
        done += len(frame)
        if done < num_rows:
            logger.info("%s of %s synthetic %s", f"{done:,}", f"{num_rows:,}", unit)


if __name__ == "__main__":
    sys.exit(main(run))
