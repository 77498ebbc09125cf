"""Reading sets of images, and one clear line for each that cannot be read."""

import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from components.data.images import sets as module
from components.data.images.rows import pixels_of
from components.data.images.sets import is_images, read_images, read_picture
from components.data.images.sizes import look_at
from components.errors import UserError

PIXELS = np.random.default_rng(0).integers(256, size=(6, 5, 4)).astype(np.uint8)


def png_of(pixels: np.ndarray) -> bytes:
    """A PNG file of these pixels (height, width, channels), which may be of 16 bits."""

    def chunk(name: bytes, data: bytes) -> bytes:
        check = zlib.crc32(name + data)
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", check)

    height, width, channels = pixels.shape
    kind = {1: 0, 2: 4, 3: 2, 4: 6}[channels]  # grey, grey + alpha, RGB, RGBA
    depth = 8 * pixels.itemsize
    lines = b"".join(b"\0" + line.tobytes() for line in pixels)
    return b"".join(
        (
            b"\x89PNG\r\n\x1a\n",
            chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 0)),
            chunk(b"IDAT", zlib.compress(lines)),
            chunk(b"IEND", b""),
        )
    )


def npz(path: Path, **arrays: object) -> str:
    np.savez(path, **arrays)  # type: ignore[arg-type]
    return str(path)


def test_an_npz_file_is_read(tmp_path: Path) -> None:
    uri = npz(tmp_path / "a.npz", images=PIXELS, labels=np.array(list("aabbba")))
    found = read_images(uri)
    assert is_images(uri) and len(found) == 6
    assert found.images.shape == (6, 5, 4, 1) and (found.images[..., 0] == PIXELS).all()
    assert found.classes == ("a", "b") and found.labels.tolist() == [0, 0, 1, 1, 1, 0]


def test_labels_may_stand_as_a_column(tmp_path: Path) -> None:
    uri = npz(tmp_path / "a.npz", images=PIXELS, labels=np.array([[1], [1], [7], [7], [7], [1]]))
    found = read_images(uri)
    assert found.classes == ("1", "7") and found.labels.tolist() == [0, 0, 1, 1, 1, 0]


def test_a_folder_of_classes_is_read(tmp_path: Path) -> None:
    for name, pixels in zip(("cat/1", "cat/2", "dog/1"), PIXELS[:3], strict=True):
        path = tmp_path / f"{name}.png"
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(pixels).save(path)
    found = read_images(str(tmp_path))
    assert is_images(str(tmp_path))
    assert (found.images[..., 0] == PIXELS[:3]).all()
    assert found.classes == ("cat", "dog") and found.labels.tolist() == [0, 0, 1]


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_files_and_rows_are_read_alike(tmp_path: Path, channels: int) -> None:
    pixels = np.stack([PIXELS[i] for i in range(channels)], axis=-1)
    (tmp_path / "1.png").write_bytes(png_of(pixels))
    found = read_picture(tmp_path / "1.png", "1.png")
    assert (found == pixels[..., : (1 if channels < 3 else 3)]).all()  # without transparency
    assert (pixels_of(png_of(pixels), 0) == found).all()
    assert look_at(tmp_path / "1.png", "1.png").channels == found.shape[-1]
    deep = png_of(pixels.astype(">u2"))
    with pytest.raises(UserError, match="image 7 of the rows has more than 8 bits a pixel"):
        pixels_of(deep, 7)
    (tmp_path / "1.png").write_bytes(deep)
    for read in (read_picture, look_at):
        with pytest.raises(UserError, match="has more than 8 bits a pixel"):
            read(tmp_path / "1.png", "1.png")


def test_a_picture_of_two_shades_is_grey(tmp_path: Path) -> None:
    Image.fromarray(PIXELS[0] > 99).save(tmp_path / "1.png")
    found = read_picture(tmp_path / "1.png", "1.png")
    assert (found[..., 0] == 255 * (PIXELS[0] > 99)).all()
    assert (pixels_of((tmp_path / "1.png").read_bytes(), 0) == found).all()


def test_hidden_folders_and_links_are_no_classes(tmp_path: Path) -> None:
    folder = tmp_path / "seen"
    for name in ("seen/cat/1", "seen/dog/1", "seen/dog/._2", "seen/.checkpoints/1", "else/1"):
        path = tmp_path / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(PIXELS[0]).save(path)
    (folder / "linked").symlink_to(tmp_path / "else")
    (folder / "dog/3.png").symlink_to(tmp_path / "else/1.png")
    found = read_images(str(folder))
    assert found.classes == ("cat", "dog") and len(found) == 2
    (tmp_path / "link").symlink_to(folder)
    assert len(read_images(str(tmp_path / "link"))) == 2  # the folder itself may be one


def test_a_folder_without_classes_has_no_labels(tmp_path: Path) -> None:
    Image.fromarray(np.stack([PIXELS[0]] * 3, axis=-1)).save(tmp_path / "1.png")
    found = read_images(str(tmp_path))
    assert found.images.shape == (1, 5, 4, 3) and found.labels is None


def test_parts_are_joined_as_keras_and_medmnist_name_them(tmp_path: Path) -> None:
    numbers = np.arange(6)
    keras = {"x_train": PIXELS[:4], "y_train": numbers[:4], "x_test": PIXELS[4:]}
    found = read_images(npz(tmp_path / "k.npz", **keras, y_test=numbers[4:]))
    assert (found.images[..., 0] == PIXELS).all() and found.labels.tolist() == [0, 1, 2, 3, 4, 5]
    parts = {"train": slice(0, 3), "val": slice(3, 4), "test": slice(4, 6)}
    medical = {f"{name}_images": PIXELS[part] for name, part in parts.items()}
    assert read_images(npz(tmp_path / "m.npz", **medical)).labels is None
    medical |= {f"{name}_labels": numbers[part, None] for name, part in parts.items()}
    found = read_images(npz(tmp_path / "n.npz", **medical))
    assert (found.images[..., 0] == PIXELS).all() and found.labels.tolist() == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"y_test": np.zeros((2, 14), int)}, r"y_test has the shape \(2, 14\)"),
        ({"y_test": np.zeros(3, int)}, r"y_test has the shape \(3,\)"),
        ({"y_test": np.array(1)}, r"y_test has the shape \(\)"),
        ({"x_test": PIXELS[:2, 1:]}, "x_train, x_test are not of one size and kind"),
        ({"x_test": np.array(1)}, "x_train, x_test are not of one size and kind"),
    ],
)
def test_parts_that_do_not_fit_are_refused(
    changed: dict[str, np.ndarray], said: str, tmp_path: Path
) -> None:
    whole = {"x_train": PIXELS[:4], "y_train": np.zeros(4, int), "x_test": PIXELS[4:]}
    whole |= {"y_test": np.zeros(2, int)}
    with pytest.raises(UserError, match=said):
        read_images(npz(tmp_path / "a.npz", **whole | changed))
    del whole["y_test"]
    with pytest.raises(UserError, match="labels for a part of its images alone: y_train"):
        read_images(npz(tmp_path / "b.npz", **whole))


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


def more_than_there_is(path: Path) -> str:
    """A file of some hundred bytes that says it holds 10^15 pixels."""
    header = io.BytesIO()
    claim = {"descr": "|u1", "fortran_order": False, "shape": (10**9, 1000, 1000)}
    np.lib.format.write_array_header_1_0(header, claim)
    with zipfile.ZipFile(path / "a.npz", "w") as archive:
        archive.writestr("images.npy", header.getvalue() + b"\0" * 100)
    return str(path / "a.npz")


def locked(path: Path) -> str:
    """An archive whose member is marked as encrypted."""
    uri = npz(path / "a.npz", images=PIXELS)
    data = bytearray(Path(uri).read_bytes())
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    Path(uri).write_bytes(data)
    return uri


def packed_wrongly(path: Path) -> str:
    np.savez_compressed(path / "a.npz", images=PIXELS)
    data = bytearray((path / "a.npz").read_bytes())
    start = 30 + len("images.npy") + int.from_bytes(data[28:30], "little")
    data[start] = 0xFF
    (path / "a.npz").write_bytes(data)
    return str(path / "a.npz")


def no_array(path: Path) -> str:
    with zipfile.ZipFile(path / "a.npz", "w") as archive:
        archive.writestr("images.npy", b"no array")
    return str(path / "a.npz")


def loose(path: Path) -> str:
    (path / "cat").mkdir()
    for name in ("cat/1.png", "2.png"):
        Image.fromarray(PIXELS[0]).save(path / name)
    return str(path)


def deep(path: Path) -> str:
    Image.fromarray(PIXELS[0].astype(np.uint16) * 200).save(path / "1.png")
    return str(path)


def deep_colour(path: Path) -> str:
    (path / "1.png").write_bytes(png_of(PIXELS[0][..., None].repeat(3, axis=2).astype(">u2")))
    return str(path)


def disguised(path: Path) -> str:
    Image.fromarray(PIXELS[0]).save(path / "1.png", format="GIF")
    return str(path)


def halved(path: Path) -> str:
    Image.fromarray(np.tile(PIXELS[0], (20, 20))).save(path / "1.png")
    data = (path / "1.png").read_bytes()
    (path / "1.png").write_bytes(data[: len(data) // 2])
    return str(path)


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
        (lambda p: npz(p / "a.npz", images=np.zeros((10, 150, 150), np.uint8)), "225,2.. bytes"),
        (lambda p: str(p), "holds no .png, .jpg, .jpeg file"),
        (lambda p: str(p / "rows.csv"), "accepted are an .npz file or a folder"),
        (pickled, "cannot be read as .npz"),
        (cut_short, "cannot be read as .npz"),
        (bomb, "300,000 bytes unpacked"),
        (two_sizes, "'2.png' is 4 x 3 grey, '1.png' 4 x 5 grey"),
        (no_picture, "'1.png' is neither PNG nor JPEG"),
        (disguised, "'1.png' is neither PNG nor JPEG"),
        (halved, "'1.png' cannot be read as an image: image file is truncated"),
        (deep, "'1.png' has more than 8 bits a pixel"),
        (deep_colour, "'1.png' has more than 8 bits a pixel"),
        (lambda p: npz(p / "a.npz", images=PIXELS[:, :3]), "of 4 x 3 pixels; accepted are 4 a"),
        (loose, "holds 1 images beside the 1 in its folders"),
        (more_than_there_is, "it takes more memory than is free"),
        (locked, "cannot be read as .npz: File 'images.npy' is encrypted"),
        (packed_wrongly, "cannot be read as .npz"),
        (no_array, "cannot be read as .npz: images is no array"),
        (lambda p: npz(p / "a.npz", rows=PIXELS), "no array called images; it holds rows"),
        (lambda p: npz(p / "a.npz", images=PIXELS[0]), r"shape \(5, 4\)"),
        (lambda p: npz(p / "a.npz", images=PIXELS[:0]), r"shape \(0, 5, 4\)"),
        (lambda p: npz(p / "a.npz", images=PIXELS * np.nan), "no finite number, in 6 of 6"),
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
