"""The numbers of registry and history as Prometheus reads them, at `/metrics`."""

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from threading import Lock
from wsgiref.simple_server import WSGIServer

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from components.registry.measured import Measured
from components.registry.tracking import connect
from components.storage.home import Home

logger = logging.getLogger(__name__)

Read = Callable[[], Iterable[Measured]]
"""Reads some numbers where they are kept."""


def sources(home: Home) -> dict[str, Read]:
    """Where numbers come from, by name."""
    from components.registry.measured import measure_registry
    from flows.services.measured_runs import measure_runs

    return {
        "registry": lambda: measure_registry(connect(home), home),
        "history": measure_runs,
    }


@dataclass(eq=False)
class Exporter(Collector):
    """Collects from all sources, at most once in `seconds`; in between it says the same again.

    A source that cannot be read is told as such (`mintmark_source_up`), and its numbers are left
    out: old ones would pass for new.
    """

    sources: Mapping[str, Read]
    seconds: float = 30.0
    _lock: Lock = field(default_factory=Lock)
    _kept: list[Metric] = field(default_factory=list)
    _read: float = -float("inf")

    def collect(self) -> Iterator[Metric]:
        """All numbers."""
        with self._lock:
            if time.monotonic() - self._read > self.seconds:
                self._kept, self._read = list(self._fresh()), time.monotonic()
            yield from self._kept

    def describe(self) -> Iterable[Metric]:
        """Nothing beforehand: which numbers there are is known once they are read."""
        return ()

    def _fresh(self) -> Iterator[Metric]:
        up = GaugeMetricFamily("mintmark_source_up", "1 where it could be read.", labels=["source"])
        took = GaugeMetricFamily(
            "mintmark_source_read_seconds", "How long reading took.", labels=["source"]
        )
        for name, read in self.sources.items():
            started = time.monotonic()
            try:
                found = [as_prometheus(each) for each in read()]
            except Exception as error:  # whatever a server or database raises: it is not up
                logger.warning("%s cannot be read: %s", name, error)
                found = []
                up.add_metric([name], 0)
            else:
                up.add_metric([name], 1)
            took.add_metric([name], time.monotonic() - started)
            yield from found
        yield up
        yield took


def as_prometheus(measured: Measured) -> Metric:
    """The number as a family of samples; one that only grows is called `..._total` there."""
    make = CounterMetricFamily if measured.only_grows else GaugeMetricFamily
    family = make(measured.name, measured.meaning, labels=list(measured.labels))
    for labels, value in sorted(measured.values.items()):
        family.add_metric(list(labels), value)
    return family


def serve(exporter: Exporter, host: str, port: int) -> WSGIServer:
    """Answer at `http://HOST:PORT/metrics` from threads of this process; the server."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(exporter)
    server, _ = start_http_server(port, host, registry)
    return server
