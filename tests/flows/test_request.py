"""What a run is asked for: a recipe, own data or a model again, and never two of them."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
import yaml

from components.config import (
    SERIES_GATES,
    SHARING_TREES,
    Approval,
    ImagesConfig,
    Purpose,
    TimeSplit,
    parse_params,
)
from components.errors import UserError
from components.registry.tracking import connect, find_experiment
from components.storage.home import HOME_VARIABLE, Home
from flows.forms import DEFAULT, fill_in
from flows.request import RunRequest, build_params, to_yaml
from tests.data.test_image_sources import picture


@pytest.fixture(autouse=True)
def home(home_in: Callable[[Path], Home], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A home of the test's own: a name is looked up in its registry."""
    made = home_in(tmp_path / "of_the_test")
    monkeypatch.setenv(HOME_VARIABLE, str(made.root))
    return made


def register(home: Home, name: str, data: str, *, sha256: str = "none") -> None:
    """One more version of a model, made of this data."""
    client = connect(home)
    if not client.search_registered_models(f"name = '{name}'"):
        client.create_registered_model(name)
    tags = {"mintmark.data_uri": data, "mintmark.data_sha256": sha256}
    client.create_model_version(name, "x:y", tags=tags)


def test_a_name_that_another_source_has_is_not_taken_by_a_file_of_the_same_name(
    home: Home, tmp_path: Path
) -> None:
    here, there = tmp_path / "here" / "customers.csv", tmp_path / "there" / "customers.csv"
    for path, income in ((here, 1), (there, 2)):
        path.parent.mkdir()
        path.write_text(f"age,income\n1,{income}\n2,3\n3,5\n")
    asked = RunRequest(data=str(there), target="age")
    assert build_params(asked).name == "customers_sharing"
    register(home, "customers_sharing", str(here))
    with pytest.raises(
        UserError,
        match=r"'customers_sharing' is taken: .*here/customers.csv', not "
        r"of '.*there/customers.csv'; give .* --name",
    ):
        build_params(asked)
    for name in ("customers_sharing", "others"):
        assert build_params(asked.model_copy(update={"name": name})).name == name


def test_the_same_file_keeps_its_name_whatever_became_of_its_rows_or_place(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "customers.csv"
    path.write_text("age,income\n1,1\n2,3\n3,5\n")
    register(home, "customers_sharing", str(path), sha256="of other rows")
    register(home, "customers_sharing", str(tmp_path / "a union after drift"))
    asked = RunRequest(data=str(path), target="age")
    sha256 = build_params(asked).prepare.data_sha256
    monkeypatch.chdir(tmp_path)
    link = tmp_path / "link"
    link.symlink_to(tmp_path)
    for place in ("customers.csv", str(link / "customers.csv")):
        assert build_params(asked.model_copy(update={"data": place})).name == "customers_sharing"
    moved = tmp_path / "moved" / "customers.csv"
    moved.parent.mkdir()
    path.rename(moved)
    asked = RunRequest(data=str(moved), target="age")
    with pytest.raises(UserError, match="is taken"):
        build_params(asked)
    register(home, "customers_sharing", str(path), sha256=str(sha256))
    assert build_params(asked).name == "customers_sharing"


def test_none_in_a_command_is_the_default_of_the_form() -> None:
    assert fill_in(RunRequest, recipe=None, data=None) == RunRequest()
    assert RunRequest().recipe == DEFAULT


def test_approval_is_a_setting_and_no_part_of_the_content() -> None:
    asked = build_params(RunRequest(recipe="survey_sharing", approval="person"))
    plain = build_params(RunRequest(recipe="survey_sharing"))
    assert asked.promote.approval is Approval.PERSON
    assert asked.content == plain.content and asked != plain


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("train=5", "train = 5: a section of settings is accepted"),
        ("train={}", r"train\.model: it is missing"),
        ("evaluate=", "evaluate = None: a section of settings is accepted"),
        ("prepare=x", "prepare = 'x': a section of settings is accepted"),
    ],
)
def test_a_value_in_place_of_a_section_is_told_in_a_line(setting: str, said: str) -> None:
    with pytest.raises(UserError, match=f"^wrong settings in the request: {said}"):
        build_params(RunRequest(data="sklearn:iris", target="species", overrides=(setting,)))


def test_images_need_no_target_and_get_a_generator_of_images(tmp_path: Path) -> None:
    for name in ("cat/1", "cat/2", "dog/1"):
        picture(tmp_path / f"{name}.png")
    (tmp_path / "labels.csv").write_text("file,label\ncat/1.png,a\ncat/2.png,b\ndog/1.png,b\n")
    params = build_params(RunRequest(data=str(tmp_path), purpose="augmentation", name="pets"))
    assert params.prepare.images == ImagesConfig() and params.prepare.target == "label"
    assert params.train.model.name == "image_gan" and params.prepare.data_sha256
    labelled = (f"prepare.images.labels={tmp_path / 'labels.csv'}",)
    other = build_params(RunRequest(data=str(tmp_path), name="pets", overrides=labelled))
    assert other.prepare.data_sha256 != params.prepare.data_sha256
    asked = RunRequest(data="sklearn:digits", model="image_gaussian")
    assert build_params(asked).prepare.images == ImagesConfig()
    classified = build_params(RunRequest(data=str(tmp_path), purpose="classification"))
    assert classified.train.model.name == "semi_supervised_gan"
    with pytest.raises(UserError, match="classification needs a model that classifies images"):
        build_params(RunRequest(data=str(tmp_path), purpose="classification", model="lapgan"))
    with pytest.raises(UserError, match="labelled = 5 needs a model that classifies images"):
        overrides = ("prepare.images.labelled=5",)
        build_params(RunRequest(data=str(tmp_path), overrides=overrides))
    with pytest.raises(UserError, match="what images show is their label"):
        build_params(RunRequest(data=str(tmp_path), target="outcome"))


def test_for_sharing_a_column_stands_in_for_a_target_that_nobody_named() -> None:
    params = build_params(RunRequest(data="sklearn:iris"))
    assert (params.prepare.target, params.evaluate.stands_in) == ("species", True)
    dropped = RunRequest(data="sklearn:iris", overrides=("prepare.drop=[species]",))
    assert build_params(dropped).prepare.target != "species"
    assert not build_params(RunRequest(data="sklearn:iris", target="species")).evaluate.stands_in


def test_a_target_that_is_named_in_a_training_again_stands_in_no_more(
    home_in: Callable[[Path], Home], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = home_in(tmp_path)
    monkeypatch.setenv(HOME_VARIABLE, str(home.root))
    client = connect(home)
    run = client.create_run(find_experiment(client, "iris", home)).info.run_id
    client.log_text(run, to_yaml(build_params(RunRequest(data="sklearn:iris"))), "params.yaml")
    client.create_registered_model("iris")
    client.create_model_version("iris", "x:y", run)
    assert build_params(RunRequest(again="iris")).evaluate.stands_in
    named = RunRequest(again="iris", target="species")
    assert not build_params(named).evaluate.stands_in
    named = RunRequest(again="iris", overrides=("prepare.target=sepal width (cm)",))
    assert not build_params(named).evaluate.stands_in
    with pytest.raises(UserError, match="private needs a target that is named"):
        build_params(RunRequest(again="iris", model="private"))
    private = build_params(named.model_copy(update={"model": "private"}))
    assert private.train.model.name == "private"


def test_a_table_without_rows_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "header.csv"
    path.write_text("age,income\n")
    with pytest.raises(UserError, match=r"data '.*header.csv' has no rows"):
        build_params(RunRequest(data=str(path)))


@pytest.mark.parametrize(
    ("model", "purpose", "crowd"),
    [
        ("trees", "sharing", SHARING_TREES.crowd),
        (DEFAULT, "sharing", SHARING_TREES.crowd),
        ("trees", "augmentation", 1),
        ("copula", "sharing", 10),
        ("copula", "augmentation", 1),
        ("ctgan", "augmentation", 1),
        ("autoregressive", "augmentation", 10),
    ],
)
def test_a_generator_that_is_only_named_has_crowds_where_rows_are_shared(
    model: str, purpose: str, crowd: int
) -> None:
    asked = RunRequest(
        data="sklearn:breast_cancer", target="diagnosis", model=model, purpose=purpose
    )
    found = build_params(asked).train.model
    assert getattr(found, "crowd", None) == crowd
    chosen = build_params(asked.model_copy(update={"overrides": ("train.model.crowd=3",)}))
    assert getattr(chosen.train.model, "crowd", None) == 3


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"recipe": "survey_sharing", "data": "x.csv"}, "give one of them"),
        ({"recipe": "survey_sharing", "again": "adult"}, "give one of them"),
        ({"data": "x.csv", "preset": "smoke"}, "preset 'smoke' is a size of recipes, and none"),
        ({"preset": "gpu"}, "preset 'gpu' is a size of recipes, and none is named"),
        ({"again": "adult", "preset": "gpu"}, "preset 'gpu' is a size of recipes"),
        ({"data": "x.csv", "purpose": "augmentation"}, "data 'x.csv' without a target"),
        (
            {"recipe": "survey_sharing", "purpose": "classification"},
            "classification needs a model that classifies images .*does not",
        ),
        ({"data": "sklearn:iris", "model": "private"}, "private needs a target that is named"),
        ({"again": "nobody"}, "no model 'nobody' is registered"),
    ],
)
def test_a_contradiction_is_refused(
    values: dict[str, str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path))
    monkeypatch.delenv("MINTMARK_REGISTRY_URI", raising=False)
    with pytest.raises(UserError, match=message):
        build_params(RunRequest(**values))


@pytest.mark.parametrize("recipe", [DEFAULT, "breast_cancer_scarce"])
def test_a_target_without_data_of_ones_own_is_refused(recipe: str):
    with pytest.raises(UserError, match="target 'outcome' is for data of your own"):
        build_params(RunRequest(recipe=recipe, target="outcome"))


def test_a_series_needs_only_its_time_and_what_is_normal(tmp_path: Path) -> None:
    (tmp_path / "load.csv").write_text("t,load,state\n1,1,ok\n2,3,ok\n3,5,odd\n")
    overrides = ("prepare.normal.values=[ok]", "train.model.layout.time=t")
    asked = {"data": str(tmp_path / "load.csv"), "target": "state", "overrides": overrides}
    params = build_params(RunRequest(**asked, model="series_autoencoder"))
    assert params.evaluate.purpose is Purpose.ANOMALY
    assert params.evaluate.gates == SERIES_GATES
    assert params.prepare.split == TimeSplit(column="t")
    assert parse_params(yaml.safe_load(to_yaml(params)), "a workspace") == params
    by_setting = ("train.model={name: series_autoencoder, layout: {time: t}}", *overrides[:1])
    same = build_params(RunRequest(**{**asked, "overrides": by_setting}, purpose="anomaly"))
    assert same == params
    named = "evaluate.anomaly_gates=[{metric: step_auroc, better_than: pca}]"
    other = build_params(
        RunRequest(**{**asked, "overrides": (*overrides, named)}, model="series_autoencoder")
    )
    assert [gate.metric for gate in other.evaluate.gates] == ["step_auroc"]


@pytest.mark.parametrize(
    ("purpose", "setting", "said"),
    [
        ("sharing", "sharing_gates=[{metric: recal, better_than: 0.5}]", "metric 'recal' of image"),
        ("sharing", "sharing_gates=[{metric: recall, better_than: gaussian}]", "no baseline; .*no"),
        ("anomaly", "anomaly_gates=[{metric: auroc, better_than: 0.5}]", "metric 'auroc'; known"),
        ("anomaly", "anomaly_gates=[{metric: anomaly_auroc, better_than: svm}]", "are: pca, iso"),
        ("sharing", "protocol=thorough", "protocol = thorough has no effect on images"),
    ],
)
def test_a_gate_on_what_is_not_measured_is_told_before_any_work(
    purpose: str, setting: str, said: str, tmp_path: Path
) -> None:
    picture(tmp_path / "ok" / "1.png")
    overrides = [f"evaluate.{setting}"]
    if purpose == "anomaly":
        overrides.append("prepare.normal.values=[ok]")
    with pytest.raises(UserError, match=said):
        build_params(RunRequest(data=str(tmp_path), purpose=purpose, overrides=tuple(overrides)))


def test_a_gate_of_a_table_on_what_is_not_measured_is_told_before_any_work() -> None:
    setting = "evaluate.sharing_gates=[{metric: recal, better_than: 0.5}]"
    with pytest.raises(UserError, match="a gate for sharing asks for the metric 'recal'; known: "):
        build_params(RunRequest(recipe="breast_cancer_sharing", overrides=(setting,)))


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("prepare.split={method: time, column: whn}", "prepare.split.column: column 'whn'.*when?"),
        ("prepare.target=agee", "prepare.target: column 'agee' .*did you mean age?"),
        ("prepare.drop=[Income]", "prepare.drop: column 'Income' .*did you mean income?"),
        ("prepare.kinds={wen: datetime}", "prepare.kinds: column 'wen' .*its columns are: age,"),
        ("prepare.constraints=[{low: age, high: incom}]", "prepare.constraints: column 'incom'"),
    ],
)
def test_a_column_that_is_not_there_is_told_before_any_work(
    setting: str, said: str, suffix: str, tmp_path: Path
) -> None:
    frame = pd.DataFrame({"age": [1, 2], "income": [1, 2], "when": ["2024-01-01", "2024-01-02"]})
    path = tmp_path / f"table.{suffix}"
    frame.to_csv(path, index=False) if suffix == "csv" else frame.to_parquet(path)
    setting = setting.replace("{low", "{kind: inequality, low")
    with pytest.raises(UserError, match=said):
        build_params(RunRequest(data=str(path), target="age", overrides=(setting,)))
