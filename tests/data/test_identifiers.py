"""Identifiers: their pattern is told place by place, and made-up ones are distinct and in it."""

import ipaddress
import re
import uuid

import numpy as np
import pandas as pd
import pytest

from components.data.identifiers.patterns import MOST_DRAWN, IdentifierPattern, numbered_identifiers
from components.data.preparation import prepare_table
from components.data.table import decode

RNG = np.random.default_rng(0)
WORDS = ["".join(RNG.choice(list("abcdefghij"), 12)) for _ in range(400)]
MAILS, NAMES = r"[a-z]{7}\.[a-z]\d{3}@[a-z]{4}\.[a-z]{3}", r"[A-Z][a-z]{5} [A-Z][a-z]{11}"
UUIDS = [str(uuid.UUID(bytes=RNG.bytes(16), version=4)) for _ in range(400)]


ACCENTS = [word.replace("e", "é").replace("j", "ž") for word in WORDS]
CYRILLIC = [word.translate(str.maketrans("abcdefghij", "абвгдежзий")) for word in WORDS]


@pytest.mark.parametrize(
    ("real", "pattern"),
    [
        ([f"V{n * 7:06}" for n in range(400)], r"V\d{6}"),
        ([f"INV-2022-{n:05}x" for n in range(400)], r"INV-2022-\d{5,6}x"),
        (UUIDS, r"[0-9a-f]{8}-[0-9a-f]{4}-\d[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}"),
        ([name.upper()[:13] for name in UUIDS], r"[0-9A-F]{8}-[0-9A-F]{4}"),
        ([f"{'ab' if n % 2 else 'cd'}{n:06}" for n in range(400)], r"[ac][bd]\d{6}"),
        ([f"é{n:05}{'+#'[n % 2]}" for n in range(400)], r"é\d{5,6}[+#]"),
        ([f"N{n}" for n in range(400)], r"N\d{4,6}"),
        (
            [f"{2020 + n % 4}-{n % 12 + 1:02}/{n:04}" for n in range(400)],
            r"202[0-3]-(0[1-9]|1[0-2])/\d{4,6}",
        ),
        ([f"{name[: n % 9 + 3]}.x{n}@mail.com" for n, name in enumerate(WORDS)], MAILS),
        ([f"{name[: n % 9 + 3]}.x{n}@mail.com" for n, name in enumerate(ACCENTS)], MAILS),
        (
            [f"{a[: n % 7 + 3].title()} {a[::-1].title()}" for n, a in enumerate(CYRILLIC)],
            "[А-Й][а-й]{5} [А-Й][а-й]{11}",  # noqa: RUF001
        ),
        ([f"{a[: n % 7 + 3].title()} {a[::-1].title()}" for n, a in enumerate(WORDS)], NAMES),
    ],
)
def test_made_up_ones_have_the_pattern_and_are_distinct(real: list[str], pattern: str) -> None:
    frame = pd.DataFrame({"id": real, "y": RNG.choice(["a", "b"], len(real))})
    schema = prepare_table(frame, "y").schema
    made = decode(np.zeros((3000, 1)), schema, seed=0)["id"]
    assert made.is_unique and made.str.fullmatch(pattern).all(), made.head()
    assert not made.isin(real).any()
    assert re.fullmatch(pattern.replace("N\\d{4,6}", "N\\d{3}"), str(schema["id"].example))
    total = MOST_DRAWN + 5_000
    many = numbered_identifiers(schema["id"], range(total), total, np.random.default_rng(1))
    assert many.is_unique and many.str.fullmatch(rf"{pattern}(-\d+)?").all()


def made_like(real: list[str], num_rows: int = 3000) -> pd.Series:
    frame = pd.DataFrame({"id": real, "y": RNG.choice(["a", "b"], len(real))})
    return decode(np.zeros((num_rows, 1)), prepare_table(frame, "y").schema, seed=0)["id"]


ACCOUNTS = [f"DE{number:020}" for number in RNG.integers(10**17, 10**18, 400).tolist()]
PAGES = [f"https://a.example/p/{10**size:.0f}?q=x" for size in RNG.uniform(8, 12, 400)]


@pytest.mark.parametrize(
    ("real", "pattern"),
    [
        (UUIDS, r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"),
        (ACCOUNTS, r"DE00\d{18}"),
        ([*ACCOUNTS[1:], "F" + ACCOUNTS[0][1:]], r"[A-Z]E00\d{18}"),
        (PAGES, r"https://a\.example/p/\d{10}\?[a-z]=[a-z]"),
    ],
)
def test_what_many_rows_have_in_a_place_is_kept_where_there_is_room(
    real: list[str], pattern: str
) -> None:
    made = made_like(real)
    assert made.is_unique and not made.isin(real).any()
    assert made.str.fullmatch(pattern).all(), made.head()


@pytest.mark.parametrize("num_rows", [400, 20_000])
def test_octets_hours_and_months_have_their_bounds(num_rows: int) -> None:
    octets = RNG.integers(0, 256, (num_rows, 4)).tolist()
    made = made_like([".".join(map(str, row)) for row in octets], num_rows)
    parts = made.str.split(".", expand=True).astype(int)
    assert made.is_unique and parts.shape[1] == 4 and 200 < parts.to_numpy().max() <= 255
    local = [f"192.168.{n // 200}.{n % 200}" for n in range(400)]
    assert made_like(local, 200).str.fullmatch(r"\d+(\.\d+){3}").all()
    days = pd.to_datetime(RNG.integers(0, 10**9, num_rows), unit="s")
    logged = [f"{day:%m-%d %H:%M:%S} {n * 7:09}" for n, day in enumerate(days)]
    texts = "2024-" + made_like(logged, num_rows).str[:11].str.replace(
        r"-(29|3.)", "-01", regex=True
    )
    assert pd.to_datetime(texts, format="%Y-%m-%d %H:%M").notna().all()


@pytest.mark.parametrize("num_rows", [400, 70_000])
def test_addresses_of_varying_lengths_are_addresses(num_rows: int) -> None:
    numbers = RNG.integers(0, 2**63, (num_rows, 2)).astype(object)
    whole = [str(ipaddress.IPv6Address((a << 65) + b)) for a, b in numbers]
    made = made_like(whole, 400)
    assert made.map(ipaddress.IPv6Address).is_unique and not made.isin(whole).any()
    within = made_like([str(ipaddress.IPv6Address((0x20010DB8 << 96) + b)) for _, b in numbers])
    assert within.map(ipaddress.IPv6Address).is_unique
    assert within.str.startswith("2001:db8::").all()


def test_nothing_is_kept_where_made_up_ones_could_be_somebodys() -> None:
    made = made_like([*(f"K{n:07}" for n in range(400)), "L0000401"])
    assert made.str[0].nunique() == 26


def test_letters_of_any_script_are_drawn_from_all_places() -> None:
    common = ["".join(RNG.choice(list("абвгде"), 6)) for _ in range(399)]
    pattern = IdentifierPattern()
    pattern.add(pd.Series([*common, "Рождественский-Щукин"]))
    assert len(pattern.alphabets) == 6 and len(set(pattern.alphabets)) == 1
    assert set("абвгденк") <= set(pattern.alphabets[0])
    single = IdentifierPattern()
    single.add(pd.Series([f"{each}-Щ1" for each in common]))
    assert single.alphabets[6:] == ("-", single.alphabets[0], "0123456789")
    assert set("Щабвгде") == set(single.alphabets[0])
    pattern.add(pd.Series([chr(code) for code in range(0x4E00, 0x4E00 + 500)] + ["абвгде国"]))
    assert all(pattern.alphabets) and max(map(len, pattern.alphabets)) <= 300


def test_batches_tell_what_the_whole_does() -> None:
    texts = pd.Series([*UUIDS, "V1", "a much longer one, " * 50])
    whole, parts = IdentifierPattern(), IdentifierPattern()
    whole.add(texts)
    for start in range(0, len(texts), 33):
        parts.add(texts[start : start + 33])
    assert whole.alphabets == parts.alphabets and len(whole.alphabets) == 36


def test_made_up_ones_are_distinct_where_some_are_drawn_twice() -> None:
    frame = pd.DataFrame({"id": [f"{n:06}q" for n in range(99)], "y": ["a", "b", "b"] * 33})
    schema = prepare_table(frame, "y").schema
    assert decode(np.zeros((100_000, 1)), schema, seed=0)["id"].str.fullmatch(r"\d{6}[a-z]").all()


def test_hexadecimal_numbers_keep_their_sign() -> None:
    made = made_like([f"0x{n * 163 % 65536:04x}" for n in range(400)])
    assert made.str.fullmatch("0x[0-9a-f]{4}").all() and made.is_unique
