"""What Prometheus reads: well-formed, told where a source is down, and what the dashboard asks."""

import ast
import json
import re
from collections.abc import Iterator
from urllib.request import urlopen

import pytest
from prometheus_client.core import Metric
from prometheus_client.parser import text_string_to_metric_families

from components.registry import measured
from components.registry.measured import Measured
from flows.services import measured_runs
from flows.services.exporter import Exporter, serve
from tests.home import PROJECT

DASHBOARD = PROJECT / "infra" / "grafana" / "mintmark.json"
_NAME = re.compile(r"\bmintmark_[a-z_]+\b")


def some() -> Iterator[Measured]:
    yield Measured("mintmark_runs", 'Runs "of\n all".', ("model",), {('a"b\\',): 2.0}, True)
    yield Measured("mintmark_workers", "Workers.", (), {(): 1.0})


def broken() -> Iterator[Measured]:
    yield Measured("mintmark_half", "Read before it broke.", (), {(): 1.0})
    raise ConnectionError("the server is away")


def read(exporter: Exporter) -> dict[str, Metric]:
    server = serve(exporter, "127.0.0.1", 0)
    try:
        with urlopen(f"http://127.0.0.1:{server.server_port}/metrics") as answer:
            text = answer.read().decode()
    finally:
        server.shutdown()
        server.server_close()
    return {family.name: family for family in text_string_to_metric_families(text)}


def test_what_is_served_is_read_by_prometheus_own_parser() -> None:
    found = read(Exporter({"some": some}))
    (runs,) = found["mintmark_runs"].samples
    assert (runs.name, runs.labels, runs.value) == ("mintmark_runs_total", {"model": 'a"b\\'}, 2.0)
    assert found["mintmark_runs"].type == "counter"
    assert found["mintmark_workers"].samples[0].value == 1.0
    assert found["mintmark_source_up"].samples[0].value == 1.0


def test_a_source_that_is_down_is_told_and_the_others_are_read() -> None:
    found = read(Exporter({"good": some, "bad": broken}))
    up = {s.labels["source"]: s.value for s in found["mintmark_source_up"].samples}
    assert up == {"good": 1.0, "bad": 0.0}
    assert "mintmark_workers" in found and "mintmark_half" not in found


def test_sources_are_read_once_in_a_while() -> None:
    times = []

    def counted() -> Iterator[Measured]:
        times.append(1)
        yield from some()

    exporter = Exporter({"some": counted}, seconds=3600.0)
    read(exporter)
    read(exporter)
    assert len(times) == 1


def asked() -> set[str]:
    """Every number that the dashboard's queries name."""
    dashboard = json.loads(DASHBOARD.read_text())
    queries = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    queries += [each["query"] for each in dashboard["templating"]["list"]]
    return {name for query in queries for name in _NAME.findall(query)}


def said(*modules: object) -> set[str]:
    """Every number that these modules name, the way Prometheus calls it."""
    names = set()
    for module in modules:
        for node in ast.walk(ast.parse(open(module.__file__).read())):  # type: ignore[attr-defined]
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                names |= set(_NAME.findall(node.value))
    return names


def test_the_dashboard_is_whole() -> None:
    dashboard = json.loads(DASHBOARD.read_text())
    ids = [panel["id"] for panel in dashboard["panels"]]
    assert len(set(ids)) == len(ids) and dashboard["uid"] == "mintmark"
    for panel in dashboard["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24 and panel["targets"], panel["title"]
    assert len(asked()) >= 20


@pytest.mark.parametrize("name", sorted(asked()))
def test_what_the_dashboard_asks_for_is_exported(name: str) -> None:
    from flows.services import exporter

    known = said(measured, measured_runs, exporter)
    parts = {f"mintmark_{kind}_{p}_seconds" for kind in ("version", "stage") for p in PARTS}
    assert name.removesuffix("_total") in known | parts


PARTS = (*measured._COSTS, "waited")
