"""Data files that were damaged, or promise more than there is: a line that names the file."""

import gzip
import io
import shutil
import struct
import zipfile
import zlib
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from components.config import Params, parse_params
from components.data.files import read_files
from components.data.images.rows import read_foreign_rows, to_rows
from components.data.images.sets import read_images
from components.errors import UserError
from components.stages import prepare
from components.stages.paths import StagePaths
from tests.fuzz.damage import damaged_bytes
from tests.fuzz.hunting import hunt, hunts
from tests.fuzz.watch import refuses_clearly, watched
from tests.pictured import digits
from tests.procedural import mixed_frame

TABLES = ("rows.csv", "rows.csv.gz", "rows.parquet")
IMAGES = ("images.npz", "images.parquet", "0/1.png", "0/1.jpg", "labels.csv")


@cache
def whole(name: str) -> bytes:
    """A file as it should be."""
    written, frame, seen = io.BytesIO(), mixed_frame(80), digits(30)
    match name:
        case "rows.csv" | "rows.csv.gz":
            text = frame.to_csv(index=False).encode()
            return gzip.compress(text, mtime=0) if name.endswith("gz") else text
        case "rows.parquet":
            frame.to_parquet(written)
        case "images.npz":
            np.savez_compressed(written, images=seen.images, labels=seen.labels)
        case "images.parquet":
            to_rows(seen).to_parquet(written)
        case "labels.csv":
            rows = [{"file": f"{n}.png", "label": f"kind {n % 2}"} for n in range(6)]
            return pd.DataFrame(rows).to_csv(index=False).encode()
        case _:
            form = "JPEG" if name.endswith("jpg") else "PNG"
            Image.fromarray(seen.images[0, ..., 0]).save(written, form)
    return written.getvalue()


def beside(name: str, folder: Path) -> Path:
    """The folder with whatever lies beside the file in question; what is to be read."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    if name == "labels.csv":
        for number in range(6):
            (folder / f"{number}.png").write_bytes(whole("0/1.png"))
        return folder
    if "/" in name:
        for number, label in enumerate("0011"):
            (folder / label).mkdir(exist_ok=True)
            (folder / label / f"more{number}.png").write_bytes(whole("0/1.png"))
        return folder
    return folder / name


def asked(name: str, folder: Path) -> Params:
    """The settings of a run on what lies there."""
    table = {"prepare": {"target": "outcome"}, "train": {"model": {"name": "trees"}}}
    labels = str(folder / name) if name == "labels.csv" else None
    seen = {
        "prepare": {"target": "label", "images": {"labels": labels}},
        "train": {"model": {"name": "image_gaussian"}},
    }
    raw = table if name in TABLES else seen
    raw["prepare"]["data"] = str(beside(name, folder))
    return parse_params({"name": "fuzz", **raw, "evaluate": {"purpose": "sharing"}}, "these")


@hunts
@pytest.mark.parametrize("name", [*TABLES, *IMAGES])
def test_a_run_on_a_damaged_file(name: str, examples: int, tmp_path: Path) -> None:
    """Refused before any training, or prepared as what can be read of it."""
    folder, paths = tmp_path / "data", StagePaths(tmp_path / "work")

    def attack(data: bytes) -> None:
        params = asked(name, folder)
        (folder / name).write_bytes(data)
        with watched(tmp_path):
            refuses_clearly(lambda: prepare.run(params, paths))

    hunt(damaged_bytes(whole(name)), examples, attack)


@hunts
@pytest.mark.parametrize("name", ["rows.csv.gz", "rows.parquet", "images.npz", "images.parquet"])
def test_a_damaged_file_that_is_judged(name: str, examples: int, tmp_path: Path) -> None:
    """By the readers of `mintmark judge`, `synthesize` and `fill`, which take files whole."""
    readers: dict[str, Callable[[Path], object]] = {
        "images.npz": lambda path: read_images(str(path)),
        "images.parquet": lambda path: read_foreign_rows([path]),
    }
    read = readers.get(name, lambda path: read_files([path]))
    path = tmp_path / name

    def attack(data: bytes) -> None:
        path.write_bytes(data)
        with watched(tmp_path):
            refuses_clearly(lambda: read(path))

    hunt(damaged_bytes(whole(name)), examples, attack)


SMALL = 256 * 1024**2
"""What a reader of what promises more may take."""


def numbers_without_end(path: Path) -> Path:
    """Eighty million equal numbers in some kilobytes of Parquet."""
    table = pa.table({"a": np.full(10**6, 1.5)})
    with pq.ParquetWriter(path / "rows.parquet", table.schema) as writer:
        for _ in range(80):
            writer.write_table(table)
    return path / "rows.parquet"


def one_long_text(path: Path) -> Path:
    """A text of a million letters in each of a million rows, kept once."""
    codes = pa.array(np.zeros(10**6, np.int32))
    table = pa.table({"a": pa.DictionaryArray.from_arrays(codes, pa.array(["x" * 10**6]))})
    pq.write_table(table, path / "rows.parquet", compression="zstd", store_schema=False)
    return path / "rows.parquet"


def a_line_without_end(path: Path, before: bytes = b"a,b\n1,") -> Path:
    """A thousand million letters and no line break, in some megabytes."""
    with gzip.open(path / "rows.csv.gz", "wb", compresslevel=1) as file:
        file.write(before)
        for _ in range(1_000):
            file.write(b"x" * 10**6)
    return path / "rows.csv.gz"


def a_name_without_end(path: Path) -> Path:
    """The same in the header."""
    return a_line_without_end(path, b"")


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, *more: bytes) -> bytes:
    """A PNG that says it is so large, with further chunks."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = chunk(b"IDAT", zlib.compress(b"\0" * 1000))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        (chunk(b"IHDR", header), *more, pixels, chunk(b"IEND", b""))
    )


def a_vast_picture(path: Path) -> Path:
    (path / "1.png").write_bytes(png(2**31 - 1, 2**31 - 1))
    return path


def a_large_picture(path: Path) -> Path:
    (path / "1.png").write_bytes(png(26_000, 26_000))
    return path


def a_picture_with_much_to_say(path: Path) -> Path:
    text = b"Comment\0\0" + zlib.compress(bytes(3 * 10**8), 1)
    (path / "1.png").write_bytes(png(8, 8, chunk(b"zTXt", text)))
    return path


def a_packed_lie(path: Path) -> Path:
    """A thousand million pixels of nothing, of which the archive says that they are a thousand."""
    header, packed = io.BytesIO(), path / "images.npz"
    claim = {"descr": "|u1", "fortran_order": False, "shape": (1_000, 1000, 1000)}
    np.lib.format.write_array_header_1_0(header, claim)
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        with archive.open("images.npy", "w") as member:
            member.write(header.getvalue())
            for _ in range(1_000):
                member.write(bytes(10**6))
    data = bytearray(packed.read_bytes())
    at = data.rindex(b"PK\x01\x02")
    data[at + 24 : at + 28] = (1_000).to_bytes(4, "little")
    packed.write_bytes(data)
    return packed


BOMBS = {
    numbers_without_end: ("rows.parquet", "more memory than is free"),
    one_long_text: ("rows.parquet", "more memory than is free"),
    a_line_without_end: ("rows.csv.gz", "out of memory|more memory than is free"),
    a_name_without_end: ("rows.csv.gz", "more memory than is free"),
    a_vast_picture: ("1.png", "cannot be read as an image"),
    a_large_picture: ("1.png", "cannot be read as an image"),
    a_picture_with_much_to_say: ("1.png", "cannot be read as an image"),
    a_packed_lie: ("images.npz", "cannot be read as .npz|more memory than is free"),
}
"""What is read of it where: by `judge`, and by a run."""


TAKE_SECONDS = (numbers_without_end, a_line_without_end, a_name_without_end, a_packed_lie)


@pytest.mark.parametrize(
    "make",
    [pytest.param(m, marks=[pytest.mark.slow] if m in TAKE_SECONDS else []) for m in BOMBS],
)
def test_what_promises_more_than_there_is_memory_for(
    make: Callable[[Path], Path], tmp_path: Path
) -> None:
    name, words = BOMBS[make]
    path = make(tmp_path)
    is_table = name.startswith("rows")
    with watched(tmp_path, SMALL), pytest.raises(UserError, match=words):
        _ = read_files([path]) if is_table else read_images(str(path))
