"""A version's description fits MLflow's column, cut after a whole line."""

import pytest

from components.registry.descriptions import MOST_CHARACTERS, description


def test_what_fits_is_left_as_it_is() -> None:
    for text in ("passed", "x" * MOST_CHARACTERS):
        assert description(text, "card.md") == text


@pytest.mark.parametrize("line", ["passed", "x" * (MOST_CHARACTERS - 1)])
def test_the_rest_is_where_all_of_it_is(line: str) -> None:
    shown = description(f"{line}\n" * 1_000, "card.md")
    *lines, empty, end = shown.split("\n")
    assert len(shown) <= MOST_CHARACTERS
    assert (empty, end) == ("", "... see card.md")
    assert lines and all(line.startswith(kept) for kept in lines)
    assert len(line) > 10 or set(lines) == {line}
