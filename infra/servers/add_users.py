"""Makes the workers' user in MLflow, run once after the server's first start.

Further users are made by an administrator (docs/cluster.md). Who is there already stays.
"""

import os
import sys

from mlflow.exceptions import MlflowException
from mlflow.server import get_app_client


def _add() -> None:
    """Make the user that the environment names, unless there is one."""
    client = get_app_client("basic-auth", tracking_uri=os.environ["MLFLOW_TRACKING_URI"])
    name = os.environ["MLFLOW_WORKER_USER"]
    try:
        client.create_user(name, os.environ["MLFLOW_WORKER_PASSWORD"])
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
    sys.stdout.write(f"there is a user {name}\n")


if __name__ == "__main__":
    _add()
