"""The threat model names tests that are there, and as many acts as are tried."""

import re

from tests.cluster.test_roles import ADMINISTRATION, WAYS, WRITES
from tests.home import PROJECT

PAGE = (PROJECT / "docs" / "threats.md").read_text()


def test_every_test_that_it_names_is_there() -> None:
    named = re.findall(r"`(tests/[\w/.]+)`", PAGE)
    assert len(named) > 10
    assert [name for name in named if not (PROJECT / name).exists()] == []


def test_so_many_acts_are_tried() -> None:
    acts = len(WRITES) + len(ADMINISTRATION)
    assert f"{acts} acts by 3 users in {len(WAYS)} ways" in PAGE
