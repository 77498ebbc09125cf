"""Reading sets of images, and one clear line for each that cannot be read."""

import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from components.data import images as module
from components.data.images import is_images, read_images
from components.errors import UserError

PIXELS = np.random.default_rng(0).integers(256, size=(6, 5, 4)).astype(np.uint8)


def npz(path: Path, **arrays: object) -> str:
    np.savez(path, **arrays)  # type: ignore[arg-type]
    return str(path)


def test_an_npz_file_is_read(tmp_path: Path) -> None:
    uri = npz(tmp_path / "a.npz", images=PIXELS, labels=np.array(list("aabbba")))
    found = read_images(uri)
    assert is_images(uri) and len(found) == 6
    assert found.images.shape == (6, 5, 4, 1) and (found.images[..., 0] == PIXELS).all()
    assert found.classes == ("a", "b") and found.labels.tolist() == [0, 0, 1, 1, 1, 0]


def test_a_folder_of_classes_is_read(tmp_path: Path) -> None:
    for name, pixels in zip(("cat/1", "cat/2", "dog/1"), PIXELS[:3], strict=True):
        path = tmp_path / f"{name}.png"
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(pixels).save(path)
    found = read_images(str(tmp_path))
    assert is_images(str(tmp_path))
    assert (found.images[..., 0] == PIXELS[:3]).all()
    assert found.classes == ("cat", "dog") and found.labels.tolist() == [0, 0, 1]


def test_a_folder_without_classes_has_no_labels(tmp_path: Path) -> None:
    Image.fromarray(np.stack([PIXELS[0]] * 3, axis=-1)).save(tmp_path / "1.png")
    found = read_images(str(tmp_path))
    assert found.images.shape == (1, 5, 4, 3) and found.labels is None


def pickled(path: Path) -> str:
    return npz(path / "a.npz", images=np.array([{}], dtype=object))


def cut_short(path: Path) -> str:
    uri = npz(path / "a.npz", images=PIXELS)
    Path(uri).write_bytes(Path(uri).read_bytes()[:-60])
    return uri


def bomb(path: Path) -> str:
    with zipfile.ZipFile(path / "a.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("images.npy", b"\0" * 300_000)
    return str(path / "a.npz")


def two_sizes(path: Path) -> str:
    Image.fromarray(PIXELS[0]).save(path / "1.png")
    Image.fromarray(PIXELS[0][:3]).save(path / "2.png")
    return str(path)


def no_picture(path: Path) -> str:
    (path / "1.png").write_bytes(b"not a picture")
    return str(path)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda p: str(p / "none.npz"), "no file"),
        (lambda p: str(p), "holds no .png, .jpg, .jpeg file"),
        (lambda p: str(p / "rows.csv"), "accepted are an .npz file or a folder"),
        (pickled, "cannot be read as .npz"),
        (cut_short, "cannot be read as .npz"),
        (bomb, "300,000 bytes unpacked"),
        (two_sizes, "'2.png' is 4 x 3 grey, '1.png' 4 x 5 grey"),
        (no_picture, "'1.png' cannot be read as an image"),
        (lambda p: npz(p / "a.npz", rows=PIXELS), "no array called images; it holds rows"),
        (lambda p: npz(p / "a.npz", images=PIXELS[0]), r"shape \(5, 4\)"),
        (lambda p: npz(p / "a.npz", images=PIXELS[:0]), r"shape \(0, 5, 4\)"),
        (lambda p: npz(p / "a.npz", images=PIXELS * np.nan), "values from nan"),
        (lambda p: npz(p / "a.npz", images=PIXELS * 2.0), "accepted are 0 to 255"),
        (lambda p: npz(p / "a.npz", images=PIXELS / 255), "multiply them by 255"),
        (lambda p: npz(p / "a.npz", images=PIXELS.astype(str)), "accepted are numbers"),
        (lambda p: npz(p / "a.npz", images=PIXELS, labels=np.arange(3)), "for each of 6 images"),
        (lambda p: npz(p / "a.npz", images=PIXELS, labels=np.ones(6) / 2), "one whole number"),
    ],
)
def test_what_cannot_be_read_says_why(
    make: Callable[[Path], str], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_BYTES", 200_000)
    with pytest.raises(UserError, match=words):
        read_images(make(tmp_path))
