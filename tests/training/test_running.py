"""Networks in mixed precision, and compiled."""

from typing import Any

import pytest
import torch

from components.config import Device, ImageGanConfig, Precision
from components.data.images.schema import schema_of
from components.errors import UserError
from components.models.images.networks import build_players
from components.training.adversarial import AdversarialGame, RealSamples
from components.training.running import check_numbers
from tests.pictured import digits

SPECTRAL = {"name": "dcgan", "width": 4, "scale": "spectral", "minibatch_deviation": True}
PROGRESSIVE = {"name": "progressive", "width": 4, "grown_by": 0.0}


def game(**settings: Any) -> AdversarialGame:
    """An untrained game of digits."""
    config = ImageGanConfig.model_validate({"batch_size": 16, "noise_size": 8, **settings})
    images = digits(120)
    samples = torch.from_numpy(images.images.copy()).permute(0, 3, 1, 2)
    real = RealSamples(samples, torch.from_numpy(images.labels))
    return AdversarialGame(config, build_players(config, schema_of(images), 0), real, 0)


def losses_of(game: AdversarialGame, steps: int = 5) -> list[dict[str, float]]:
    """The losses of the first steps."""
    return [
        {name: float(loss) for name, loss in game.step(number / steps).items()}
        for number in range(steps)
    ]


def bf16_or_skip(device: Device = Device.CPU) -> None:
    try:
        check_numbers(ImageGanConfig(precision=Precision.BF16_MIXED, device=device))
    except UserError as error:
        pytest.skip(str(error))


@pytest.mark.parametrize(
    "settings",
    [
        {"networks": SPECTRAL},
        {
            "networks": PROGRESSIVE,
            "loss": {"name": "wasserstein"},
            "r1": None,
            "conditioning": {"name": "auxiliary"},
        },
    ],
    ids=["spectral", "critic"],
)
def test_mixed_precision_learns_nearly_the_same_and_keeps_whole_weights(settings):
    bf16_or_skip()
    mixed = game(**settings, precision="bf16_mixed")
    found, exact = losses_of(mixed, 1)[0], losses_of(game(**settings), 1)[0]
    assert found != exact
    for name in ("discriminator_loss", "generator_loss"):
        assert found[name] == pytest.approx(exact[name], rel=0.05, abs=0.02)
    assert all(torch.isfinite(torch.tensor(list(look.values()))).all() for look in losses_of(mixed))
    weights = [*mixed.generator.parameters(), *mixed.discriminator.parameters()]
    assert {weight.dtype for weight in weights} == {torch.float32}


def test_what_cannot_take_effect_is_an_error(monkeypatch):
    monkeypatch.setattr("components.training.running._multiplies_bfloat16", lambda device: False)
    with pytest.raises(UserError, match="precision = bf16_mixed: the cpu of this machine"):
        check_numbers(ImageGanConfig(precision=Precision.BF16_MIXED))
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("CXX", raising=False)
    with pytest.raises(UserError, match=r"needs a C\+\+ compiler"):
        check_numbers(ImageGanConfig(compile=True))
    with pytest.raises(ValueError, match=r"compile = true needs networks.grown_by = 0"):
        ImageGanConfig.model_validate({"compile": True, "networks": {"name": "progressive"}})


@pytest.mark.slow
@pytest.mark.parametrize("loss", ["relativistic", "wasserstein"])
def test_compiled_networks_learn_the_same(loss):
    settings: dict[str, Any] = {"networks": {"name": "dcgan", "width": 4}, "loss": {"name": loss}}
    found = losses_of(game(**settings, compile=True))
    for mine, other in zip(found, losses_of(game(**settings)), strict=True):
        assert mine == pytest.approx(other, rel=1e-3, abs=1e-4)


@pytest.mark.gpu
@pytest.mark.parametrize("precision", list(Precision))
@pytest.mark.parametrize("is_compiled", [False, True])
def test_a_gpu_learns_in_any_precision(precision, is_compiled):
    bf16_or_skip(Device.CUDA)
    settings: dict[str, Any] = {
        "networks": SPECTRAL,
        "augmentation": ["translation", "cutout", "colour"],
        "instance_noise": {},
        "replay": {"slots": 20},
    }
    played = game(**settings, device="cuda", precision=precision, compile=is_compiled)
    assert all(
        torch.isfinite(torch.tensor(list(look.values()))).all() for look in losses_of(played)
    )
    again = game(**settings, device="cuda", precision=precision)
    again.restore(played.state())
    assert {value.device.type for value in again.weights().values()} == {"cuda"}
