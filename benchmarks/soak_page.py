"""The page of a soak: what happened how often, and how long it took until the work was done."""

import os
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from tests.faults import kinds

_ALWAYS = "Flow run encountered an exception: "
_OTHER_EACH_TIME = re.compile(
    r"(?<=\s)/\S+/(?=\S+\.part)|[0-9a-f]{8}[0-9a-f-]{8,}|\d+\.\d+\.\d+\.\d+:\d+|port=\d+"
)
_LONGEST = 160


def page(
    rounds: Sequence[dict[str, Any]], found: Sequence[str], services: Mapping[str, object]
) -> str:
    """The page as Markdown; `services` are those settings of the services that were not usual."""
    faults = [fault for each in rounds for fault in each["faults"]]
    works = {each["work"] for each in rounds}
    again = [said for each in rounds for said in each["said"]]
    summaries = ", ".join(f"*{line}*" for line in found if line.endswith(" left"))
    told = ", ".join(f"`{name}: {value}`" for name, value in services.items())
    return "\n".join(
        [
            "# Random faults in a row",
            "",
            "Written by `python -m benchmarks.soak`; do not edit.",
            "",
            f"{len(faults)} faults in {len(rounds)} runs of {len(works)} different requests, on a "
            f"machine with {os.cpu_count()} processors that held the whole cluster. At the end "
            f"there were {len(works)} versions, one for each request. `mintmark fsck --read "
            f"--mend`, by an operator and from the home of each worker, said: {summaries}.",
            "",
            f"Settings other than the usual ones: {told}. "
            f"Runs were begun {sum(sum(each['begun']) for each in rounds)} times in all. "
            + _asked_again(again),
            "",
            *_reasons(again),
            "| fault | times | seconds until the work was done: median | longest |",
            "|---|---|---|---|",
            *_rows(faults),
            "",
        ]
    )


def _asked_again(said: Sequence[str]) -> str:
    if not said:
        return "Each ended well without being asked for again."
    return f"{len(said)} of them failed, said why, and were asked for again:"


def _reasons(said: Sequence[str]) -> list[str]:
    """A line for each reason, without what is another each time; the commonest first."""
    counted = Counter(" ".join(_OTHER_EACH_TIME.sub("...", text).split()) for text in said)
    lines = [
        f"- {times} x ``{text.removeprefix(_ALWAYS)[:_LONGEST]}``"
        for text, times in counted.most_common()
    ]
    return [*lines, ""] if lines else []


def _rows(faults: Sequence[dict[str, Any]]) -> list[str]:
    seconds: dict[str, list[float]] = {}
    for fault in faults:
        seconds.setdefault(fault["fault"], []).append(fault["seconds"])
    names = {fault.__name__: kinds.name_of(fault) for fault in kinds.FAULTS}
    return [
        f"| {names[key]} | {len(took)} | {median(took):.0f} | {max(took):.0f} |"
        for key, took in sorted(seconds.items(), key=lambda item: -len(item[1]))
    ]
