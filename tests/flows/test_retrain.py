"""The loop end to end on a small table: lineage, refusal, promotion, idempotence."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

from components.errors import UserError
from components.registry import audit, promotion
from components.registry.candidates import find_candidate
from components.registry.listing import list_models, pull
from components.registry.tracking import connect
from components.storage.home import HOME_VARIABLE, Home
from flows.request import RunRequest
from flows.steps.outcome import Outcome
from tests.home import invoke
from tests.procedural import mixed_frame

EASY = 'evaluate.sharing_gates=[{"metric": "tstr_loss", "better_than": 2.0}]'
HARD = 'evaluate.sharing_gates=[{"metric": "two_sample_auc", "better_than": 0.0}]'
MODEL = "people"


@dataclass(frozen=True)
class Loop:
    """A home with a Prefect server, and the table that runs are started on."""

    home: Home
    table: Path

    def run(self, *overrides: str) -> Outcome:
        """One run of `retrain` on the table, judged for sharing."""
        from flows.retrain import retrain

        return retrain(
            RunRequest(
                data=str(self.table),
                target="is_member",
                name=MODEL,
                overrides=("prepare.kinds={currency: constant}", *overrides),
            )
        )


@pytest.fixture(scope="module")
def loop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loop]:
    folder = tmp_path_factory.mktemp("loop")
    table = folder / "people.csv"
    mixed_frame(120).to_csv(table, index=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(HOME_VARIABLE, str(folder / "home"))
        for stale in ("MLFLOW_TRACKING_URI", "MINTMARK_REGISTRY_URI"):
            patch.delenv(stale, raising=False)  # MLflow sets the first itself, in any test before
        patch.setenv("PREFECT_HOME", str(folder / "home" / "prefect"))
        from flows.project import set_up_environment
        from flows.services.server import prefect_server

        home = set_up_environment()
        with prefect_server(home):
            yield Loop(home, table)


@pytest.fixture(scope="module")
def promoted(loop: Loop) -> Outcome:
    return loop.run(EASY)


@pytest.fixture(scope="module")
def refused(loop: Loop, promoted: Outcome) -> Outcome:
    return loop.run(HARD)


def test_a_version_that_passes_both_doors_is_the_champion(loop: Loop, promoted: Outcome) -> None:
    assert promoted.decision.promote and promoted.decision.door.passed
    assert promotion.champion(connect(loop.home), MODEL) == promoted.registered.version


def test_a_refused_version_is_registered_with_its_reason(loop: Loop, refused: Outcome) -> None:
    client = connect(loop.home)
    assert not refused.decision.promote
    assert "gradient boosting that tells" in refused.decision.reason
    version = client.get_model_version(MODEL, refused.registered.version)
    assert version.tags["mintmark.verdict.sharing"] == "refused"
    assert promotion.champion(client, MODEL) != refused.registered.version


def test_only_what_depends_on_a_changed_parameter_runs(refused: Outcome) -> None:
    cached = {stage: done.was_cached for stage, done in refused.stages.items()}
    assert cached == {"prepare": True, "train": True, "synthesize": True, "evaluate": False}


def test_nothing_changed_means_nothing_done(loop: Loop, promoted: Outcome) -> None:
    again = loop.run(EASY)
    assert all(done.was_cached for done in again.stages.values())
    assert again.registered.reused and again.registered.version == promoted.registered.version
    assert again.decision.is_champion and not again.decision.promote


def test_what_a_killed_run_had_not_kept_the_next_one_keeps(loop: Loop, promoted: Outcome) -> None:
    shutil.rmtree(loop.home.dvc_remote)  # as where it was killed before that
    again = loop.run(EASY)
    assert again.registered.version == promoted.registered.version
    keys = json.loads(
        connect(loop.home)
        .get_model_version(MODEL, promoted.registered.version)
        .tags["mintmark.content_keys"]
    )
    for key in keys.values():
        assert (loop.home.dvc_remote / "files" / "md5" / key[:2] / key[2:]).is_file()


def test_the_version_can_be_traced(loop: Loop, promoted: Outcome) -> None:
    client = connect(loop.home)
    tags = client.get_model_version(MODEL, promoted.registered.version).tags
    keys = json.loads(tags["mintmark.content_keys"])
    assert set(keys) >= {"data/prepared/train.parquet", "models/generator"}
    assert len(tags["mintmark.data_sha256"]) == 64
    assert json.loads(tags["mintmark.libraries"])["pandas"] == pd.__version__
    assert tags["mintmark.seed"] == "0"
    assert json.loads(tags["mintmark.gate.tstr_loss"])["passed"] is True
    assert find_candidate(client, MODEL, tags["mintmark.content_key"]) is not None


def test_the_run_has_datasets_metrics_and_the_report(loop: Loop, promoted: Outcome) -> None:
    client = connect(loop.home)
    run = client.get_run(promoted.registered.run_id)
    contexts = {tag.value for used in run.inputs.dataset_inputs for tag in used.tags}
    assert contexts == {"train", "test", "synthetic"}
    assert {"tstr_loss", "tstr_loss.high", "membership_auc"} <= set(run.data.metrics)
    names = {item.path for item in client.list_artifacts(run.info.run_id)}
    assert {"evidence.json", "params.yaml", "dvc.lock", promoted.report.name} <= names
    assert "schema.json" not in names  # that of the training rows tells whose are the outermost
    assert "<html" in promoted.report.read_text()


def test_the_champion_samples_and_repeats(loop: Loop, promoted: Outcome) -> None:
    generator = pull(connect(loop.home), MODEL, promotion.CHAMPION)
    rows = generator.sample(30, condition={"is_member": True}, seed=4)
    assert rows["is_member"].all() and len(rows) == 30
    pd.testing.assert_frame_equal(rows, generator.sample(30, condition={"is_member": True}, seed=4))


def test_rows_too_few_to_be_judged_are_told_before_training(loop: Loop) -> None:
    with pytest.raises(UserError, match="leaves 117 rows to train on and 3 to test on"):
        loop.run(EASY, "prepare.test_share=0.02")
    (workspace,) = (
        each.parents[2]
        for each in loop.home.workspaces.glob("*/data/prepared/split.json")
        if not (each.parents[2] / "models" / "generator").exists()
    )
    assert workspace.is_dir()


def test_promotion_stops_where_the_champion_changed(loop: Loop, refused: Outcome) -> None:
    with pytest.raises(promotion.ChampionChanged, match="judge it again"):
        promotion.promote(
            connect(loop.home),
            MODEL,
            refused.registered.version,
            expected="99",
            reason="test",
            home=loop.home,
        )


def test_rollback_swaps_and_is_recorded(loop: Loop, promoted: Outcome, refused: Outcome) -> None:
    client, first, second = (
        connect(loop.home),
        promoted.registered.version,
        refused.registered.version,
    )
    promotion.promote(client, MODEL, second, expected=first, reason="by hand", home=loop.home)
    status, _, told = invoke("rollback", MODEL, "--why", "it was worse", home=loop.home.root)
    assert status == 0, told
    assert promotion.champion(client, MODEL) == first
    assert promotion.champion(client, MODEL, promotion.PREVIOUS) == second
    newest = audit.history(client, MODEL, loop.home)[0]
    assert (newest.action, newest.version, newest.reason) == ("rollback", first, "it was worse")


def test_the_list_shows_champion_and_newest(
    loop: Loop, promoted: Outcome, refused: Outcome
) -> None:
    (listed,) = list_models(connect(loop.home))
    assert listed.champion == promoted.registered.version
    assert listed.verdict == "refused for sharing"


def test_a_version_of_another_problem_waits_for_a_person(loop: Loop, promoted: Outcome) -> None:
    unlike = loop.run(EASY, "prepare.drop=[age]")
    assert unlike.decision.reason.endswith(
        "the champion has other columns, so the two cannot be compared"
    )
    assert "mintmark promote people" in unlike.decision.waits and not unlike.decision.promote
    assert promotion.champion(connect(loop.home), MODEL) == promoted.registered.version
