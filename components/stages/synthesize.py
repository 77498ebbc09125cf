"""The stage that draws the synthetic rows that are judged."""

import logging
import sys

from components.config import Params
from components.models.catalog import load_model
from components.stages.command import main
from components.stages.paths import StagePaths
from components.stages.tables import read_train

logger = logging.getLogger(__name__)


def run(params: Params, paths: StagePaths) -> None:
    """Write as many rows as asked, or as there are training rows."""
    config = params.synthesize
    num_rows = config.rows or len(read_train(paths))
    rows = load_model(paths.model).sample(num_rows, seed=config.seed)
    paths.synthetic.parent.mkdir(parents=True, exist_ok=True)
    rows.to_parquet(paths.synthetic, index=False)
    logger.info("%d synthetic rows", num_rows)


if __name__ == "__main__":
    sys.exit(main(run))
