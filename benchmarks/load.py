"""Many clients pull and sample `@champion` at once, while runs are queued: how long does it take?

    python -m benchmarks.load [--clients 50] [--pulls 2] [--queued 20] [--rows 1000]

A whole cluster as in `make cluster-test`, on this machine: S3, PostgreSQL, Prefect and MLflow with
login, two workers. One run makes a champion; then the queue is filled, and every client, logged in
with rights to read alone, pulls the champion into a folder of its own and draws rows, again and
again. Clients are threads of a few processes that have `mlflow` and nothing of this project. They
share the processors with servers and workers: figures are those of a machine that is overloaded.
Memory is what a server's processes hold by themselves and their share of what they hold together.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from tests.cluster.cluster import Cluster, cluster
from tests.cluster.member import bare

MODEL = "survey_sharing"
_EASY = 'evaluate.sharing_gates=[{"metric": "tstr_loss", "better_than": 2.0}]'
_PROCESSES = 5
_CLIENTS = """
import json, sys, tempfile, threading, time
import mlflow, pandas as pd
uri, clients, pulls, rows = sys.argv[1], *map(int, sys.argv[2:5])
found, ready = [], threading.Barrier(clients + 1)

def work(number):
    ready.wait()
    for _ in range(pulls):
        with tempfile.TemporaryDirectory() as folder:
            began = time.monotonic()
            try:
                model = mlflow.pyfunc.load_model(uri, dst_path=folder)
                pulled = time.monotonic()
                made = model.predict(pd.DataFrame({"num_rows": [rows], "seed": [number]}))
                assert len(made) == rows
                drawn = time.monotonic()
                found.append({"pull": pulled - began, "sample": drawn - pulled})
            except Exception as error:
                found.append({"error": f"{type(error).__name__}: {error}"[:300]})

threads = [threading.Thread(target=work, args=(number,)) for number in range(clients)]
for thread in threads:
    thread.start()
print("ready", flush=True)
sys.stdin.readline()
ready.wait()
for thread in threads:
    thread.join()
print(json.dumps(found), flush=True)
"""


def measure(folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    """What clients met, what the queue did meanwhile, and the servers' memory before and after."""
    with cluster(folder, "first", "second") as running:
        champion = running.wait(running.start("retrain", **request(0)))
        assert champion["state_name"] == "Completed", running.logs(champion["id"])
        alone = _load(running, 1, options.pulls, options.rows)
        runs = [running.start("retrain", **request(seed)) for seed in range(1, options.queued + 1)]
        before = _memory(running)
        began = time.monotonic()
        found = _load(running, options.clients, options.pulls, options.rows)
        seconds = time.monotonic() - began
        after = _memory(running)
        states = [running.run(run)["state_name"] for run in runs]
    return {
        "alone": alone,
        "found": found,
        "seconds": seconds,
        "before": before,
        "after": after,
        "states": {state: states.count(state) for state in sorted(set(states))},
    }


def request(seed: int) -> dict[str, Any]:
    """A small run that passes; another seed is other work."""
    overrides = [_EASY, "evaluate.repeats=1", f"train.seed={seed}"]
    return {"recipe": MODEL, "preset": "smoke", "overrides": overrides}


def _load(running: Cluster, clients: int, pulls: int, rows: int) -> list[dict[str, Any]]:
    """What each pull took, or how it failed; all clients begin at the same moment."""
    shares = [len(part) for part in np.array_split(range(clients), min(_PROCESSES, clients))]
    command = [sys.executable, "-I", "-c", _CLIENTS, f"models:/{MODEL}@champion"]
    processes = [
        subprocess.Popen(
            [*command, str(share), str(pulls), str(rows)],
            cwd=running.folder,
            env=bare()
            | running.login("reader")
            | {"MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for share in shares
    ]
    for process in processes:
        assert process.stdout is not None and process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    answers = [process.communicate()[0] for process in processes]
    return [entry for answer in answers for entry in json.loads(answer)]


def _memory(running: Cluster) -> dict[str, float]:
    """Megabytes that each server holds, with all its processes."""
    return {name: _megabytes(server) for name, server in running.servers().items()}


def _megabytes(process: psutil.Process) -> float:
    family = [process, *process.children(recursive=True)]
    return sum(each.memory_full_info().pss for each in family) / 1e6


def page(measured: Mapping[str, Any], options: argparse.Namespace) -> str:
    """The figures as Markdown."""
    errors = [entry["error"] for entry in measured["found"] if "error" in entry]
    lines = [
        f"{options.clients} clients, {options.pulls} pulls each, {options.queued} runs queued, "
        f"{os.cpu_count()} processors: {measured['seconds']:.0f} s, {len(errors)} errors.",
        *sorted(set(errors)),
        f"The runs at the end: {measured['states']}.",
        "",
        "| seconds | p50 | p95 | p99 | most | alone, p50 |",
        "|---|---|---|---|---|---|",
    ]
    for name, words in (("pull", "pull"), ("sample", f"draw {options.rows} rows")):
        took = [entry[name] for entry in measured["found"] if name in entry]
        alone = np.median([entry[name] for entry in measured["alone"]])
        figures = (*np.percentile(took, [50, 95, 99]), max(took), alone)
        lines.append(f"| {words} | " + " | ".join(f"{value:.2f}" for value in figures) + " |")
    lines += ["", "| megabytes | before | after |", "|---|---|---|"]
    before, after = measured["before"], measured["after"]
    lines += [f"| {name} | {before[name]:.0f} | {after[name]:.0f} |" for name in before]
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--pulls", type=int, default=2)
    parser.add_argument("--queued", type=int, default=20)
    parser.add_argument("--rows", type=int, default=1000)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        print(page(measure(Path(folder) / "cluster", options), options))


if __name__ == "__main__":
    main()
