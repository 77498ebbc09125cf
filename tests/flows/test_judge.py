"""`mintmark judge`: exit codes, files, and one clear line for each bad input."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks.image_ranks import digits, thirds
from components.config import Purpose
from components.evaluation.evidence import Evidence
from flows.judging import read_config
from tests.home import PROJECT, invoke, mintmark
from tests.procedural import mixed_frame

EASY = '[{"metric": "shape_error", "better_than": 1.0}]'
HARD = '[{"metric": "shape_error", "better_than": 0.0}]'
OPEN = '[{"metric": "tstr_loss", "better_than": BAR}]'
Change = Callable[[pd.DataFrame], pd.DataFrame]


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    """Real training and test rows, and other rows of the same kind as the synthetic ones."""
    paths = {}
    for seed, name in enumerate(("train", "test", "synthetic")):
        paths[name] = tmp_path / f"{name}.parquet"
        mixed_frame(90, seed).to_parquet(paths[name])
    return paths


def arguments(files: dict[str, Path], *more: str, target: str = "is_member") -> list[str]:
    given = [part for name, path in files.items() for part in (f"--{name}", str(path))]
    return ["judge", *given, "--target", target, "--kind", "currency=constant", *more]


def judged(files: dict[str, Path], gates: str) -> tuple[int, str, Evidence, str]:
    """Exit status, what was printed, the evidence and the page, by these gates."""
    out, page = files["train"].with_name("e.json"), files["train"].with_name("r.html")
    options = ("--set", f"evaluate.sharing_gates={gates}")
    files_of_it = ("--json", str(out), "--report", str(page))
    status, said, told = invoke(*arguments(files, *options, *files_of_it))
    assert told.splitlines()[0] == "files read: 100%" and "evaluators done: 100%" in told, told
    evidence = Evidence.load(out)
    assert json.loads(out.read_text())["verdict"]["passed"] is (status == 0)
    assert f"\n{evidence.verdict.outcome} for sharing\n" in said
    return status, said, evidence, page.read_text()


def test_rows_that_pass_exit_with_0_and_notes_are_said_and_kept(files: dict[str, Path]) -> None:
    made = pd.read_parquet(files["synthetic"])
    made["city"] = made["city"].where(np.arange(len(made)) > 8, "Erfurt")
    made.to_parquet(files["synthetic"])
    status, said, evidence, page = judged(files, EASY)
    assert status == 0 and evidence.verdict.outcome == "passed"
    assert "Passed for sharing" in page and "<script" not in page
    (note,) = evidence.notes
    assert "unknown category 'Erfurt', in 9 of 90" in note and note in said
    assert "unknown category &#39;Erfurt&#39;, in 9 of 90" in page


def test_refused_rows_and_too_thin_evidence_exit_with_1(files: dict[str, Path]) -> None:
    status, _, evidence, page = judged(files, HARD)
    assert status == 1 and evidence.verdict.outcome == "refused"
    assert "Refused for sharing" in page and evidence.target == "is_member"
    found = evidence.measurement("tstr_loss")
    gates = OPEN.replace("BAR", str((found.value + found.high) / 2))
    status, said, evidence, _ = judged(files, gates)
    assert status == 1 and evidence.verdict.outcome == "undecided"
    assert "times as many rows would pass it" in said


def test_augmentation_is_judged_of_the_rows_themselves(
    files: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 1)  # so few rows are not worth processes
    settings = ("--set", "evaluate.folds=2", "--set", "evaluate.repeats=1")
    options = ("--purpose", "augmentation", *settings)
    status, said, _ = invoke(*arguments(files, *options, target="age"))
    assert status in (0, 1)
    assert "the gain in R2 of 90 real + these 90" in said.replace("\n", " ")


def bad(name: str, change: Change) -> Callable[[dict[str, Path]], None]:
    def write(files: dict[str, Path]) -> None:
        change(pd.read_parquet(files[name])).to_parquet(files[name])

    return write


def copy(source: str, name: str) -> Callable[[dict[str, Path]], None]:
    return lambda files: files[name].write_bytes(files[source].read_bytes()) and None


def cut(files: dict[str, Path]) -> None:
    files["synthetic"].write_bytes(files["synthetic"].read_bytes()[:2000])


def emptied(files: dict[str, Path]) -> None:
    files["synthetic"] = files["synthetic"].with_suffix(".csv")
    files["synthetic"].write_text("")


def missing(files: dict[str, Path]) -> None:
    files["synthetic"].unlink()


def twice(files: dict[str, Path]) -> None:
    files["synthetic"] = files["train"].parent / "." / "train.parquet"


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (bad("synthetic", lambda f: f.drop(columns="age")), "synthetic rows lack 'age'"),
        (bad("synthetic", lambda f: f.assign(city="Erfurt")), "unknown category 'Erfurt', in 90"),
        (bad("synthetic", lambda f: f.assign(is_member=True)), "'is_member' has one class, True"),
        (bad("synthetic", lambda f: f[:0]), "there are 0 synthetic rows; at least 10"),
        (bad("synthetic", lambda f: f.assign(age="old")), "'age' holds 'old' in 90 of 90 rows"),
        (bad("synthetic", lambda f: f.assign(extra=1)), "leave such columns out (--drop 'extra')"),
        (bad("synthetic", lambda f: f.assign(ratio=-np.inf)), "'ratio' is infinite in 90 of 90"),
        (bad("train", lambda f: f.assign(age=7)), "drop it (--drop age), or keep it as it is"),
        (bad("train", lambda f: f[:20]), "training rows: the table has 20 rows; at least 50"),
        (bad("test", lambda f: f.assign(is_member=False)), "test rows: target 'is_member' has one"),
        (copy("train", "test"), "have the same content"),
        (twice, "--train and --synthetic are the same file"),
        (cut, "--synthetic: cannot read"),
        (emptied, "No columns to parse from file"),
        (missing, "--synthetic: no data at"),
    ],
)
def test_bad_tables_are_one_clear_error(
    files: dict[str, Path], spoil: Callable[[dict[str, Path]], None], message: str
) -> None:
    spoil(files)
    status, said, told = invoke(*arguments(files))
    assert (status, said) == (2, "") and message in told, told
    assert "\n" not in told.strip()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--set", "train.seed=1"), "only those of evaluate.key=value are used here"),
        (("--set", "evaluate.ratio=2"), "has no effect: the rows are used as they are"),
        (
            ("--set", "evaluate.fold=2"),
            "the options: evaluate.fold = 2: there is no such",
        ),
        (("--set", "evaluate.seed=x"), "seed = 'x'"),
        (("--set", 'evaluate.sharing_gates=[{"metric": "charm", "better_than": 0}]'), "'charm'"),
        (("--kind", "age:number"), "not of the form column=kind"),
        (("--drop", "height"), "cannot drop 'height'"),
        (
            ("--json", "/nowhere/e.json"),
            "cannot write /nowhere/e.json: there is no folder",
        ),
        (("--report", "/tmp"), "cannot write /tmp: it is a folder"),
    ],
)
def test_wrong_options_are_one_clear_error(
    files: dict[str, Path], options: tuple[str, ...], message: str
) -> None:
    status, said, told = invoke(*arguments(files, *options))
    assert (status, said) == (2, "") and message in told.splitlines()[-1], told


def test_an_unknown_target_names_the_columns(files: dict[str, Path]) -> None:
    status, _, told = invoke(*arguments(files, target="income"))
    assert status == 2 and "target 'income' is not in the table; its columns are: id, age" in told


def test_bad_input_is_status_2_on_the_command_line(files: dict[str, Path], tmp_path: Path) -> None:
    files["test"].unlink()
    done = mintmark(*arguments(files), home=tmp_path / "home")
    assert done.returncode == 2 and done.stdout == ""
    assert len(done.stderr.strip().splitlines()) == 1
    assert done.stderr.startswith("error: --test: no data at")
    assert not (tmp_path / "home").exists()


def test_neither_registry_nor_server_is_loaded() -> None:
    code = (
        "import sys, flows.judging, flows.commands.judge; "
        "sys.exit(any(name in sys.modules for name in ('prefect', 'mlflow')))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, check=False)
    assert done.returncode == 0


def test_settings_come_from_options() -> None:
    config = read_config(Purpose.AUGMENTATION, None, ["evaluate.folds=3", "evaluate.seed=7"])
    assert (config.purpose, config.folds, config.seed) == (Purpose.AUGMENTATION, 3, 7)


@pytest.fixture
def pictures(tmp_path: Path) -> dict[str, Path]:
    """Three sets of the digits that a library ships."""
    paths = {}
    for name, part in zip(("train", "test", "synthetic"), thirds(digits(), 1, 60), strict=True):
        paths[name] = tmp_path / f"{name}.npz"
        np.savez(paths[name], images=part.images, labels=part.labels)
    return paths


def test_images_are_judged_without_a_target(pictures: dict[str, Path], tmp_path: Path) -> None:
    given = [part for name, path in pictures.items() for part in (f"--{name}", str(path))]
    page, out = tmp_path / "r.html", tmp_path / "e.json"
    status, said, told = invoke("judge", *given, "--report", str(page), "--json", str(out))
    evidence = Evidence.load(out)
    assert status == (0 if evidence.verdict.passed else 1) and "evaluators done: 100%" in told
    assert f"{evidence.verdict.outcome} for sharing" in said
    shown = page.read_text()
    assert shown.count("data:image/png;base64,") > 50 and "60 synthetic images judged" in shown
    assert "Can a training image be recognised?" in shown and "images as given" in shown
    status, _, told = invoke("judge", *given, "--target", "digit")
    assert (status, told) == (2, "--target has no effect on images")


def smaller(pictures: dict[str, Path]) -> None:
    np.savez(pictures["synthetic"], images=np.zeros((60, 7, 8), np.uint8))


def as_rows(pictures: dict[str, Path]) -> None:
    pictures["synthetic"] = pictures["synthetic"].with_suffix(".csv")
    pictures["synthetic"].write_text("a,b\n1,2\n")


def folder_without(pictures: dict[str, Path]) -> None:
    pictures["synthetic"] = pictures["synthetic"].with_name("made")
    pictures["synthetic"].mkdir()


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (smaller, "synthetic images are of 8 x 7 pixels, 1 channels, the training images of 8 x 8"),
        (as_rows, "--synthetic: no images at"),
        (folder_without, "holds no .png, .jpg, .jpeg file"),
        (copy("train", "test"), "have the same content"),
        (cut, "--synthetic: "),
        (missing, "--synthetic: no file"),
    ],
)
def test_bad_images_are_one_clear_error(
    pictures: dict[str, Path], spoil: Callable[[dict[str, Path]], None], message: str
) -> None:
    spoil(pictures)
    given = [part for name, path in pictures.items() for part in (f"--{name}", str(path))]
    status, said, told = invoke("judge", *given)
    assert (status, said) == (2, "") and message in told, told
    assert "\n" not in told.removeprefix("files read: 100%\n").strip()


def test_rows_need_a_target(files: dict[str, Path]) -> None:
    given = [part for name, path in files.items() for part in (f"--{name}", str(path))]
    status, _, told = invoke("judge", *given, "--purpose", "augmentation")
    assert status == 2 and told.startswith("--target is missing")


@pytest.mark.slow
def test_for_sharing_a_column_stands_in_for_the_target(files: dict[str, Path]) -> None:
    out = files["train"].with_name("e.json")
    given = [part for name, path in files.items() for part in (f"--{name}", str(path))]
    invoke("judge", *given, "--kind", "currency=constant", "--json", str(out))
    evidence = Evidence.load(out)
    assert f"nobody named a target: {evidence.target!r} stands in" in evidence.notes[0]
