"""Random faults in a row on a cluster that works: do registry, DVC and storage agree at the end?

    python -m benchmarks.soak --faults 200 [--minutes 30] [--folder DIR] [--seed 1]
        [--write docs/soak.md]

Round after round a run is asked for, most of them of work that is new, the others of work that
was done before, and four to twelve faults of `tests/faults/kinds.py` happen at random moments of
it, one of which, to a worker's network or clock, may go on while the next ones happen. Which, when
and to which worker follows from seed and round. A round is kept when its run has ended: the same
command goes on after the last one, on the same registry and the same store, also where it was
killed itself; `--minutes` ends it early. Needs what `make fault-test` needs; as root it breaks
disks and networks too. `DIR` must be open to PostgreSQL's user.
"""

import argparse
import math
import random
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from benchmarks.kept import Kept
from benchmarks.soak_page import page
from tests.cluster.member import Member, end_all_of
from tests.faults.breakable import WORKERS, Breakable, breakable
from tests.faults.kinds import FAULTS, Fault, NothingToKill, is_of_worker, why_not
from tests.faults.work import versions, worker_of

MODEL = "survey_sharing"
PATIENCE = {"retry_seconds": 10, "max_attempts": 20}
"""Tries that come sooner and oftener than the default's, which suit outages of minutes."""

_EASY = 'evaluate.sharing_gates=[{"metric": "tstr_loss", "better_than": 2.0}]'
_KNOWN_SHARE = 0.2
_FEWEST_FAULTS, _MOST_FAULTS = 4, 12
_BETWEEN_SECONDS = 10.0
"""The longest time from a run's start, or from a fault, to the next fault."""
_ASKED = 3
"""How often the same is asked for before a round counts as lost."""


def soak(
    folder: Path, num_faults: int, minutes: float, seed: int
) -> tuple[list[dict[str, Any]], list[str]]:
    """The rounds until so many faults have happened, and what `mintmark fsck` said at last.

    After so many minutes no more are begun.

    Those of earlier calls are among them. It looks from where an operator works, and from the home
    of each worker.
    """
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o755)
    end_all_of(folder)
    ends = time.monotonic() + 60 * minutes
    kept, rounds = Kept(folder / "rounds.jsonl"), []
    with breakable(folder, keeps_disks=True, services=PATIENCE) as running:
        possible = [fault for fault in FAULTS if not why_not(fault, running)]
        while True:
            number = len(rounds)
            key = f"seed {seed}, round {number}"
            is_open = f"{key}, begun" in kept  # by a call that was killed in it
            is_enough = sum(len(each["faults"]) for each in rounds) >= num_faults
            if (is_enough or time.monotonic() > ends) and not is_open:
                break
            kept.entry(f"{key}, begun", dict)
            rounds.append(kept.entry(key, lambda: _round(running, possible, seed, number)))  # noqa: B023
        _check(running, rounds)
        found = _look(running)
    return rounds, found


def _look(running: Breakable) -> list[str]:
    homes = [running.cluster.folder / name / "home" for name in ("operator", *WORKERS)]
    said = (running.cluster.mintmark("fsck", "--read", "--mend", home=home) for home in homes)
    return [line for text in said for line in text.splitlines()]


def _round(running: Breakable, possible: Sequence[Fault], seed: int, number: int) -> dict[str, Any]:
    """One run and its faults: what happened when, and how it ended."""
    chance = random.Random(f"{seed}/{number}")
    is_known = number > 0 and chance.random() < _KNOWN_SHARE
    work = chance.randrange(number) if is_known else number
    request = {
        "recipe": MODEL,
        "preset": "smoke",
        "overrides": [_EASY, "evaluate.repeats=1", f"train.seed={work}"],
    }
    running.revive()
    cluster, faults, is_one_aside = running.cluster, [], False
    run = cluster.start("retrain", **request)
    with ThreadPoolExecutor() as aside, ExitStack() as stack:
        for _ in range(chance.randint(_FEWEST_FAULTS, _MOST_FAULTS)):
            fault = chance.choice([f for f in possible if not (is_one_aside and is_of_worker(f))])
            wait = chance.uniform(0, _BETWEEN_SECONDS)
            fallback = cluster.workers[chance.choice(sorted(cluster.workers))]
            time.sleep(wait)
            began, worker = time.time(), worker_of(cluster, run) or fallback
            if is_of_worker(fault):
                is_one_aside = True
                stack.callback(aside.submit(_pass, fault, running, worker).result)
            elif not _happens(stack, fault, running, worker):
                continue
            faults.append({"fault": fault.__name__, "began": began})
        running.revive()  # as an orchestrator would
        ended = [cluster.wait(run)]
    while ended[-1]["state_name"] != "Completed" and len(ended) < _ASKED:
        running.revive()
        ended.append(cluster.wait(cluster.start("retrain", **request)))
    finished = time.time()
    for each in faults:
        each["seconds"] = finished - each.pop("began")
    return {
        "work": work,
        "faults": faults,
        "state": ended[-1]["state_name"],
        "begun": [run["run_count"] for run in ended],
        "said": [run["state"]["message"] for run in ended[:-1]],
    }


def _pass(fault: Fault, running: Breakable, worker: Member) -> None:
    """Let a fault happen, and end."""
    with fault(running, worker):
        return


def _happens(stack: ExitStack, fault: Fault, running: Breakable, worker: Member) -> bool:
    """True once a fault has happened; False where there is nothing that it could hit."""
    try:
        stack.enter_context(fault(running, worker))
    except NothingToKill:
        return False
    return True


def _check(running: Breakable, rounds: Sequence[dict[str, Any]]) -> None:
    """Raise where work was lost, or made twice."""
    lost = [each for each in rounds if each["state"] != "Completed"]
    assert not lost, lost
    made, asked = versions(running.cluster, MODEL), {each["work"] for each in rounds}
    assert len(made) == len(asked), f"{len(made)} versions of {len(asked)} different requests"


def main() -> None:
    """Go on until there were so many faults, and say what became of everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--faults", type=int, default=200)
    parser.add_argument("--minutes", type=float, default=math.inf)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    folder = options.folder or Path(tempfile.gettempdir()) / f"mintmark-soak-{options.seed}"
    rounds, found = soak(folder.absolute(), options.faults, options.minutes, options.seed)
    text = page(rounds, found, PATIENCE)
    print(text)
    if options.write:
        options.write.write_text(text)


if __name__ == "__main__":
    main()
