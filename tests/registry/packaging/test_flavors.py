"""One URI, two flavours: the program beside the pyfunc, and its card, as the docs use them."""

import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest
import torch
from mlflow.models import Model
from pandas.testing import assert_frame_equal

from components.config import CopulaConfig, CtganConfig, ImageGaussianConfig
from components.data.images.bundled import load_bundled_images
from components.data.images.rows import from_rows
from components.data.preparation import prepare_table
from components.data.table import decode, encode
from components.models.catalog import make_image_model, make_model
from components.registry.packaging.flavors import export
from components.registry.packaging.logged import log_generator
from components.registry.packaging.output_columns import describe
from components.registry.tracking import connect, find_experiment
from components.storage.home import Home
from tests.procedural import mixed_table
from tests.registry.snippets import snippets


@pytest.fixture(scope="module")
def registered(make_home: Callable[[str], Home]) -> str:
    """The name of a registered copula, promoted to champion."""
    home = make_home("flavors")
    client = connect(home)
    model = make_model(CopulaConfig())
    model.fit(mixed_table(), seed=0)
    model.save(home.root / "generator")
    run = client.create_run(find_experiment(client, "people", home))
    uri = log_generator(home.root / "generator", run.info.run_id).uri
    client.create_registered_model("people")
    version = client.create_model_version("people", uri, run.info.run_id)
    client.set_registered_model_alias("people", "champion", version.version)
    return "people"


def test_the_docs_snippets_give_the_table(registered: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_ALLOW_PICKLE_DESERIALIZATION", "false")
    page, seen = snippets(registered), {}
    exec(page["program"] + page["values"], seen)
    schema = mixed_table().schema
    expected = decode(seen["numbers"].to_numpy(), schema, seed=0).drop(columns="id")
    assert len(expected) == 10_000 and expected["seen"].isna().any()
    assert_frame_equal(seen["rows"], expected)


def test_a_condition_is_the_first_draw_in_its_stretch(registered: str) -> None:
    page, seen = snippets(registered), {}
    exec(page["program"] + page["condition"], seen)
    outcome = [column["name"] for column in seen["card"]["columns"]].index("outcome")
    column = seen["card"]["columns"][outcome]
    codes = seen["program"](seen["draws"]).numpy()[:, column["position"]]
    assert {column["categories"][int(code)] for code in codes} == {"won"}


def test_the_pyfunc_is_as_before(registered: str) -> None:
    folder = Path(mlflow.artifacts.download_artifacts(f"models:/{registered}@champion"))
    flavors = Model.load(folder).flavors
    assert set(flavors) == {"python_function", "pytorch"}
    assert flavors["python_function"]["loader_module"].endswith(".models.served")
    assert "torch" not in (folder / "requirements.txt").read_text()
    seen: dict[str, pd.DataFrame] = {}
    exec(snippets(registered)["pyfunc"], seen)
    assert len(seen["rows"]) == 10_000


def test_the_program_holds_no_pickled_objects(registered: str) -> None:
    folder = Path(mlflow.artifacts.download_artifacts(f"models:/{registered}@champion"))
    with zipfile.ZipFile(folder / "program" / "model.pt2") as archive:
        pickled = [name for name in archive.namelist() if name.endswith((".pkl", ".py", ".so"))]
    assert pickled == []


def test_the_card_of_every_kind_of_column() -> None:
    table = mixed_table()
    model = make_model(CopulaConfig())
    model.fit(table, seed=0)
    card = describe(model.export_program(), table.schema)  # type: ignore[attr-defined]
    by_name = {column.name: column for column in card.columns}
    assert [c.name for c in card.columns] == table.schema.names
    assert by_name["id"].position is None and by_name["currency"].value == "EUR"
    assert by_name["visits"].dtype == "Int64" and by_name["seen"].dtype == "datetime64[us]"
    assert by_name["consents"].categories == (False, True)
    assert [found.value for found in card.classes] == ["lost", "open", "won"]
    assert card.classes[-1].high == pytest.approx(1.0)
    assert sorted(c.position for c in card.columns if c.position is not None) == list(
        range(encode(table.frame, table.schema).shape[1])
    )


def test_images_leave_as_a_program_too(make_home: Callable[[str], Home]) -> None:
    home = make_home("images")
    client = connect(home)
    digits = load_bundled_images("sklearn:digits")
    model = make_image_model(ImageGaussianConfig())
    model.fit(digits, seed=0)
    model.save(home.root / "generator")
    run = client.create_run(find_experiment(client, "digits", home))
    uri = log_generator(home.root / "generator", run.info.run_id).uri
    client.create_registered_model("digits")
    version = client.create_model_version("digits", uri, run.info.run_id)
    client.set_registered_model_alias("digits", "champion", version.version)
    page, seen = snippets("digits"), {}
    program = page["program"].replace("numbers = pd.DataFrame(program(draws).numpy())", "")
    exec(program + page["images"], seen)
    assert seen["images"].shape == (10_000, 8, 8, 1) and seen["images"].dtype == np.uint8
    labels = np.array(seen["labels"])
    for name in ("1", "8"):
        made = seen["images"][labels == name].mean(axis=0)
        real = digits.images[digits.labels == int(name)].mean(axis=0)
        assert np.abs(made - real).mean() < 6
    exec(page["pyfunc"], seen)
    drawn = from_rows(seen["rows"], model.schema_)
    assert len(drawn) == 10_000 and set(np.unique(drawn.labels)) == set(range(10))


def test_the_program_is_small_whatever_the_table(tmp_path: Path) -> None:
    from components.registry.packaging.flavors import export

    sizes = []
    for target in ("outcome", "amount"):
        table = mixed_table(target=target)
        model = make_model(CopulaConfig())
        model.fit(table, seed=0)
        export(model.export_program(), tmp_path / target)  # type: ignore[attr-defined]
        with zipfile.ZipFile(tmp_path / target) as archive:
            name = next(n for n in archive.namelist() if n.endswith("model.json"))
            sizes.append(len(json.loads(archive.read(name))["graph_module"]["graph"]["nodes"]))
    assert max(sizes) < 150 and np.ptp(sizes) < 10
    assert torch.export.load(tmp_path / "amount").example_inputs is not None


def test_a_gan_of_numbers_alone_leaves_as_a_program_too(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(120, 3)), columns=list("abc"))
    table = prepare_table(frame.assign(y=rng.choice(["u", "v"], 120)), "y")
    model = make_model(CtganConfig(steps=4))
    model.fit(table, seed=0)
    export(model.export_program(), tmp_path / "rows.pt2")  # type: ignore[attr-defined]
    assert torch.export.load(tmp_path / "rows.pt2").example_inputs is not None
