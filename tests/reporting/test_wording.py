import pytest

from components.data.counted import counted
from components.reporting.wording import (
    interval,
    measured,
    number,
    percent,
    sentence,
    shorten,
    title,
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (0.5, "0.500"),
        (0.05234, "0.0523"),
        (-0.0061, "\u22120.0061"),
        (12.345, "12.3"),
        (1234.5, "1,234"),
        (1_234_567.0, "1.23\u00d710⁶"),
        (-2.5e-7, "\u22122.50\u00d710⁻⁷"),
        (float("inf"), "∞"),
        (float("-inf"), "\u2212∞"),
        (float("nan"), "not a number"),
    ],
)
def test_measured(value, text):
    assert measured(value) == text


def test_set_values_have_no_idle_zeros():
    assert [number(x) for x in (0.5, 1.0, 100.0, 0.01, 2e6)] == [
        "0.5",
        "1",
        "100",
        "0.01",
        "2\u00d710⁶",
    ]


def test_signs_are_asked_for_and_zero_has_none():
    assert interval(-0.002, 0.5, signed=True) == "\u22120.0020 to +0.500"
    assert number(0.0, signed=True) == "0"


def test_percent():
    shares = (0.0, 0.512, 0.95, 1.0, 0.001, 0.0123, -0.2)
    assert [percent(x) for x in shares] == [
        "0%",
        "51.2%",
        "95%",
        "100%",
        "0.1%",
        "1.2%",
        "\u221220%",
    ]


def test_names():
    assert title("membership_auc") == "Membership AUC"
    assert title("two_sample_auc") == "Two-sample AUC"
    assert sentence("the share of rows") == "The share of rows."
    assert sentence("tried on 5 rows,") == "Tried on 5 rows."
    assert counted(1, "column") == "1 column"
    assert counted(1200, "column") == "1,200 columns"


def test_shorten_keeps_both_ends_on_one_line():
    text = shorten("start\n" + "x" * 100 + "end", 12)
    assert len(text) == 12 and text.startswith("start ") and text.endswith("end")
    assert shorten("short", 12) == "short"
