"""A small network in plain arrays: one hidden layer, learned by Adam in a fixed number of steps."""

from dataclasses import dataclass

import numpy as np

from components.data.table import Matrix

NUM_HIDDEN = 32
NUM_STEPS = 400
RATE = 0.01
MOMENTS = (0.9, 0.999)


@dataclass(frozen=True)
class Perceptron:
    """Weights from features to hidden units and from these to outputs, the last row for biases."""

    hidden: Matrix
    output: Matrix

    def __call__(self, x: Matrix) -> Matrix:
        """The outputs, shape (rows, outputs): logits of classes, or numbers."""
        active = np.maximum(x @ self.hidden[:-1] + self.hidden[-1], 0.0)
        found: Matrix = active @ self.output[:-1] + self.output[-1]
        return found


def softmax(logits: Matrix) -> Matrix:
    """Chances of the classes, each row adding to 1.

    >>> softmax(np.array([[0.0, 0.0]])).tolist()
    [[0.5, 0.5]]
    """
    grown = np.exp(logits - logits.max(axis=1, keepdims=True))
    chances: Matrix = grown / grown.sum(axis=1, keepdims=True)
    return chances


def fit_perceptron(
    x: Matrix,
    targets: Matrix,
    weights: Matrix | None,
    *,
    is_classes: bool,
    penalty: float,
    seed: int,
) -> Perceptron:
    """The network after 400 steps on batches of an eighth of the rows (8 to 256 of them).

    `targets` of shape (rows, outputs) are one-hot classes, learned by cross-entropy, or numbers,
    by half the squared error; `weights` weigh the rows; `penalty` times half the squared weights
    is added. Adam (Kingma and Ba 2015), its rate falling to 0 in a straight line. The number of
    steps does not grow with the rows, so that no way of training gets more of them.

    >>> x = np.linspace(-1, 1, 64)[:, None]
    >>> net = fit_perceptron(x, np.abs(x), None, is_classes=False, penalty=0.0, seed=0)
    >>> bool(np.abs(net(x) - np.abs(x)).mean() < 0.05)
    True
    """
    rng = np.random.default_rng(seed)
    num_rows, width = x.shape
    batch = min(int(np.clip(num_rows // 8, 8, 256)), num_rows)
    parts = [
        _start(rng, width, NUM_HIDDEN),
        _start(rng, NUM_HIDDEN, targets.shape[1]),
    ]
    means, squares = ([np.zeros_like(part) for part in parts] for _ in range(2))
    order = np.empty(0, dtype=np.int64)
    for step in range(NUM_STEPS):
        if len(order) < batch:
            order = np.concatenate([order, rng.permutation(num_rows)])
        rows, order = order[:batch], order[batch:]
        scale = np.ones(batch) if weights is None else weights[rows]
        slopes = _slopes(parts, x[rows], targets[rows], scale, is_classes)
        rate = RATE * (1 - step / NUM_STEPS)
        for part, slope, mean, square in zip(parts, slopes, means, squares, strict=True):
            slope[:-1] += penalty * part[:-1]
            mean += (1 - MOMENTS[0]) * (slope - mean)
            square += (1 - MOMENTS[1]) * (slope**2 - square)
            size = np.sqrt(square / (1 - MOMENTS[1] ** (step + 1))) + 1e-8
            part -= rate / (1 - MOMENTS[0] ** (step + 1)) * mean / size
    assert all(np.isfinite(part).all() for part in parts), "the network diverged"
    return Perceptron(*parts)


def _start(rng: np.random.Generator, fan_in: int, fan_out: int) -> Matrix:
    """He and colleagues' (2015) start, biases 0."""
    drawn = rng.normal(0.0, np.sqrt(2 / max(fan_in, 1)), (fan_in, fan_out))
    return np.vstack([drawn, np.zeros(fan_out)])


def _slopes(
    parts: list[Matrix], x: Matrix, targets: Matrix, scale: Matrix, is_classes: bool
) -> list[Matrix]:
    """The gradient of the weighted mean loss of a batch."""
    hidden, output = parts
    active = np.maximum(x @ hidden[:-1] + hidden[-1], 0.0)
    found = active @ output[:-1] + output[-1]
    error = ((softmax(found) if is_classes else found) - targets) * (scale / len(x))[:, None]
    back = (error @ output[:-1].T) * (active > 0)
    return [
        np.vstack([active_of.T @ flow, flow.sum(axis=0)])
        for active_of, flow in ((x, back), (active, error))
    ]
