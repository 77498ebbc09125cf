"""The numbers of running services, as Prometheus and the dashboard find them."""

from collections.abc import Iterator
from urllib.request import urlopen

import pytest
import yaml
from prometheus_client.core import Metric
from prometheus_client.parser import text_string_to_metric_families

from flows.services.ports import free_port
from flows.services.settings import DEPLOYMENTS_VARIABLE
from tests.flows.live import Live, services
from tests.flows.services.test_exporter import asked
from tests.home import PROJECT, mintmark

pytestmark = pytest.mark.slow

EASY = 'evaluate.sharing_gates=[{"metric": "tstr_loss", "better_than": 2.0}]'
MODEL = "survey_sharing"


@pytest.fixture(scope="module")
def numbers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Metric]]:
    """What is served beside the other services once a run has ended."""
    folder = tmp_path_factory.mktemp("metrics")
    settings = yaml.safe_load((PROJECT / "infra" / "deployments.yaml").read_text())
    port = free_port()
    settings |= {"metrics_port": port, "retrain_cron": "", "monitor_minutes": 0}
    (folder / "deployments.yaml").write_text(yaml.safe_dump(settings))
    with services(
        folder / "home", **{DEPLOYMENTS_VARIABLE: str(folder / "deployments.yaml")}
    ) as live:
        ended = live.wait(_begin(live))
        assert ended["state_name"] == "Completed", ended
        with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=60) as answer:
            text = answer.read().decode()
        status = mintmark("status", home=live.home).stdout
    assert f"http://127.0.0.1:{port}" in status
    yield {family.name: family for family in text_string_to_metric_families(text)}


def _begin(live: Live) -> str:
    overrides = [EASY, "evaluate.repeats=1"]
    return live.start("retrain", recipe=MODEL, preset="smoke", overrides=overrides)


def values(family: Metric) -> dict[tuple[str, ...], float]:
    """By the labels' values, in the order of the labels' names."""
    return {tuple(sample.labels.values()): sample.value for sample in family.samples}


def test_both_sources_are_read(numbers: dict[str, Metric]) -> None:
    assert values(numbers["mintmark_source_up"]) == {("history",): 1.0, ("registry",): 1.0}


def test_a_run_is_in_all_of_them(numbers: dict[str, Metric]) -> None:
    assert values(numbers["mintmark_flow_runs"])[("completed",)] >= 1
    waits = values(numbers["mintmark_queue_wait_seconds"])
    assert 0 <= waits["0.5",] <= waits["0.95",] <= waits["1",] < 600
    assert values(numbers["mintmark_workers"]) == {(): 1.0}
    assert values(numbers["mintmark_slots"])["mintmark-cpu",] >= 1
    assert values(numbers["mintmark_versions"]) == {(MODEL, "sharing", "passed"): 1.0}
    assert values(numbers["mintmark_champion"]) == {(MODEL,): 1.0}
    assert values(numbers["mintmark_acts"]) == {("promote", MODEL): 1.0}


def test_what_its_stages_took_is_counted(numbers: dict[str, Metric]) -> None:
    seconds = values(numbers["mintmark_stage_seconds"])
    processor = values(numbers["mintmark_stage_processor_seconds"])
    assert set(seconds) == {(MODEL, s) for s in ("prepare", "train", "synthesize", "evaluate")}
    for stage, spent in processor.items():
        assert 0.1 < spent < 4 * seconds[stage], stage
    version = values(numbers["mintmark_version_processor_seconds"])
    assert version[MODEL, "1"] == pytest.approx(sum(processor.values()), abs=0.1)
    assert values(numbers["mintmark_version_gpu_seconds"]) == {(MODEL, "1"): 0.0}


def test_the_dashboard_finds_every_number(numbers: dict[str, Metric]) -> None:
    assert {name.removesuffix("_total") for name in asked()} <= set(numbers)
