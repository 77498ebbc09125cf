"""Two machines with registries of their own and one store in S3: neither does the other's work."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cluster.cluster import BUCKET
from tests.cluster.member import bare
from tests.home import mintmark
from tests.storage.seaweed import S3Server, s3_server

pytestmark = pytest.mark.cluster

EASY = 'evaluate.sharing_gates=[{"metric": "tstr_loss", "better_than": 2.0}]'
RUN = ("run", "survey_sharing", "--preset", "smoke", "--set", EASY)


@dataclass(frozen=True)
class Store:
    """A server, and the variables of whoever shares it."""

    server: S3Server
    variables: dict[str, str]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with s3_server(tmp_path_factory.mktemp("s3")) as server:
        variables = server.variables | {"MINTMARK_STORE": f"s3://{BUCKET}/store"}
        code = f"import boto3; boto3.client('s3').create_bucket(Bucket='{BUCKET}')"
        subprocess.run([sys.executable, "-c", code], env=bare() | variables, check=True)
        yield Store(server, variables)


def test_what_one_machine_did_another_finds(store: Store, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    done = mintmark(*RUN, home=first, variables=store.variables)
    assert done.returncode == 0, done.stdout + done.stderr
    assert not (first / "dvc" / "remote").exists()
    again = mintmark(*RUN, home=second, variables=store.variables)
    assert again.returncode == 0, again.stdout + again.stderr
    for stage in ("prepare", "train", "synthesize", "evaluate"):
        assert f"{stage}: unchanged" in again.stdout
    checked = mintmark("fsck", "--read", home=second, variables=store.variables)
    assert checked.returncode == 0, checked.stdout + checked.stderr
