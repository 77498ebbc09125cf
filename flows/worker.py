"""The worker of this machine, run as `python -m flows.worker` by the services.

It waits for the server, so that a start of both at once, or of the server alone, needs no care.
"""

import os
import sys
import time
from base64 import b64encode
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from components.errors import UserError
from flows.project import PROJECT
from flows.services.running import WORK_POOL

NAME = "this machine"


def wait_for_pool() -> None:
    """Return once the server answers and has the work pool; logged in where it asks for that.

    Raises UserError where it refuses the login.
    """
    request = Request(f"{os.environ['PREFECT_API_URL']}/work_pools/{WORK_POOL}")
    if login := os.environ.get("PREFECT_API_AUTH_STRING"):
        request.add_header("Authorization", f"Basic {b64encode(login.encode()).decode()}")
    while True:
        try:
            with urlopen(request, timeout=5):
                return
        except HTTPError as error:
            if error.code in (401, 403):
                raise UserError(
                    f"Prefect refuses the login in PREFECT_API_AUTH_STRING ({error.code}): "
                    "accepted is USER:PASSWORD as the server has it"
                ) from error
            time.sleep(0.2)
        except (URLError, OSError):
            time.sleep(0.2)


if __name__ == "__main__":
    wait_for_pool()
    os.chdir(PROJECT)
    os.execv(sys.executable, [sys.executable, "-m", "flows.machine_worker", NAME])
