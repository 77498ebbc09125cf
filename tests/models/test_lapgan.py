"""What LAPGAN promises beyond the contract: levels that are trained apart and drawn together."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from components.config import LapganConfig
from components.data.images.sets import ImageSet
from components.errors import UserError
from components.models.artifact import load_image_artifact, save_artifact
from components.models.catalog import load_any_model
from components.models.images.drawing import CHUNK
from components.models.images.lapgan import Lapgan, level_samples
from components.networks.images.laplacian import (
    as_floats,
    doubled,
    halved,
    halved_sides,
    packed_classes,
    packed_coarse,
)
from components.training.adversarial import RealSamples
from tests.models.processes import kill_after_checkpoint
from tests.models.test_export import traced
from tests.pictured import colour_digits, digits, tall_digits

TINY = {
    "steps": 4,
    "look_every": 2,
    "batch_size": 16,
    "noise_size": 8,
    "networks": {"name": "dcgan", "width": 4},
    "details": {"width": 4, "layers": 1},
    "checkpoint_seconds": 0,
}
CHANGES = {
    "loss": {"name": "hinge"},
    "augmentation": ["translation"],
    "replay": {"slots": 10},
    "r1": {"weight": 1.0, "every": 2},
    "discriminator_rate": 2e-3,
    "networks": {"name": "dcgan", "width": 5},
    "conditioning": {"name": "auxiliary"},
    "details": {"width": 4, "layers": 2},
}
"""Settings that must reach the finer levels; `test_image_gan.py` changes the others."""


def large_digits(count: int = 60) -> ImageSet:
    """Digits of 16 x 16 pixels: three levels where the coarsest has 4."""
    grey = digits(count)
    images = grey.images.repeat(2, axis=1).repeat(2, axis=2)
    return ImageSet(images, grey.labels, grey.classes, "large digits")


def fit_tiny(images: ImageSet | None = None, seed: int = 0, **changes) -> Lapgan:
    model = Lapgan(LapganConfig.model_validate({**TINY, **changes}))
    model.fit(digits(60) if images is None else images, seed=seed)
    return model


def weights(model: Lapgan, number: int) -> torch.Tensor:
    """All weights of a level in one line."""
    found = model.generator_.level(number).state_dict().values()
    return torch.cat([value.float().flatten() for value in found])


def test_each_level_learns_from_real_halves():
    images = large_digits()
    coarse, middle, fine = level_samples(images, 3)
    pixels = torch.from_numpy(images.images.transpose(0, 3, 1, 2).copy())
    assert torch.equal(fine.samples[:, :1], pixels)
    assert torch.equal(packed_coarse(fine.conditions, 1, (8, 8)), halved(pixels))
    assert torch.equal(fine.samples[:, 1:], doubled(halved(pixels), (16, 16)))
    assert torch.equal(middle.samples[:, :1], halved(pixels))
    assert torch.equal(coarse.samples, halved(halved(pixels)))
    for level in (middle, fine):
        assert packed_classes(level.conditions).tolist() == images.labels.tolist()
    assert coarse.conditions.tolist() == images.labels.tolist()


def test_a_generator_of_detail_adds_to_what_it_is_given():
    """With its last layer at 0 it adds nothing: the doubled image is left."""
    detail = fit_tiny(details={**TINY["details"], "keeps_halves": False}).generator_.details[0]
    for parameter in detail.body[-1].parameters():
        torch.nn.init.zeros_(parameter)
    coarse = torch.randint(256, (3, 1, 4, 4), dtype=torch.uint8)
    made = detail.refine(torch.randn(3, 64), coarse, torch.zeros(3, dtype=torch.int64))
    assert torch.equal(made, doubled(coarse, (8, 8)))


def test_made_images_have_the_halves_that_were_made_before_them():
    model = fit_tiny(large_digits(), coarsest=4)
    random = torch.Generator().manual_seed(0)
    for detail in model.generator_.details:
        coarse = torch.randint(
            256, (9, 1, *halved_sides(*detail.sides)), generator=random, dtype=torch.uint8
        )
        coarse[:, :, 0] = 0
        noise = torch.randn(9, detail.noise_size, generator=random)
        made = detail.refine(noise, coarse, torch.arange(9))
        assert (halved(made).int() - coarse.int()).abs().max() <= 1
        assert (made[:, :, :2] == 0).all()


def test_what_was_saved_before_halves_were_kept_still_draws_the_same(tmp_path: Path):
    model = fit_tiny(details={**TINY["details"], "keeps_halves": False})
    drawn = next(model.draw_images(9, seed=1))
    model.save(tmp_path)
    saved = load_image_artifact(tmp_path)
    save_artifact(replace(saved, settings={**saved.settings, "details": TINY["details"]}), tmp_path)
    older = Lapgan.load(tmp_path)
    assert np.array_equal(next(older.draw_images(9, seed=1)).images, drawn.images)


def test_a_saved_model_of_images_that_are_too_small_is_refused(tmp_path: Path):
    fit_tiny().save(tmp_path)
    artifact = load_image_artifact(tmp_path)
    small = artifact.schema.model_copy(update={"height": 1})
    save_artifact(replace(artifact, schema=small), tmp_path)
    with pytest.raises(UserError, match="cannot be read"):
        load_any_model(tmp_path)


def test_the_coarsest_level_may_have_networks_and_steps_of_its_own():
    told: list[int] = []
    settings = {
        **TINY,
        "coarse_networks": {"name": "mlp", "width": 6},
        "steps": 8,
        "finer_steps": 0.5,
    }
    model = Lapgan(LapganConfig.model_validate(settings))
    model.fit(digits(60), seed=0, log=lambda step, metrics: told.append(step))
    assert told == [2, 4, 6, 8, 10, 12]
    usual = fit_tiny()
    assert weights(model, 0).shape != weights(usual, 0).shape
    assert torch.equal(weights(model, 1), weights(usual, 1))


def test_training_and_drawing_make_the_same_image():
    model = fit_tiny(colour_digits())
    detail = model.generator_.details[0]
    real = level_samples(colour_digits(), 2)[1]
    _, told = RealSamples(real.samples, real.conditions).take(torch.arange(5))
    noise = torch.randn(5, 64)
    with torch.no_grad():
        pairs = detail(noise, told)
        coarse = packed_coarse(told, 3, (4, 4))
        drawn = as_floats(detail.refine(noise, coarse, packed_classes(told)))
    assert torch.equal(pairs[:, 3:], real.take(torch.arange(5))[0][:, 3:])
    assert (pairs[:, :3].clamp(-1, 1) - drawn).abs().max() <= 0.5 / 127.5 + 1e-6


@pytest.mark.parametrize("name", CHANGES)
def test_settings_take_effect_at_every_level(name: str):
    base, changed = fit_tiny(), fit_tiny(**{name: CHANGES[name]})
    for number in range(len(base.generator_.sizes)):
        if (name, number) == ("details", 0):
            assert torch.equal(weights(base, 0), weights(changed, 0))
            continue
        if (name, number) == ("networks", 1):
            continue  # its discriminator alone has them
        first, second = weights(base, number), weights(changed, number)
        assert first.shape != second.shape or not torch.equal(first, second)


def test_coarsest_says_how_many_levels_there_are():
    assert len(fit_tiny(large_digits(), coarsest=4).generator_.sizes) == 3
    assert len(fit_tiny(large_digits(), coarsest=5).generator_.sizes) == 2
    assert fit_tiny(tall_digits()).generator_.sizes == [8, 99]


def test_logged_steps_run_through_all_levels():
    told: list[int] = []
    model = Lapgan(LapganConfig.model_validate({**TINY, "coarsest": 4}))
    model.fit(large_digits(), seed=0, log=lambda step, metrics: told.append(step))
    assert told == [2, 4, 6, 8, 10, 12]


KILLED = """
import sys, time
from pathlib import Path
from tests.models.test_lapgan import LapganConfig, Lapgan, TINY, digits

def wait(step, metrics):
    if step == 8:
        time.sleep(60)

Lapgan(LapganConfig.model_validate(TINY)).fit(
    digits(60), seed=0, checkpoint_dir=Path(sys.argv[1]), log=wait
)
"""


def test_a_fit_killed_in_a_finer_level_goes_on_there(tmp_path: Path):
    finer = tmp_path / "level-1"
    finer.mkdir()
    kill_after_checkpoint(KILLED.replace("argv[1]", "argv[2]"), finer, 3, str(tmp_path))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["level-0", "level-1"]
    steps = []
    resumed = Lapgan(LapganConfig.model_validate(TINY))
    resumed.fit(
        digits(60), seed=0, checkpoint_dir=tmp_path, log=lambda step, metrics: steps.append(step)
    )
    whole = fit_tiny()
    assert steps == [2, 4, 6, 8]
    for number in range(2):
        assert torch.equal(weights(resumed, number), weights(whole, number))


def test_an_image_does_not_depend_on_those_drawn_with_it():
    model = fit_tiny()
    few = next(model.draw_images(3, seed=5))
    many = list(model.draw_images(CHUNK + 3, seed=5))
    assert [len(part) for part in many] == [CHUNK, 3]
    assert np.array_equal(few.images, many[0].images[:3])
    assert not np.array_equal(few.images, many[1].images)


def test_its_program_makes_images_of_the_class_that_the_first_draw_asks_for():
    model = fit_tiny(colour_digits())
    program, module = traced(model)
    assert program.num_uniforms == 1 + 8 + 64
    draws = torch.rand(7, program.num_uniforms, dtype=torch.float64)
    low, high = program.classes[4]
    draws[:, 0] = low + draws[:, 0] * (high - low)
    made = module(draws)
    assert made.shape == (7, 8, 8, 3) and made.dtype == torch.uint8
    assert torch.equal(made, program.module(draws))
    assert program.module.classes(draws).tolist() == [4] * 7


def test_where_nobody_is_told_labels_none_are_made():
    model = fit_tiny(conditioning={"name": "none"})
    assert model.schema_.classes == () and next(model.draw_images(3, seed=0)).labels is None


def test_what_is_too_small_or_has_no_effect_is_refused():
    small = ImageSet(digits(60).images[:, :7], None, (), "")
    with pytest.raises(UserError, match="8 pixels a side at least; these are 7 x 8"):
        fit_tiny(small)
    with pytest.raises(ValidationError, match="needs conditioning"):
        fit_tiny(
            conditioning={"name": "none"}, networks={"name": "dcgan", "norm": "conditional_batch"}
        )


def test_detail_is_learned():
    """What is made of real halves has more of the real residual than nothing has, and its power."""
    real = digits(600)
    details = {"width": 16, "layers": 1}
    model = fit_tiny(real, steps=200, batch_size=32, look_every=200, details=details)
    pixels = torch.from_numpy(real.images.transpose(0, 3, 1, 2).copy())
    coarse = halved(pixels)
    noise = torch.randn((600, 64), generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        made = model.generator_.details[0].refine(noise, coarse, torch.from_numpy(real.labels))
    below = doubled(coarse, (8, 8))
    wanted, added = (image.flatten(1).double() - below.flatten(1) for image in (pixels, made))
    alike = torch.nn.functional.cosine_similarity(wanted, added).mean()
    assert alike > 0.2
    lengths = (part.norm(dim=1).mean().item() for part in (added, wanted))
    assert next(lengths) == pytest.approx(next(lengths), rel=0.4)
