"""What is imported is declared: nothing is there only since something else needs it."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions

from tests.home import PROJECT

OURS = {"components", "flows"}


def imported() -> Iterator[str]:
    """The top of every module that the packages import."""
    for room in OURS:
        for path in (PROJECT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Import):
                    yield from (alias.name.partition(".")[0] for alias in node.names)
                elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                    yield node.module.partition(".")[0]


def normal(name: str) -> str:
    """A distribution's name as PEP 503 writes it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def test_what_is_imported_is_declared() -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    lines = [*project["dependencies"], *extras["ray"], *extras["genes"]]
    declared = {normal(re.split(r"[^\w.-]", line)[0]) for line in lines}
    brought_by = packages_distributions()
    used = {
        module: {normal(name) for name in brought_by.get(module, [module])}
        for module in {*imported()} - OURS - sys.stdlib_module_names
    }
    assert {module for module, names in used.items() if not names & declared} == set()
