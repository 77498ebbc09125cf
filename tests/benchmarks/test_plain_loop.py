"""The loop that ours is timed beside does the same work: it comes to the same weights."""

import pytest
import torch

from benchmarks.plain_loop import PlainLoop
from components.config import ImageGanConfig
from components.data.images.schema import schema_of
from components.models.images.networks import build_players
from components.training.adversarial import AdversarialGame, RealSamples
from tests.pictured import digits

PROGRESSIVE = {"name": "progressive", "width": 4}
DCGAN = {"name": "dcgan", "width": 4}
SETTINGS = {
    "non_saturating": {"loss": {"name": "non_saturating"}, "r1": None},
    "hinge": {
        "loss": {"name": "hinge"},
        "conditioning": {"name": "auxiliary", "learns_from_made": True},
    },
    "least_squares": {"loss": {"name": "least_squares"}},
    "relativistic": {"loss": {"name": "relativistic"}},
    "wasserstein": {
        "loss": {"name": "wasserstein"},
        "r1": None,
        "discriminator_steps": 3,
        "networks": PROGRESSIVE,
    },
}


@pytest.mark.parametrize("tuned", [True, False])
@pytest.mark.parametrize("name", SETTINGS)
def test_it_comes_to_the_weights_of_the_game(name, tuned):
    config = ImageGanConfig.model_validate(
        {"networks": DCGAN, "batch_size": 16, "noise_size": 8} | SETTINGS[name]
    )
    images = digits(60)
    samples = torch.from_numpy(images.images.copy()).permute(0, 3, 1, 2)
    real = RealSamples(samples, torch.from_numpy(images.labels))
    game, loop = (
        make(config, build_players(config, schema_of(images), 0), real, 0, **options)
        for make, options in ((AdversarialGame, {}), (PlainLoop, {"tuned": tuned}))
    )
    for number in range(5):
        game.step(number / 5)
        loop.step(number / 5)
    for player in ("generator", "discriminator"):
        for mine, other in zip(
            getattr(game, player).parameters(), getattr(loop, player).parameters(), strict=True
        ):
            torch.testing.assert_close(mine, other, rtol=1e-3, atol=1e-5)
