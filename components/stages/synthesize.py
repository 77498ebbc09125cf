"""The stage that draws the synthetic rows that are judged."""

import logging
import sys
from collections.abc import Iterator

import pandas as pd

from components.config import Params
from components.data.files import count_rows
from components.data.output import write_row_groups
from components.models.catalog import load_any_model
from components.models.streaming import stream
from components.stages.command import main
from components.stages.paths import StagePaths

logger = logging.getLogger(__name__)


def run(params: Params, paths: StagePaths) -> None:
    """Write as many rows as asked, or as there are training rows, in memory for a part of them."""
    config = params.synthesize
    num_rows = config.rows or count_rows(paths.train)
    paths.synthetic.parent.mkdir(parents=True, exist_ok=True)
    frames = stream(load_any_model(paths.model), num_rows, seed=config.seed)
    write_row_groups(_logged(frames, num_rows), paths.synthetic)
    logger.info("%d synthetic rows", num_rows)


def _logged(frames: Iterator[pd.DataFrame], num_rows: int) -> Iterator[pd.DataFrame]:
    done = 0
    for frame in frames:
        yield frame
        done += len(frame)
        if done < num_rows:
            logger.info("%d of %d synthetic rows", done, num_rows)


if __name__ == "__main__":
    sys.exit(main(run))
