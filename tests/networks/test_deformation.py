import pytest
import torch

from components.networks.images.deformation import Deformation, DeformedImages


def spot(height: int = 9, width: int = 9) -> torch.Tensor:
    image = torch.zeros(1, 1, height, width)
    image[0, 0, height // 2, width // 2] = 1.0
    return image


@pytest.mark.parametrize(("height", "width"), [(9, 9), (4, 4), (11, 5)])
def test_no_displacement_changes_no_image(height: int, width: int) -> None:
    images = torch.rand(2, 3, height, width)
    same = Deformation(height, width, 6)(images, torch.zeros(2, 2, 6, 6))
    assert torch.allclose(same, images, atol=1e-6)


def test_displacements_are_in_halves_of_the_width_and_of_the_height() -> None:
    field = torch.zeros(1, 2, 6, 6)
    field[:, 0], field[:, 1] = 0.5, -0.25  # seen: what lies 2 to the right, and 1 above
    moved = Deformation(9, 9, 6)(spot(), field)
    assert moved[0, 0, 5, 2] == pytest.approx(1.0, abs=1e-5) and moved.sum().item() == (
        pytest.approx(1.0, abs=1e-5)
    )


def maker() -> DeformedImages:
    """Images that are all of one grey, of two classes: 10 and 20, then 30."""
    greys = torch.tensor([10, 20, 30], dtype=torch.uint8)[:, None, None, None]
    counts = torch.tensor([2, 1])
    return DeformedImages(greys.expand(3, 4, 4, 1).clone(), counts, torch.rand(5, 2, 3, 3), 1.0)


def test_noise_chooses_an_image_of_the_class_also_at_its_ends() -> None:
    noise = torch.tensor([-50.0, -0.1, 0.1, 50.0])[:, None].expand(4, 3)
    for label, greys in ((0, [10, 10, 20, 20]), (1, [30] * 4)):
        made = maker()(noise, torch.full((4,), label))
        assert made.shape == (4, 1, 4, 4)
        assert ((made[:, 0, 0, 0] + 1) * 127.5).round().tolist() == greys


def test_the_third_number_is_how_far_an_image_is_deformed() -> None:
    field = torch.zeros(1, 2, 2, 2)
    field[:, 0] = 0.5
    images = (spot() * 255).to(torch.uint8).permute(0, 2, 3, 1)
    made = DeformedImages(images, torch.tensor([1]), field, 1.0)
    noise = torch.tensor([[0.0, 0.0, -50.0], [0.0, 0.0, 50.0]])
    found = made(noise, torch.zeros(2, dtype=torch.int64))
    assert found.reshape(2, -1).argmax(dim=1).tolist() == [4 * 9 + 4, 4 * 9 + 2]
