"""A convolutional autoencoder of windows of series, of small blocks in one dimension."""

from torch import Tensor, nn

KERNEL = 5
GROUPS = 4


class Halved(nn.Module):
    """A strided convolution: (rows, before, length) to (rows, after, length / 2)."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.convolution = nn.Conv1d(before, after, KERNEL, stride=2, padding=KERNEL // 2)
        self.norm = nn.GroupNorm(_groups(after), after)

    def forward(self, x: Tensor) -> Tensor:
        """Half as long."""
        return nn.functional.silu(self.norm(self.convolution(x)))


class Doubled(nn.Module):
    """Each step twice, then a convolution: (rows, before, length) to (rows, after, 2 length).

    A transposed convolution would lay its own pattern over the steps (Odena et al. 2016).
    """

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.convolution = nn.Conv1d(before, after, KERNEL, padding=KERNEL // 2)
        self.norm = nn.GroupNorm(_groups(after), after)

    def forward(self, x: Tensor) -> Tensor:
        """Twice as long."""
        return nn.functional.silu(self.norm(self.convolution(x.repeat_interleave(2, dim=2))))


class SeriesAutoencoder(nn.Module):
    """Windows (rows, channels, window) to a code (rows, code) and back.

    The window is halved `halvings` times, each time with twice the channels. All passes through
    `code` numbers: what training windows never do is not in them.
    """

    def __init__(self, channels: int, window: int, *, width: int, halvings: int, code: int) -> None:
        super().__init__()
        widths = [width * 2**i for i in range(halvings)]
        self.deepest = (widths[-1], window // 2**halvings)
        flat = self.deepest[0] * self.deepest[1]
        self.encoder = nn.Sequential(
            *(Halved(b, a) for b, a in zip([channels, *widths[:-1]], widths, strict=True)),
            nn.Flatten(),
            nn.Linear(flat, code),
        )
        self.enter = nn.Linear(code, flat)
        back = widths[::-1]
        self.decoder = nn.Sequential(
            *(Doubled(b, a) for b, a in zip(back, [*back[1:], width], strict=True)),
            nn.Conv1d(width, channels, KERNEL, padding=KERNEL // 2),
        )

    def forward(self, windows: Tensor) -> Tensor:
        """The windows as they are made again of their codes."""
        made: Tensor = self.decoded(self.encoder(windows))
        return made

    def decoded(self, codes: Tensor) -> Tensor:
        """The windows that codes, (rows, code), stand for."""
        hidden = nn.functional.silu(self.enter(codes))
        made: Tensor = self.decoder(hidden.reshape(-1, *self.deepest))
        return made


def _groups(channels: int) -> int:
    """As many groups as go evenly, four at most."""
    return next(groups for groups in range(GROUPS, 0, -1) if channels % groups == 0)
