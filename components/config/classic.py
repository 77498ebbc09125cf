"""Classic variations of images."""

from pydantic import Field

from components.config.settings import Settings


class ClassicConfig(Settings):
    """Variations of an image that leave its label true; which do is the user's knowledge.

    Each image is moved by up to `shift` of a side in either direction, turned by up to `degrees`,
    and scaled by 1 - `scale` to 1 + `scale`, evenly at random. It is mirrored left to right, half
    of the time, only where `flip` says that a mirror image shows the same: it does not for digits.
    """

    shift: float = Field(0.1, ge=0, le=0.5)
    degrees: float = Field(10.0, ge=0, le=180)
    scale: float = Field(0.1, ge=0, lt=1)
    flip: bool = False

    @property
    def has_effect(self) -> bool:
        """False where no image would be changed."""
        return self.flip or any((self.shift, self.degrees, self.scale))
