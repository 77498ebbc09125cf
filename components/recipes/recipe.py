"""What a recipe is: one problem, wired, in three sizes."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from components.config import Params


class Preset(StrEnum):
    """How large a run is: seconds for tests, minutes on two cores, or the same code on a GPU."""

    SMOKE = "smoke"
    CPU = "cpu"
    GPU = "gpu"


class Family(StrEnum):
    """What recipes are verified together (`mintmark verify`)."""

    TABLES = "tables"
    IMAGES = "images"
    ANOMALY = "anomaly"
    EXPRESSION = "expression"


@dataclass(frozen=True)
class Recipe:
    """A problem with its settings for each preset; `question` is what its verdict answers."""

    question: str
    presets: Mapping[Preset, Params]
    family: Family = Family.TABLES
