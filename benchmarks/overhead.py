"""What the loop costs beside its stages' compute: `python -m benchmarks.overhead [RECIPE] [--set]`.

The whole of `retrain` is timed in a fresh home folder; then the same four stages are run alone, as
plain processes without DVC, Prefect or MLflow. What is left is the loop's own. The figures say
where it goes; a second run with nothing changed says what a look costs.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

STAGES = ("prepare", "train", "synthesize", "evaluate")
SHARE, SECONDS = 0.10, 15.0


def main() -> None:
    """Time the loop and its stages alone, print the table, write it as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("recipe", nargs="?", help="else params.yaml, as `make run` does")
    parser.add_argument(
        "--set", dest="overrides", action="append", default=[], metavar="NAME=VALUE"
    )
    parser.add_argument("--json", type=Path, help="also write the figures here")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["MINTMARK_HOME"] = folder
        figures = _measure(arguments.recipe, tuple(arguments.overrides))
    _print(figures)
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=1) + "\n")


def _measure(recipe: str | None, overrides: tuple[str, ...]) -> dict[str, float]:
    from flows.project import PROJECT, set_up_environment

    home = set_up_environment()
    from components.registry.tracking import connect
    from components.storage.dvc import make_workspace
    from flows.request import RunRequest, build_params, to_yaml
    from flows.services.server import prefect_server

    connect(home)  # the tables of the registry are made once, not by each run
    request = RunRequest(recipe=recipe, overrides=overrides)
    with prefect_server(home):
        from flows.retrain import retrain

        first, stages, tasks = _timed(lambda: retrain(request))
        again, _, _ = _timed(lambda: retrain(request))
    alone = home.root / "alone"
    make_workspace(alone, PROJECT, to_yaml(build_params(request)), home)
    figures = {"whole run": first, "run with nothing changed": again}
    for stage in STAGES:
        figures[f"{stage}, in the loop"] = stages[stage]
        figures[f"{stage}, alone"] = _alone(stage, alone)
    figures |= {f"task {name}": seconds for name, seconds in tasks.items() if name not in STAGES}
    compute = sum(figures[f"{stage}, alone"] for stage in STAGES)
    figures["compute"] = compute
    figures["overhead"] = first - compute
    figures["overhead share"] = (first - compute) / compute
    return figures


def _timed(run):  # type: ignore[no-untyped-def]
    """Seconds of the whole flow, of its stages, and of each of its tasks."""
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.filters import TaskRunFilter, TaskRunFilterStartTime
    from prefect.types._datetime import now

    before = now("UTC")
    started = time.monotonic()
    outcome = run()
    seconds = time.monotonic() - started
    time.sleep(3)  # task runs reach the server by events, a little later
    with get_client(sync_client=True) as client:
        ran = client.read_task_runs(
            task_run_filter=TaskRunFilter(start_time=TaskRunFilterStartTime(after_=before))
        )
    tasks = {each.name: each.total_run_time.total_seconds() for each in ran}
    return seconds, {name: stage.seconds for name, stage in outcome.stages.items()}, tasks


def _alone(stage: str, workspace: Path) -> float:
    """Seconds of a stage as a plain process; its checkpoints go where no one else's are."""
    environment = os.environ | {"MINTMARK_HOME": str(workspace / "home")}
    (workspace / "models").mkdir(exist_ok=True)
    started = time.monotonic()
    subprocess.run(
        [sys.executable, "-m", f"components.stages.{stage}"],
        cwd=workspace,
        env=environment,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return time.monotonic() - started


def _print(figures: dict[str, float]) -> None:
    for name, value in figures.items():
        shown = f"{value:.1%}" if name == "overhead share" else f"{value:.1f} s"
        print(f"{name:<34} {shown:>8}")
    is_met = figures["overhead"] <= max(SECONDS, SHARE * figures["compute"])
    both = figures["overhead"] <= SECONDS and figures["overhead share"] <= SHARE
    print(f"at most {SECONDS:.0f} s and {SHARE:.0%}: {'met' if both else 'not met'}; "
          f"the larger of the two: {'met' if is_met else 'not met'}")  # fmt: skip


if __name__ == "__main__":
    main()
