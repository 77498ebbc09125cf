"""What a command says is in the words of its options."""

import logging

import pytest

from flows.option_words import told_as_options


def test_warnings_and_progress_are_told_in_options(capsys: pytest.CaptureFixture[str]) -> None:
    data, loop = (logging.getLogger(f"components.{name}") for name in ("data.x", "training.loop"))
    level = loop.getEffectiveLevel()
    with told_as_options():
        data.warning("declare it (prepare.kinds: {%s: categorical}, or identifier) [x]", "no")
        data.info("not of interest")
        loop.info("training: step 3 of 9")
    assert capsys.readouterr().err.splitlines() == [
        "declare it (--kind no=categorical, or identifier) [x]",
        "training: step 3 of 9",
    ]
    assert loop.getEffectiveLevel() == level
