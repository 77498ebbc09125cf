"""What is watched while a game is trained, and what is done when something is wrong."""

from enum import StrEnum

from pydantic import Field

from components.config.settings import Settings


class Action(StrEnum):
    """What an alarm leads to.

    `warn` says so and goes on. `stop` ends training with what it came to while all was well.
    `roll_back` goes back there and on from it at half the rates, three times at most; then it
    stops.
    """

    WARN = "warn"
    STOP = "stop"
    ROLL_BACK = "roll_back"


class Watch(Settings):
    """Monitors of collapse and of convergence; see `components/training/stability.py`.

    At each look `samples` made ones are compared with as many real ones, and more of these.
    Nothing but a loss that is no number alarms before the share `grace` of steps, in which a
    generator has yet to learn; what depends on several looks, before `patience` of them.
    """

    action: Action = Action.WARN
    samples: int = Field(256, ge=32)
    grace: float = Field(0.4, ge=0, lt=1)
    patience: int = Field(5, ge=2)


class Holdout(Settings):
    """Stops at the right time: `share` of the samples are held out of training.

    At each look they are compared with made ones; the best generator is kept, and `patience` looks
    without a better one end training.
    """

    share: float = Field(0.1, gt=0, lt=0.5)
    patience: int = Field(10, ge=1)
