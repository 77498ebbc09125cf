"""Layers that look across the rows of a batch, where several processes share it."""

import torch
from torch import Tensor, nn

from components.errors import UserError
from components.networks.layers import MinibatchDeviation
from components.training.team import Team

Norm = nn.BatchNorm1d | nn.BatchNorm2d | nn.BatchNorm3d


class SharedBatchNorm(nn.BatchNorm2d):
    """`BatchNorm2d` by the mean and the variance of all rows of a batch, here or elsewhere.

    torch's `SyncBatchNorm` does the same on GPUs alone. Shape (rows, channels, ...).
    """

    def __init__(self, norm: Norm, team: Team) -> None:
        super().__init__(norm.num_features, norm.eps, norm.momentum, affine=norm.affine)
        self.load_state_dict(norm.state_dict())
        self.to(norm.running_mean.device)  # type: ignore[union-attr]
        self.team = team

    @torch.compiler.disable  # type: ignore[untyped-decorator]
    def forward(self, x: Tensor) -> Tensor:
        """The normalised values, as precise as they came in."""
        if not self.training:
            return super().forward(x)
        wide = x if x.dtype is torch.float64 else x.float()
        places = [axis for axis in range(x.ndim) if axis != 1]
        mean = self.team.mean(wide.mean(places))
        apart = wide - _on_channels(mean, x)
        variance = self.team.mean(apart.square().mean(places))
        self._follow(mean.detach(), variance.detach(), self.team.size * x.numel() // x.shape[1])
        scale = (variance + self.eps).rsqrt()
        if self.affine:
            scale = scale * self.weight
        made = apart * _on_channels(scale, x)
        return (made + _on_channels(self.bias, x) if self.affine else made).to(x.dtype)

    @torch.no_grad()
    def _follow(self, mean: Tensor, variance: Tensor, count: int) -> None:
        """Move the running averages, as the layer that this stands for would."""
        assert self.running_mean is not None and self.running_var is not None
        assert self.num_batches_tracked is not None and self.momentum is not None
        self.num_batches_tracked.add_(1)
        self.running_mean.lerp_(mean, self.momentum)
        self.running_var.lerp_(variance * count / (count - 1), self.momentum)


def _on_channels(values: Tensor, x: Tensor) -> Tensor:
    return values.reshape(1, -1, *[1] * (x.ndim - 2))


def share(network: nn.Module, team: Team, num_rows: int) -> None:
    """Have layers of the network see all of a batch of so many rows, of which each has a part.

    Raises UserError where the rows cannot be shared so that they would see what one process sees.
    """
    if num_rows % team.size:
        raise UserError(f"{num_rows} samples cannot be shared evenly by devices = {team.size}")
    for name, child in list(network.named_children()):
        if isinstance(child, Norm):
            setattr(network, name, SharedBatchNorm(child, team))
        elif isinstance(child, MinibatchDeviation) and not _stays_whole(child, team, num_rows):
            raise UserError(
                f"devices = {team.size} cannot share batches of {num_rows}: minibatch_deviation "
                f"compares {child.group_of(num_rows)} samples at a time, which must stay together"
            )
        else:
            share(child, team, num_rows)


def _stays_whole(layer: MinibatchDeviation, team: Team, num_rows: int) -> bool:
    return layer.group_of(num_rows) == layer.group_of(num_rows // team.size)
