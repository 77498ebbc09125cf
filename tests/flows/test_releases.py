"""Releases from the command line and as a flow: made, pulled, verified, revoked, and refused."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest

from components.registry.tracking import connect
from components.storage.home import HOME_VARIABLE, Home
from tests.home import mintmark
from tests.procedural import mixed_frame
from tests.registry.generators import crown, register_generator


@pytest.fixture(scope="module")
def home(home_in: Callable[[Path], Home], tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home where `people` has a champion that passed for sharing."""
    home = home_in(tmp_path_factory.mktemp("releases"))
    client = connect(home)
    mixed_frame(200).to_csv(home.root / "people.csv", index=False)
    register_generator(client, home, "people", str(home.root / "people.csv"))
    crown(client, home, "people", ["1"])
    return home


@pytest.mark.slow
def test_a_release_from_making_to_revoking(home: Home, tmp_path: Path) -> None:
    def say(*arguments: str, status: int = 0) -> str:
        done = mintmark(*arguments, home=home.root, cwd=tmp_path)
        assert done.returncode == status, done.stdout + done.stderr
        if status == 2:
            assert len(done.stderr.strip().splitlines()) == 1, done.stderr
        return done.stdout + done.stderr

    assert "people@1 is made" in say("release", "people", "--rows", "70", "--seed", "3")
    assert "people@1 was there already" in say("release", "people@1", "--rows", "70", "--seed", "3")
    assert "70 rows of version 1" in say("pull", "people@champion", "-o", "out")
    assert len(pd.read_parquet(tmp_path / "out" / "rows.parquet")) == 70
    assert json.loads((tmp_path / "out" / "card.json").read_text())["release"] == 1
    assert "equal bit for bit" in say("verify-release", "people@1")
    assert "a release has 1 to 10,000,000" in say("release", "people", "--rows", "0", status=2)
    assert "has no release 4; there are: 1" in say("pull", "people@4", "-o", "new", status=2)
    listed = say("models")
    assert "people" in listed and "people-release" not in listed

    revoke = ("revoke", "source", str(home.root / "people.csv"), "--why", "consent withdrawn")
    dry = say(*revoke, "--dry-run")
    assert "version 1 of people: trained on it" in dry
    assert "release 1 of people-release: drawn from version 1 of people" in dry
    assert "people would have no champion any more" in dry
    assert "people has no champion any more" in say(*revoke)
    assert "revoked before" in say(*revoke)
    for refused in (
        ("pull", "people@1", "-o", "new"),
        ("verify-release", "people@1"),
        ("sample", "people@1", "-o", "x.csv"),
        ("release", "people@1", "--rows", "70"),
    ):
        assert "was revoked: consent withdrawn" in say(*refused, status=2)


@pytest.fixture
def server(home: Home) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(HOME_VARIABLE, str(home.root))
        patch.setenv("PREFECT_HOME", str(home.prefect))
        from flows.project import set_up_environment
        from flows.services.server import prefect_server

        with prefect_server(set_up_environment()):
            yield


@pytest.mark.slow
def test_the_flow_makes_a_release_and_its_card(tmp_path_factory, server: None, home: Home) -> None:  # type: ignore[no-untyped-def]
    from prefect.artifacts import Artifact

    from flows.release import ReleaseRequest, release

    data = home.root / "flow.csv"
    mixed_frame(200, 1).to_csv(data, index=False)
    client = connect(home)
    register_generator(client, home, "flowing", str(data), seed=1)
    crown(client, home, "flowing", ["1"])
    request = ReleaseRequest(model="flowing", num_rows=30, notes="CC0")
    assert release(request) == "flowing@1" == release(request)
    card = Artifact.get("release")
    assert card is not None and "CC0" in str(card.data) and "flowing, release 1" in str(card.data)
