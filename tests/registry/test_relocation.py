"""Addresses of the registry's files as they move between a folder and a server."""

import pytest

from components.registry.relocation import PLACE, SERVED, Owners, Relocation

RUN, MODEL = "0f" * 16, "m-" + "1a" * 16
HOME = "file:///home/x/mlflow/artifacts"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"{HOME}/{RUN}/artifacts", f"{SERVED}/3/{RUN}/artifacts"),
        (f"{HOME}/models/{MODEL}/artifacts", f"{SERVED}/4/models/{MODEL}/artifacts"),
        (f"{HOME}/5/{RUN}/artifacts", f"{SERVED}/5/{RUN}/artifacts"),
        (HOME, SERVED),
        (f"{HOME}-other/{RUN}", f"{HOME}-other/{RUN}"),
        (f"models:/{MODEL}", f"models:/{MODEL}"),
        ("", ""),
    ],
)
def test_addresses_go_below_their_experiment(before: str, after: str) -> None:
    assert Relocation(HOME, SERVED, {RUN: "3", MODEL: "4"}).address(before) == after


def test_files_go_where_the_addresses_say() -> None:
    move = Relocation(PLACE, SERVED, {RUN: "3"})
    name = f"{RUN}/artifacts/params.yaml"
    assert move.address(f"{PLACE}/{name}") == f"{SERVED}/{move.name(name)}"


def test_a_folder_keeps_names_as_they_are() -> None:
    there = Relocation(PLACE, HOME, {})
    assert there.address(f"{PLACE}/{RUN}/artifacts") == f"{HOME}/{RUN}/artifacts"


def test_an_experiment_gets_a_place_of_its_own_on_a_server() -> None:
    row = {"experiment_id": 3, "name": "x", "artifact_location": PLACE}
    served = Relocation(PLACE, SERVED, {RUN: "3"}).row("experiments", row)
    assert served == row | {"artifact_location": f"{SERVED}/3"}
    assert Relocation(PLACE, HOME, {}).row("experiments", row)["artifact_location"] == HOME


def test_owners_are_seen_as_rows_pass() -> None:
    owners = Owners()
    owners.see("runs", {"run_uuid": RUN, "experiment_id": 3})
    owners.see("logged_models", {"model_id": MODEL, "experiment_id": 4})
    owners.see("tags", {"run_uuid": "x"})
    assert owners.experiments == {RUN: "3", MODEL: "4"}
