"""What the pages name is there: pages, files, modules, commands with their options, settings."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin

import typer
from pydantic import BaseModel

from components.config import Params
from flows.cli import app
from tests.home import PROJECT

HISTORY = "CHANGELOG.md"
"""It may name what is gone."""
PAGES = [
    *(PROJECT / name for name in ("README.md", HISTORY, "benchmarks/README.md")),
    *sorted((PROJECT / "docs").rglob("*.md")),
]
TEXTS = {str(page.relative_to(PROJECT)): page.read_text() for page in PAGES}
COMMANDS = typer.main.get_command(app).commands  # type: ignore[attr-defined]
TARGETS = set(re.findall(r"^([a-z-]+):", (PROJECT / "Makefile").read_text(), re.MULTILINE))
SECTIONS = "|".join(Params.model_fields)
CODE = re.compile(r"```.*?```|`[^`\n]+`|^ {4}.*$", re.DOTALL | re.MULTILINE)


def found(pattern: str, *, in_code: bool = False) -> Iterator[tuple[str, re.Match[str]]]:
    """Every match on a page, with the page's name."""
    for name, text in TEXTS.items():
        for part in CODE.findall(text) if in_code else [text]:
            for match in re.finditer(pattern, part, re.MULTILINE):
                yield name, match


def anchors(page: Path) -> set[str]:
    """What the headings of a page are linked by."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in headings}


def test_links_lead_somewhere() -> None:
    lost = []
    for name, link in found(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)"):
        page = PROJECT / name
        there = (page.parent / link[1]).resolve() if link[1] else page
        if not there.exists() or (link[2] and link[2] not in anchors(there)):
            lost.append(f"{name}: {link[0]}")
    assert lost == []


def test_files_and_modules_are_there() -> None:
    rooms = "components|flows|tests|benchmarks|infra|docs"
    paths = [(n, m[1]) for n, m in found(rf"`((?:{rooms})/[a-z_0-9/.-]+)`")]
    paths += [
        (name, f"{match[1].replace('.', '/')}.py")
        for name, match in found(
            r"python -m ((?:components|flows|benchmarks)(?:\.[a-z_0-9]+)+)\b(?!\.\w)"
        )
    ]
    assert len(paths) > 50
    lost = [(name, path) for name, path in paths if not (PROJECT / path).exists()]
    assert [each for each in lost if each[0] != HISTORY] == []


def test_commands_have_the_options_that_are_named() -> None:
    calls = list(found(r"mintmark ([a-z-]+)\b([^`\n|#]*)", in_code=True))
    assert len(calls) > 100
    wrong = []
    for name, call in calls:
        command = COMMANDS.get(call[1])
        asked = re.findall(r"(?<!\S)--?[a-zA-Z][\w-]*", call[2])
        known = {o for p in command.params for o in (*p.opts, *p.secondary_opts)} if command else ()
        if command is None or not {*asked} <= {*known, "--help"}:
            wrong.append(f"{name}: {call[0]}")
    assert wrong == []


def test_targets_of_make_are_there() -> None:
    calls = list(found(r"(?:^|[`=] ?)make ([a-z-]+)", in_code=True))
    assert len(calls) > 20
    assert [f"{name}: {call[0]}" for name, call in calls if call[1] not in TARGETS] == []


def test_settings_are_there() -> None:
    keys = found(rf"\b(?:{SECTIONS})(?:\.[a-z_0-9]+)+\b(?!\.\w)", in_code=True)
    named = [(n, m[0]) for n, m in keys if not re.search(r"\.(json|py|html|csv|parquet)$", m[0])]
    assert len(named) > 50
    unknown = {(name, key) for name, key in named if not is_setting(key)}
    assert {page for page, _ in unknown} <= {HISTORY}, unknown


def is_setting(key: str) -> bool:
    """Whether some choice of settings has this key."""
    models: list[type[BaseModel]] = [Params]
    for name in key.split("."):
        fields = [m.model_fields[name].annotation for m in models if name in m.model_fields]
        if not fields:
            return False
        models = [model for field in fields for model in models_in(field)]
    return True


def models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """The sections that a field may hold."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    parts = get_args(annotation)
    for part in parts[:1] if get_origin(annotation) is Annotated else parts:
        yield from models_in(part)


def test_what_can_be_run_of_the_benchmarks_is_on_their_page() -> None:
    scripts = [p for p in (PROJECT / "benchmarks").glob("*.py") if not p.stem.endswith("_peer")]
    runnable = [path.stem for path in scripts if 'if __name__ == "__main__"' in path.read_text()]
    page = TEXTS["benchmarks/README.md"]
    assert [name for name in runnable if f"benchmarks.{name}" not in page] == []
