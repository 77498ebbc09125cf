"""Rows drawn from a generator into a file, with a bar where that takes a while."""

from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

if TYPE_CHECKING:
    from components.data.conditions import Condition
    from components.models.contract import TabularModel


def draw_to_file(
    console: Console,
    model: "TabularModel",
    num_rows: int,
    output: Path,
    *,
    condition: "Condition | None" = None,
    seed: int,
) -> int:
    """Write the rows to `output` as they are drawn, in memory that does not grow with them.

    Returns their number. Meanwhile a bar says how many there are, and how long the others take.
    """
    from components.data.output import write_frames
    from components.models.streaming import stream

    columns = (TextColumn("rows drawn"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("", total=num_rows)
        frames = stream(
            model,
            num_rows,
            condition=condition,
            seed=seed,
            told=lambda done: progress.update(task, completed=done),
        )
        return write_frames(frames, output)
