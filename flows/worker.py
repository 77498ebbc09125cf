"""The worker of this machine, run as `python -m flows.worker` by the services.

It waits for the server, so that a start of both at once, or of the server alone, needs no care.
"""

import os
import sys
import time
from urllib.error import URLError
from urllib.request import urlopen

from flows.project import PROJECT
from flows.services import WORK_POOL

NAME = "this machine"


def _wait_for(url: str) -> None:
    while True:
        try:
            with urlopen(url, timeout=5):
                return
        except (URLError, OSError):
            time.sleep(0.2)


if __name__ == "__main__":
    _wait_for(f"{os.environ['PREFECT_API_URL']}/work_pools/{WORK_POOL}")
    os.chdir(PROJECT)
    command = ["prefect", "worker", "start", "--pool", WORK_POOL, "--type", "process"]
    os.execv(sys.executable, [sys.executable, "-m", *command, "--name", NAME])
