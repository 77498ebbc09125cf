"""What the registry says in numbers, by hand for a few versions, runs and looks."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pytest
from mlflow import MlflowClient

from components.registry.costs import Cost, add_cost, tag_cost
from components.registry.measured import Measured, measure_registry
from components.registry.promotion import champion, promote
from components.registry.runs import open_run
from components.registry.tags import KIND, RELEASE
from components.registry.tracking import connect, find_experiment
from components.storage.home import Home


@dataclass(frozen=True)
class World:
    """A registry with two versions of `adult`, one refused and one promoted, and two looks."""

    client: MlflowClient
    home: Home

    def register(self, key: str, outcome: str, gain: float, cost: Cost) -> str:
        add_cost(self.client, "adult", key, "train", cost, self.home)
        run_id = open_run(self.client, "adult", key, self.home)
        tags = {
            "mintmark.verdict.augmentation": outcome,
            "mintmark.gate.augmentation_gain": json.dumps({"value": gain}),
        }
        version = str(self.client.create_model_version("adult", "x", run_id, tags=tags).version)
        tag_cost(self.client, "adult", version, run_id)
        return version

    def look(self, status: str, share: float) -> None:
        experiment = find_experiment(self.client, "adult-monitor", self.home)
        run = self.client.create_run(experiment, tags={"mintmark.status": status})
        self.client.log_metric(run.info.run_id, "drifted_share", share)


@pytest.fixture(scope="module")
def found(make_home: Callable[[str], Home]) -> Mapping[str, Measured]:
    home = make_home("measured")
    world = World(connect(home), home)
    world.client.create_registered_model("adult")
    world.client.create_registered_model("adult-release", tags={KIND: RELEASE})
    world.register("one", "refused", -0.01, Cost(10, 2, 20, 0))
    good = world.register("two", "passed", 0.04, Cost(20, 0, 40, 30))
    add_cost(world.client, "adult", "died", "train", Cost(1, 0, 20, 0), home)  # came to nothing
    promote(world.client, "adult", good, expected=None, reason="better", home=home)
    assert champion(world.client, "adult") == good
    world.look("drift", 0.5)
    world.look("ok", 0.125)
    return {each.name: each for each in measure_registry(world.client, home)}


@pytest.mark.parametrize(
    ("name", "values"),
    [
        (
            "mintmark_versions",
            {("adult", "augmentation", "refused"): 1, ("adult", "augmentation", "passed"): 1},
        ),
        ("mintmark_champion", {("adult",): 2.0}),
        ("mintmark_acts", {("adult", "promote"): 1}),
        ("mintmark_version_processor_seconds", {("adult", "1"): 20.0, ("adult", "2"): 40.0}),
        ("mintmark_version_gpu_seconds", {("adult", "1"): 0.0, ("adult", "2"): 30.0}),
        ("mintmark_stage_seconds", {("adult", "train"): 31.0}),
        ("mintmark_stage_waited_seconds", {("adult", "train"): 2.0}),
        ("mintmark_stage_processor_seconds", {("adult", "train"): 80.0}),
        ("mintmark_stage_gpu_seconds", {("adult", "train"): 30.0}),
        ("mintmark_stage_runs", {("adult", "train"): 3}),
        ("mintmark_accepted_lift", {("adult",): 0.04}),
        ("mintmark_processor_seconds_per_accepted_lift", {("adult",): 2000.0}),
        ("mintmark_looks", {("adult", "drift"): 1, ("adult", "ok"): 1}),
        ("mintmark_drifted_share", {("adult",): 0.125}),
        ("mintmark_drift_alarm", {("adult",): 0.0}),
    ],
)
def test_each_number(
    name: str, values: Mapping[tuple[str, ...], float], found: Mapping[str, Measured]
) -> None:
    assert dict(found[name].values) == pytest.approx(values)
    assert all(len(key) == len(found[name].labels) for key in values)


def test_an_empty_registry_has_no_samples_and_no_error(make_home: Callable[[str], Home]) -> None:
    home = make_home("empty")
    numbers = list(measure_registry(connect(home), home))
    assert {each.name for each in numbers} >= {"mintmark_versions", "mintmark_looks"}
    assert not any(each.values for each in numbers)
