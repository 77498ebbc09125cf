"""A drawn plot with what it says, as the page shows it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Listing:
    """A table beneath a plot, its first `num_names` cells names and the others numbers.

    `folded` hides it until it is asked for.
    """

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    num_names: int
    folded: bool


@dataclass(frozen=True)
class Folded:
    """A further drawing that is hidden until it is asked for."""

    title: str
    svg: str


@dataclass(frozen=True)
class Plot:
    """An inline SVG, its title, one sentence on what it means, and how to read it.

    `svg` is empty where a table says it all. `wide` takes the page's whole width; `legend` asks
    for that of real and synthetic. `more` is drawn beneath, `further` listed, both folded.
    """

    key: str
    title: str
    meaning: str
    reading: str
    svg: str
    wide: bool = True
    legend: bool = False
    listing: Listing | None = None
    more: Folded | None = None
    further: Listing | None = None
