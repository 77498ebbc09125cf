"""The command line: help that teaches, rows in one call, one clear line for each bad input."""

import re
import shlex
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.main import get_command

from components.models.catalog import AUTO, IMAGE_MODELS, MODELS, SERIES_MODELS
from flows.cli import app
from flows.forms import fill_in
from flows.request import RunRequest, build_params
from tests.home import PROJECT, invoke, mintmark
from tests.procedural import mixed_frame

DROP = ("--kind", "currency=constant")


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data") / "people.parquet"
    mixed_frame(200).to_parquet(path)
    return path


def synthesize(table: Path, output: Path, *more: str) -> "tuple[int, str]":
    asked = ("synthesize", str(table), "--target", "outcome", *DROP, "-o", str(output), *more)
    status, _, told = invoke(*asked, home=output.parent / "home")
    return status, told


def test_help_names_every_command(tmp_path: Path) -> None:
    _, text, _ = invoke("--help", home=tmp_path)
    for command in (
        "run",
        "recipes",
        "models",
        "sample",
        "rollback",
        "synthesize",
        "judge",
        "up",
        "doctor",
    ):
        assert f" {command} " in text


def test_help_of_run_names_every_generator() -> None:
    (told,) = (p.help for p in get_command(app).commands["run"].params if p.name == "model")
    for name in (AUTO, *MODELS, *IMAGE_MODELS, *SERIES_MODELS):
        assert re.search(rf"\b{name}\b", told), name


def test_synthesize_writes_rows_like_the_table(table: Path, tmp_path: Path) -> None:
    status, message = synthesize(table, tmp_path / "rows.parquet", "--rows", "70", "--seed", "3")
    assert status == 0, message
    rows, real = pd.read_parquet(tmp_path / "rows.parquet"), pd.read_parquet(table)
    assert list(rows.columns) == list(real.columns) and len(rows) == 70
    assert rows.dtypes.astype(str).tolist() == real.dtypes.astype(str).tolist()
    assert not set(rows["id"]) & set(real["id"])
    assert not (tmp_path / "home").exists()


def test_synthesize_keeps_the_types_of_parquet(table: Path, tmp_path: Path) -> None:
    people = pq.read_table(table)
    types = {
        "age": pa.uint8(),
        "amount": pa.decimal128(10, 2),
        "ratio": pa.float32(),
        "visits": pa.int16(),
        "city": pa.dictionary(pa.int32(), pa.string()),
        "seen": pa.timestamp("ms", "Europe/Berlin"),
    }
    kept = {n: people[n].cast(types.get(n, people[n].type)) for n in people.column_names}
    pq.write_table(pa.table(kept), tmp_path / "real.parquet")
    status, told = synthesize(tmp_path / "real.parquet", tmp_path / "made.parquet")
    assert status == 0, told
    made = pq.read_table(tmp_path / "made.parquet")
    assert made.schema.types == pa.table(kept).schema.types
    assert made["visits"].null_count and made["seen"].null_count and made["city"].null_count


def test_synthesize_gives_out_no_number_of_a_single_row(table: Path, tmp_path: Path) -> None:
    real = pd.read_parquet(table).assign(grant=np.nan)
    real.loc[5, "grant"] = 731_234.5
    real.to_parquet(tmp_path / "with.parquet")
    status, said = synthesize(tmp_path / "with.parquet", tmp_path / "made.csv", "--rows", "2000")
    assert status == 0, said
    assert pd.read_csv(tmp_path / "made.csv")["grant"].isna().all()


def test_synthesize_reads_and_writes_text_of_numbers_and_dates(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    real = mixed_frame(200).drop(columns=["id", "currency"])
    real["price"] = [f"${price:,.2f}" for price in rng.lognormal(7, 1, 200)]
    real["share"] = [f"{share}%" if share > 9 else "-" for share in rng.integers(0, 100, 200)]
    real["day"] = pd.Series(pd.date_range("2022-01-01", periods=200)).dt.strftime("%d/%m/%Y")
    real.to_csv(tmp_path / "real.csv", index=False)
    asked = ("synthesize", str(tmp_path / "real.csv"), "--target", "outcome", "--rows", "300")
    for name in ("made.csv", "made.parquet"):
        status, _, told = invoke(*asked, "-o", str(tmp_path / name), home=tmp_path / "home")
        assert status == 0, told
    made, typed = pd.read_csv(tmp_path / "made.csv"), pd.read_parquet(tmp_path / "made.parquet")
    assert made["price"].str.fullmatch(r"\$(\d{1,3}|\d{1,2},\d{3})\.\d\d").all()
    assert made["share"].dropna().str.fullmatch(r"\d\d%").all()
    assert made["share"].isna().sum() == typed["share"].isna().sum() > 0
    assert made["day"].str.fullmatch(r"\d\d/\d\d/2022").all()
    numbers = made["price"].str.replace("[$,]", "", regex=True).astype(float)
    assert numbers.tolist() == typed["price"].tolist()


def test_synthesize_names_two_forms(table: Path, tmp_path: Path) -> None:
    forms = ("${}.50", "{} EUR")
    prices = [forms[i % 7 == 3].format(i) for i in range(200)]
    pd.read_parquet(table).assign(price=prices).to_csv(tmp_path / "odd.csv", index=False)
    status, told = synthesize(tmp_path / "odd.csv", tmp_path / "made.csv")
    assert status == 2, told
    assert "they have several forms, '$100.50' and '101 EUR': write all in one" in told


def test_synthesize_repeats_by_seed(table: Path, tmp_path: Path) -> None:
    for name, seed in (("a", "1"), ("b", "1"), ("c", "2")):
        assert synthesize(table, tmp_path / f"{name}.csv", "--rows", "50", "--seed", seed)[0] == 0
    first, again, other = ((tmp_path / f"{name}.csv").read_text() for name in "abc")
    assert first == again != other


def test_synthesize_holds_what_it_finds_and_says_so(tmp_path: Path) -> None:
    colour = np.random.default_rng(0).integers(0, 4, 300)
    real = pd.DataFrame({f"is_{i}": (colour == i).astype(int) for i in range(4)})
    real.assign(outcome=np.arange(300) % 3).to_csv(tmp_path / "real.csv", index=False)
    made = tmp_path / "made.csv"
    asked = ("synthesize", str(tmp_path / "real.csv"), "--target", "outcome", "-o", str(made))
    status, _, told = invoke(*asked, "--discover-constraints", home=tmp_path / "home")
    assert status == 0 and "constraint found: is_0 & is_1 & is_2 & is_3" in told, told
    assert (pd.read_csv(made)[list(real)].sum(axis=1) == 1).all()
    drop = ("--drop", "is_3", "--discover-constraints")
    status, _, told = invoke(*asked, *drop, home=tmp_path / "home")
    assert status == 0 and "no constraint found" in told and "constraint found: " not in told, told
    private = ("--discover-constraints", "--model", "private")
    status, _, told = invoke(*asked, *private, home=tmp_path / "home")
    assert status == 2 and "private cannot hold constraints" in told


def test_synthesize_says_what_is_guaranteed(tmp_path: Path) -> None:
    path = tmp_path / "many.parquet"
    mixed_frame(3_000).drop(columns="city").to_parquet(path)
    status, message = synthesize(path, tmp_path / "rows.csv", "--model", "private")
    assert status == 0, message
    assert "the rows are (3, 1e-06)-differentially private" in message
    assert (tmp_path / "home" / "noise.key").exists()


@pytest.mark.parametrize(
    ("change", "target", "message"),
    [
        (lambda frame: frame.head(10), "outcome", "the table has 10 rows; at least 50 are needed"),
        (lambda frame: frame, "result", "target 'result' is not in the table"),
        (
            lambda frame: frame.assign(outcome="won"),
            "outcome",
            "target 'outcome' has one class, 'won'",
        ),
        (lambda frame: frame.assign(age=np.nan), "outcome", "column 'age' has no value in any"),
        (lambda frame: frame.assign(ratio=np.inf), "outcome", "is infinite in 200 of 200 rows"),
    ],
)
def test_bad_tables_are_refused(
    tmp_path: Path,
    change,
    target: str,
    message: str,  # type: ignore[no-untyped-def]
) -> None:
    change(mixed_frame(200)).to_parquet(tmp_path / "bad.parquet")
    output = tmp_path / "rows.csv"
    output.write_text("kept")
    asked = ("synthesize", str(tmp_path / "bad.parquet"), "--target", target, *DROP)
    status, printed, told = invoke(*asked, "-o", str(output), home=tmp_path / "home")
    assert status == 2 and not printed and message in told
    assert output.read_text() == "kept"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("run", "titanic"), "recipe 'titanic': accepted are (default), breast_"),
        (("run", "--data", "none.csv", "--target", "x"), "no data at '"),
        (("run", "--data", "sklearn:iris", "--purpose", "anomaly"), "without a target"),
        (("run", "breast_cancer_sharing", "--model", "magic"), "model 'magic': accepted"),
        (("run", "breast_cancer_sharing", "--set", "train.seed=abc"), "train.seed = 'abc'"),
        (("run", "breast_cancer_sharing", "--set", "train.sed=1"), "train.sed = 1"),
        (
            ("run", "breast_cancer_sharing", "--set", "nonsense"),
            "not of the form section.key=value",
        ),
        (("run", "--name", "two words", "breast_cancer_sharing"), "name 'two words'"),
        (("run", "--again", "nobody"), "no model 'nobody' is registered"),
        (("promote", "nobody", "1", "--why", "x"), "no model 'nobody' is registered"),
        (("run", "breast_cancer_sharing", "--data", "x.csv"), "give one of them"),
        (("sample", "m", "-o", "o.csv", "--condition", "[1]"), "'[1]' is not a JSON object, such"),
        (("sample", "m", "-o", "o.csv", "--condition", "0"), "'0' is not a JSON object, such"),
        (("synthesize", "none.csv", "--target", "x", "-o", "o.csv"), "no data at 'none.csv'"),
        (("synthesize", "x.csv", "--target", "x", "-o", "o.xlsx"), "accepted endings are"),
        (("synthesize", "x.csv", "--target", "x", "-o", "o.csv", "--model", "m"), "known models"),
        (("synthesize", "x.csv", "-o", "o.csv", "--model", "private"), "private needs a target"),
    ],
)
def test_wrong_arguments_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    status, printed, told = invoke(*arguments, home=tmp_path / "home")
    assert status == 2 and not printed and message in told


def asked_in_docs() -> list[str]:
    """Every `mintmark run` that a page shows, but for those of any recipe."""
    pages = [page.read_text().replace("\\\n", " ") for page in (PROJECT / "docs").glob("*.md")]
    lines = [line.strip() for page in pages for line in page.splitlines()]
    return sorted(
        line for line in lines if line.startswith("mintmark run ") and "RECIPE" not in line
    )


@pytest.mark.parametrize(
    ("home", "message"),
    [
        ("/sys", "cannot write in the folder /sys: "),
        ("a%20b", "'%20' would be misread; MINTMARK_HOME may name another"),
        ("a?b", "'?' would be misread"),
        ("file/home", "cannot make the folder "),
    ],
)
def test_a_home_that_cannot_be_one_is_refused(tmp_path: Path, home: str, message: str) -> None:
    (tmp_path / "file").touch()
    status, printed, told = invoke("models", home=tmp_path / home)
    assert status == 2 and not printed and message in told


@pytest.mark.parametrize("place", ["parts.csv", "parts.csv/backups"])
def test_a_backup_into_a_file_is_refused_before_anything_is_read(
    tmp_path: Path, place: str
) -> None:
    (tmp_path / "parts.csv").write_text("kept")
    status, printed, told = invoke("backup", str(tmp_path / place), home=tmp_path / "home")
    assert status == 2 and not printed and f"{tmp_path / 'parts.csv'} is no folder" in told
    assert list((tmp_path / "home").iterdir()) == []


@pytest.mark.parametrize("line", asked_in_docs())
def test_what_the_docs_show_can_be_run(line: str) -> None:
    words = shlex.split(line, comments=True)[2:]
    asked = get_command(app).commands["run"].make_context("run", words).params  # type: ignore[attr-defined]
    overrides = tuple(asked.pop("set_") or ())
    request = fill_in(RunRequest, **asked, overrides=overrides)
    if not request.data and not any(text.startswith("prepare.data=") for text in overrides):
        build_params(request)


def test_what_is_refused_is_one_line(tmp_path: Path) -> None:
    done = mintmark("promote", "nobody", "1", "--why", "x", home=tmp_path / "home", cwd=tmp_path)
    assert done.returncode == 2 and not done.stdout
    assert done.stderr == "error: no model 'nobody' is registered; there are: none\n"


def test_an_unreachable_s3_endpoint_is_one_line(tmp_path: Path) -> None:
    variables = {
        "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:9",
        "AWS_ACCESS_KEY_ID": "k",
        "AWS_SECRET_ACCESS_KEY": "s",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_MAX_ATTEMPTS": "2",
    }
    asked = ("run", "--data", "s3://bucket/t.csv", "--target", "x")
    status, _, told = invoke(*asked, home=tmp_path / "home", variables=variables)
    assert status == 2 and len(told.strip().splitlines()) == 1
    assert "cannot read s3://bucket/t.csv" in told and "127.0.0.1:9" in told


def test_synthesize_takes_settings_and_says_what_can_be_set_here(tmp_path: Path) -> None:
    frame = mixed_frame(200).assign(**{"shop name": [f"n{k // 2}" for k in range(200)]})
    frame.to_parquet(tmp_path / "real.parquet")
    made = tmp_path / "made.parquet"
    status, told = synthesize(tmp_path / "real.parquet", made)
    assert status == 2 and "--drop 'shop name'" in told and "train.model.crowd=1" in told
    status, told = synthesize(tmp_path / "real.parquet", made, "--set", "train.model.crowd=1")
    assert status == 0 and set(pd.read_parquet(made)["shop name"]) <= set(frame["shop name"])
    for wrong, said in (
        ("evaluate.repeats=1", "only those of train.model.key=value"),
        ("train.model.crowds=1", "did you mean train.model.crowd?"),
    ):
        status, told = synthesize(tmp_path / "real.parquet", made, "--set", wrong)
        assert status == 2 and said in told


def test_names_beyond_ascii_are_written_in_any_locale(tmp_path: Path) -> None:
    frame = pd.DataFrame({"größe": range(60), "stadt": ["Köln", "Łódź", "🎉"] * 20})
    frame.to_csv(tmp_path / "people.csv", index=False, encoding="utf-8")
    ended = mintmark(
        *("synthesize", str(tmp_path / "people.csv"), "-o", str(tmp_path / "rows.csv")),
        home=tmp_path / "home",
        variables={"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    )
    assert ended.returncode == 0, ended.stderr
    assert set(pd.read_csv(tmp_path / "rows.csv")["stadt"]) <= set(frame["stadt"])
