"""What stages cost: added up over attempts, kept with the run and the version."""

from collections.abc import Callable

import pytest
from mlflow import MlflowClient

from components.registry.costs import Cost, add_cost, stage_costs, tag_cost, version_cost
from components.registry.runs import open_run
from components.registry.tracking import connect
from components.storage.home import Home


@pytest.fixture(scope="module")
def world(make_home: Callable[[str], Home]) -> tuple[MlflowClient, Home]:
    home = make_home("costs")
    return connect(home), home


def test_attempts_of_a_stage_add_up_and_a_version_has_all_stages(
    world: tuple[MlflowClient, Home],
) -> None:
    client, home = world
    add_cost(client, "adult", "key", "train", Cost(10.0, 1.0, 18.0, 0.0), home)
    add_cost(client, "adult", "key", "train", Cost(5.0, 0.5000303, 9.0, 5.0), home)
    add_cost(client, "adult", "key", "evaluate", Cost(2.0, 0.0, 3.0, 0.0), home)
    run_id = open_run(client, "adult", "key", home)
    found = stage_costs(client.get_run(run_id).data.metrics)
    assert found == {
        "train": Cost(15.0, 1.5, 27.0, 5.0),
        "evaluate": Cost(2.0, 0.0, 3.0, 0.0),
    }
    history = client.get_metric_history(run_id, "cost.train.seconds")
    assert len(history) == 2 and all(metric.step for metric in history)  # of no logged model
    client.create_registered_model("adult")
    version = client.create_model_version("adult", "x", run_id)
    tag_cost(client, "adult", version.version, run_id)
    tags = client.get_model_version("adult", version.version).tags
    assert version_cost(tags) == Cost(17.0, 1.5, 30.0, 5.0)


def test_a_version_from_before_has_no_cost() -> None:
    assert version_cost({"mintmark.seed": "3"}) is None
