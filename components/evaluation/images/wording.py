"""What evaluators and plots of tables say, said of images."""

import re


def said_of_images(text: str) -> str:
    """What is said of rows, said of images.

    >>> said_of_images("the share of rows in a narrow row")
    'the share of images in a narrow image'
    """
    return re.sub(r"\brow(s?)\b", r"image\1", text)
