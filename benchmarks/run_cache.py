"""What sharing a stage's work costs, by how much was done before: requests to S3, and seconds.

    python -m benchmarks.run_cache [--before 0,100,1000]

A real S3 server has what so many stages did before, and so has the machine that does one more. A
second machine, which has nothing yet, then asks for the same.
"""

import argparse
import os
import secrets
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from components.storage.dvc import DvcSession, make_workspace
from components.storage.home import Home
from components.storage.objects import s3_client
from components.storage.places import STORE_VARIABLE
from tests.storage.proxy import Proxy, proxy_to
from tests.storage.seaweed import s3_server

BUCKET = "lab"
PIPELINE = (
    "stages:\n  count:\n    cmd: cp params.yaml out.txt\n    params: [count]\n    outs: [out.txt]\n"
)


def measure(folder: Path, proxy: Proxy, before: int) -> dict[str, str]:
    """Requests and seconds of one stage's work that is new, and of the same asked for elsewhere."""
    prefix = f"before-{before}"
    os.environ[STORE_VARIABLE] = f"s3://{BUCKET}/{prefix}"
    code = folder / prefix / "code"
    (code / "components").mkdir(parents=True)
    (code / "dvc.yaml").write_text(PIPELINE)
    (code / ".dvcignore").write_text("")
    first, second = (Home(folder / prefix / name) for name in ("first", "second"))
    for _ in range(before):
        key, value = secrets.token_hex(32), secrets.token_hex(32)
        name = f"runs/{key[:2]}/{key}/{value}"
        entry = first.dvc_cache / name
        entry.parent.mkdir(parents=True)
        entry.write_text("cmd: true\n")
        s3_client().put_object(Bucket=BUCKET, Key=f"{prefix}/dvc/{name}", Body=b"cmd: true\n")
    row = {"done before": f"{before:,}"}
    for title, home in (("new work", first), ("the same elsewhere", second)):
        workspace = home.workspaces / "one"
        make_workspace(workspace, code, "count: 1\n", home)
        proxy.calm()
        started = time.perf_counter()
        with DvcSession(workspace, home) as dvc:
            was_there = dvc.reproduce("count", lambda line: None)
            dvc.push()
        seconds = time.perf_counter() - started
        assert was_there is (home is second)
        row |= {
            f"{title}: requests": f"{proxy.requests:,}",
            f"{title}: seconds": f"{seconds:.1f}",
        }
    return row


def main() -> None:
    """Measure each and print it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--before", default="0,100,1000", help="how many stages were done before")
    options = parser.parse_args()
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "s3").mkdir()
        with s3_server(folder / "s3") as server, proxy_to(server.url) as (proxy, url):
            os.environ.update(server.variables)
            os.environ["AWS_ENDPOINT_URL_S3"] = url
            s3_client().create_bucket(Bucket=BUCKET)
            for before in map(int, options.before.split(",")):
                print(measure(folder, proxy, before), flush=True)


if __name__ == "__main__":
    main()
