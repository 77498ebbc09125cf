"""Which captions a generator of images can be asked for, and which it draws unasked."""

import numpy as np
from numpy.typing import NDArray

from components.data.conditions import Condition
from components.data.images.captions import vocabulary, words_of
from components.data.images.schema import LABEL, ImageSchema, asked_class
from components.errors import UserError

Shares = NDArray[np.float64]


def learned_words(schema: ImageSchema, shares: Shares) -> tuple[str, ...]:
    """The words of captions that training images have, by the shares of all captions."""
    return vocabulary([schema.classes[code] for code in np.flatnonzero(shares)])


def asked_caption(condition: Condition | None, schema: ImageSchema, shares: Shares) -> str | None:
    """The caption that `condition` asks for: any words of training captions, together.

    Raises UserError for a word that these do not have, and for anything but a label.
    """
    if not condition or set(condition) != {LABEL} or not schema.classes:
        asked_class(condition, schema)
        return None
    caption, known = str(condition[LABEL]), learned_words(schema, shares)
    unknown = [word for word in words_of(caption) if word not in known]
    if unknown or not words_of(caption):
        raise UserError(
            f"{LABEL} = {caption!r}: "
            + (f"{unknown[0]!r} is no word of training captions" if unknown else "no word")
            + f"; there are: {', '.join(known)}"
        )
    return caption


def with_unseen(shares: Shares, schema: ImageSchema, unseen: float) -> Shares:
    """Shares of captions of which `unseen` is of those without training images, evenly.

    Only captions count whose words training images have; where there are none, all stays as it is.

    >>> classes = ("large disc", "large ring", "small disc", "tiny ring")
    >>> schema = ImageSchema(height=8, width=8, channels=1, classes=classes)
    >>> with_unseen(np.array([0.25, 0.75, 0.0, 0.0]), schema, 0.5).tolist()
    [0.25, 0.75, 0.0, 0.0]
    >>> with_unseen(np.array([0.0, 0.25, 0.75, 0.0]), schema, 0.5).tolist()
    [0.5, 0.125, 0.375, 0.0]
    """
    known = set(learned_words(schema, shares))
    rest = np.array([known.issuperset(words_of(caption)) for caption in schema.classes])
    rest &= shares == 0
    if not rest.any():
        return shares
    drawn: Shares = shares * (1 - unseen) + rest * (unseen / rest.sum())
    return drawn
