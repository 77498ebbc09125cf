"""Rows drawn from a generator into a file, with a bar where that takes a while."""

from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

if TYPE_CHECKING:
    from components.data.conditions import Condition
    from components.models.contract import ImageModel, TabularModel


def draw_to_file(
    console: Console,
    model: "TabularModel | ImageModel",
    num_rows: int,
    output: Path,
    *,
    condition: "Condition | None" = None,
    seed: int,
) -> int:
    """Write the rows to `output` as they are drawn, in memory that does not grow with them.

    Returns their number. On a terminal a bar says meanwhile how many there are, and how long the
    others take. Raises UserError where they cannot be written there.
    """
    from components.data.images.output import check_image_output, write_image_output
    from components.data.output import check_output, write_frames
    from components.models.contract import ImageModel
    from components.models.streaming import stream, telling

    (check_image_output if isinstance(model, ImageModel) else check_output)(output)
    columns = (TextColumn("drawn"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    hidden = not console.is_terminal  # where nobody watches it would leave an empty line
    with Progress(*columns, console=console, transient=True, disable=hidden) as progress:
        task = progress.add_task("", total=num_rows)

        def told(done: int) -> None:
            progress.update(task, completed=done)

        if isinstance(model, ImageModel):
            images = model.draw_images(num_rows, condition=condition, seed=seed)
            return write_image_output(telling(images, told), output)
        frames = stream(model, num_rows, condition=condition, seed=seed, told=told)
        return write_frames(frames, output, model.schema_)
