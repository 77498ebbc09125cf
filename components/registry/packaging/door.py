"""The infrastructure door: a fresh process pulls a version as a downstream team would."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from mlflow import MlflowClient

from components.registry.tags import DOOR
from components.registry.tracking import tracking_uri
from components.storage.home import Home

_CONSUMER = """
import json, resource, sys, time
import mlflow, pandas as pd
started = time.monotonic()
model = mlflow.pyfunc.load_model(sys.argv[1])
request = pd.DataFrame({"num_rows": [int(sys.argv[2])], "seed": [7]})
first, second = model.predict(request), model.predict(request)
print(json.dumps({
    "num_rows": len(first),
    "repeats": first.equals(second),
    "uses_project": "components" in sys.modules,
    "seconds": time.monotonic() - started,
    "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
}))
"""


@dataclass(frozen=True)
class DoorLimits:
    """What pulling and sampling may cost, in seconds and megabytes."""

    num_rows: int = 1_000
    seconds: float = 60.0
    megabytes: float = 2_048.0


@dataclass(frozen=True)
class DoorResult:
    """Whether the version can be used downstream, and what was seen, in words."""

    passed: bool
    reason: str


def pass_door(
    client: MlflowClient, model: str, version: str, home: Home, limits: DoorLimits
) -> DoorResult:
    """The door's answer for a version: the recorded one, else it is tried now and recorded."""
    recorded = recorded_result(client.get_model_version(model, version).tags)
    if recorded is None:
        recorded = try_model(f"models:/{model}/{version}", home, limits)
        for key, value in door_tags(recorded).items():
            client.set_model_version_tag(model, version, key, value)
    return recorded


def door_tags(result: DoorResult) -> dict[str, str]:
    """How the door's answer is recorded, as tags."""
    return {DOOR: json.dumps(asdict(result))}


def recorded_result(tags: Mapping[str, str]) -> DoorResult | None:
    """The answer in these tags, None where the door was not tried."""
    return DoorResult(**json.loads(tags[DOOR])) if DOOR in tags else None


def try_model(uri: str, home: Home, limits: DoorLimits) -> DoorResult:
    """Load a `models:/` URI in a fresh process outside this project; draw the same rows twice."""
    command = [sys.executable, "-I", "-c", _CONSUMER, uri]
    environment = os.environ | {"MLFLOW_TRACKING_URI": tracking_uri(home)}
    with tempfile.TemporaryDirectory() as elsewhere:
        try:
            done = subprocess.run(
                [*command, str(limits.num_rows)],
                cwd=elsewhere,
                env=environment,
                capture_output=True,
                text=True,
                timeout=limits.seconds + 30,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return DoorResult(False, f"a fresh process did not sample within {limits.seconds} s")
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        return DoorResult(False, f"a fresh process could not load and sample it: {last}")
    return _judge(json.loads(done.stdout.strip().splitlines()[-1]), limits)


def _judge(seen: dict[str, float], limits: DoorLimits) -> DoorResult:
    faults = []
    if seen["num_rows"] != limits.num_rows:
        faults.append(f"it gave {seen['num_rows']} rows, {limits.num_rows} were asked")
    if not seen["repeats"]:
        faults.append("equal seeds gave different rows")
    if seen["uses_project"]:
        faults.append("it needs this project's source")
    if seen["seconds"] > limits.seconds:
        faults.append(f"it took {seen['seconds']:.1f} s, at most {limits.seconds:.0f} are allowed")
    if seen["megabytes"] > limits.megabytes:
        faults.append(f"it took {seen['megabytes']:.0f} MB, {limits.megabytes:.0f} are allowed")
    if faults:
        return DoorResult(False, "; ".join(faults))
    return DoorResult(
        True,
        f"a fresh process loaded it and drew {limits.num_rows} rows twice alike in "
        f"{seen['seconds']:.1f} s and {seen['megabytes']:.0f} MB",
    )
