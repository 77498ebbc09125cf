"""What may be trained on, and who decides on a promotion."""

from enum import StrEnum

from pydantic import Field

from components.config.settings import Settings


class AncestryConfig(Settings):
    """How much released synthetic data may be trained on.

    Real rows have depth 0, a release of a model trained on them depth 1, and so on; `max_depth` is
    the deepest release that may be trained on, `max_share` the largest share of such rows.
    """

    max_depth: int = Field(1, ge=0)
    max_share: float = Field(1.0, ge=0, le=1)


class Approval(StrEnum):
    """Who decides on a promotion once both doors are passed."""

    AUTOMATIC = "automatic"
    PERSON = "person"


class PromoteConfig(Settings):
    """Whether a person is asked before a version becomes champion, and for how long."""

    approval: Approval = Approval.AUTOMATIC
    expires_hours: int = Field(72, ge=1)
