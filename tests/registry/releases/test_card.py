"""The data card for a person: whatever the data holds is shown as text."""

import pytest

from components.registry.releases.card import (
    Card,
    ColumnFact,
    PurposeVerdict,
    SyntheticAncestry,
    card_markdown,
)
from components.reporting.markdown import escaped
from tests.reporting.samples import HOSTILE


def _card(*columns: ColumnFact) -> Card:
    verdict = PurposeVerdict(purpose="sharing", passed=True, reasons=(HOSTILE,))
    return Card(
        name="people",
        release=1,
        generator="trees",
        generator_version="1",
        rows=10,
        columns=columns,
        target=HOSTILE,
        seed=0,
        sha256="f",
        md5="f",
        rows_sha256="f",
        verdicts=(verdict,),
        unproven=HOSTILE,
        lineage={"data_uri": HOSTILE, "data_sha256": "f", "git_commit": "f", "git_dirty": False},
        ancestry=SyntheticAncestry(depth=1, share=0.0, parents=(HOSTILE,)),
        notes=HOSTILE,
        made="2026",
        libraries={},
    )


def test_what_the_data_says_is_no_markup() -> None:
    shown = card_markdown(_card(ColumnFact(name=HOSTILE, kind="numerical", dtype="float64")))
    assert shown.count(escaped(HOSTILE)) == 7 and HOSTILE not in shown


@pytest.mark.parametrize(
    ("dtype", "words"),
    [
        ("float64", "decimal numbers"),
        ("Int64", "whole numbers"),
        ("boolean", "true or false"),
        ("datetime64[us]", "dates and times"),
        ("str", "text"),
        ("object", "text"),
    ],
)
def test_a_column_is_told_in_words(dtype: str, words: str) -> None:
    shown = card_markdown(_card(ColumnFact(name="a", kind="categorical", dtype=dtype)))
    assert f"| a | categorical | {words} |" in shown and "10 synthetic rows, 1 column," in shown


def test_images_are_called_images() -> None:
    image = ColumnFact(name="image", kind="image", dtype="object")
    label = ColumnFact(name="label", kind="categorical", dtype="str")
    shown = card_markdown(_card(image, label))
    assert "10 synthetic images, with labels; drawn from" in shown
    assert "| image | image | PNG files |" in shown and "rows" not in shown.partition("\n\n*")[0]
