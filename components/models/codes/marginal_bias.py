"""What a trained network's logits lack for its marginal distributions to be the training rows'."""

import torch
from torch import Tensor

_ROUNDS = 20
_DAMPING = 0.7
_SMALLEST_SHARE = 1e-5
_LARGEST_BIAS = 3.0


def marginal_bias(logits: Tensor, shares: Tensor, *, rounds: int = _ROUNDS) -> Tensor:
    """What to add to one column's logits so that their mean softmax is `shares`, shape (codes,).

    `logits` has shape (rows, codes). The bias is the same in every row, so what a row's other
    columns say of this one stays. A network that is nearly right needs few `rounds`.
    """
    bias = torch.zeros(logits.shape[1])
    for _ in range(rounds):
        mean = torch.softmax(logits + bias, dim=1).mean(dim=0)
        error = torch.log(shares + _SMALLEST_SHARE) - torch.log(mean + _SMALLEST_SHARE)
        bias = (bias + _DAMPING * error).clamp(-_LARGEST_BIAS, _LARGEST_BIAS)
    return bias
