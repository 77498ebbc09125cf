"""From one made image to another: does a generator know what lies between, or single images?"""

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from components.data.images.schema import ImageSchema
from components.data.images.sets import Pixels
from components.evaluation.images.panels import Panel, Strip
from components.evaluation.seeds import derived_seed
from components.models.contract import SamplingProgram
from components.networks.images.program import TINY

NUM_WALKS, NUM_STEPS = 5, 9

Vector = NDArray[np.float64]


def walk_panel(program: SamplingProgram, schema: ImageSchema, seed: int) -> Panel:
    """Walks between the noise of two images, each within a class where images have labels.

    They go along the great circle between the two (White 2016), so that noise on the way is as
    long as noise that is drawn.
    """
    codes = sorted(program.classes)[:NUM_WALKS] if schema.classes else [0] * NUM_WALKS
    strips = []
    for place, code in enumerate(codes):
        rng = np.random.default_rng(derived_seed(seed, "walk", place))
        low, high = program.classes.get(code, (0.0, 1.0))
        images = _walk(program, (low + high) / 2, rng)
        strips.append(Strip(schema.classes[code] if schema.classes else "", images))
    return Panel(
        key="walks",
        title="What lies between two images?",
        meaning=f"{len(strips)} walks from one made image to another, in {NUM_STEPS} even steps.",
        reading="The first and the last image of a row are drawn at random. A generator that knows "
        "what images are like changes from one to the other by images that look real; sudden "
        "jumps, or the same image over and over, mean that it knows few.",
        strips=tuple(strips),
    )


def _walk(program: SamplingProgram, class_draw: float, rng: np.random.Generator) -> Pixels:
    import torch

    first, last = rng.normal(size=(2, program.num_uniforms - 1))
    noise = np.stack([_between(first, last, share) for share in np.linspace(0, 1, NUM_STEPS)])
    draws = np.column_stack([np.full(NUM_STEPS, class_draw), stats.norm.cdf(noise)])
    with torch.inference_mode():
        made: Pixels = program.module(torch.from_numpy(draws.clip(TINY, 1 - TINY))).numpy()
    return made


def _between(first: Vector, last: Vector, share: float) -> Vector:
    """The place at this share of the way along the great circle between two vectors.

    >>> _between(np.array([1.0, 0.0]), np.array([0.0, 1.0]), 0.5).round(3).tolist()
    [0.707, 0.707]
    """
    cosine = first @ last / max(float(np.linalg.norm(first) * np.linalg.norm(last)), 1e-12)
    angle = float(np.arccos(np.clip(cosine, -1, 1)))
    if np.sin(angle) < 1e-6:
        return (1 - share) * first + share * last
    parts = np.sin((1 - share) * angle) * first + np.sin(share * angle) * last
    found: Vector = parts / np.sin(angle)
    return found
