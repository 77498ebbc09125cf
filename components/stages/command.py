"""Running one stage as a process: settings in, progress out, one clear line on a user's error."""

import errno
import logging
import sys
from collections.abc import Callable
from pathlib import Path

from components.config import Params, read_params
from components.errors import ERROR, UNAVAILABLE, Unavailable, UserError
from components.stages.fan_out import fan_out
from components.stages.paths import StagePaths
from components.threads import limited_threads

Stage = Callable[[Params, StagePaths], None]


def main(stage: Stage) -> int:
    """Run `stage` in the working directory; its exit status, 2 for an error the user can mend."""
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
    logging.getLogger("botocore").setLevel(logging.WARNING)  # it tells where its keys are from
    paths = StagePaths(Path.cwd())
    try:
        params = read_params(paths.params)
        with limited_threads(params.train.threads), fan_out():
            stage(params, paths)
    except UserError as error:
        return _refuse(str(error), UNAVAILABLE if isinstance(error, Unavailable) else ERROR)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        return _refuse(f"the disk that holds {paths.root} is full; free some space and run again")
    return 0


def _refuse(message: str, prefix: str = ERROR) -> int:
    sys.stdout.write(f"{prefix}{' '.join(message.split())}\n")
    return 2
