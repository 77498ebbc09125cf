"""Training a classifier of images: cross-entropy, Adam, a rate that falls to nothing."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn

from components.data.images.sets import Labels, Pixels
from components.data.table import Matrix
from components.networks.images.classifier import ImageClassifier, as_input
from components.training.classic import Augment

BATCH, CHUNK = 64, 1024
EPOCHS, LEAST_STEPS, MOST_STEPS = 30, 100, 600
RATE = 4e-3
NUM_TURNS = 4


def fit_classifier(
    images: Pixels,
    labels: Labels,
    num_classes: int,
    *,
    seed: int,
    steps: int | None = None,
    weights: Matrix | None = None,
    augment: Augment | None = None,
) -> ImageClassifier:
    """A classifier of images (rows, height, width, channels) by labels (rows,).

    About 30 passes over the images, but 100 to 600 steps of 64, or as many `steps` as are asked
    for. `weights` (classes,) weigh the loss; `augment` varies each batch anew. The same input and
    seed give the same weights on the CPU with one number of threads.
    """
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        net = ImageClassifier(images.shape[-1], num_classes)
    rng, dice = np.random.default_rng(seed), torch.Generator().manual_seed(seed)
    steps = steps or int(np.clip(EPOCHS * len(images) // BATCH, LEAST_STEPS, MOST_STEPS))
    by_class = None if weights is None else torch.from_numpy(weights).to(torch.float32)
    optimizer = torch.optim.Adam(net.parameters(), lr=RATE)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    order = np.empty(0, dtype=np.int64)
    for _ in range(steps):
        if len(order) < min(BATCH, len(images)):
            order = rng.permutation(len(images))
        rows, order = order[:BATCH], order[BATCH:]
        x, y = as_input(torch.from_numpy(images[rows])), torch.from_numpy(labels[rows])
        x = x if augment is None else augment(x, dice)
        loss = nn.functional.cross_entropy(net(x), y, weight=by_class)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    assert torch.isfinite(loss), "a classifier's loss is not finite"
    return net.eval()


def fit_turns(images: Pixels, *, seed: int) -> ImageClassifier:
    """A classifier of how far an image was turned: features without labels (Gidaris et al. 2018).

    Images that are not square are cut to their middle square.
    """
    square = middle_square(images)
    turned = [np.rot90(square, turns, axes=(1, 2)) for turns in range(NUM_TURNS)]
    labels = np.repeat(np.arange(NUM_TURNS), len(images))
    return fit_classifier(
        np.ascontiguousarray(np.concatenate(turned)), labels, NUM_TURNS, seed=seed
    )


def middle_square(images: Pixels) -> Pixels:
    """The largest square about the middle of each image."""
    height, width = images.shape[1:3]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return images[:, top : top + side, left : left + side]


def features_of(net: ImageClassifier, images: Pixels) -> Matrix:
    """The features of images, shape (rows, 64)."""
    return _in_chunks(net.features, images)


def chances_of(net: ImageClassifier, images: Pixels) -> Matrix:
    """The chance of each class, shape (rows, classes)."""
    return _in_chunks(lambda x: torch.softmax(net(x), dim=1), images)


def _in_chunks(function: Callable[[Tensor], Tensor], images: Pixels) -> Matrix:
    parts: list[Tensor] = []
    with torch.inference_mode():
        for start in range(0, len(images), CHUNK):
            parts.append(function(as_input(torch.from_numpy(images[start : start + CHUNK]))))
    return np.concatenate([part.numpy().astype(np.float64) for part in parts])
