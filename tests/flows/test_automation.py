"""What follows from events, as values; and the settings that shape it."""

from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from prefect.events.actions import SendNotification
from prefect.events.schemas.automations import AutomationCore, Posture

from components.errors import UserError
from flows.automations import _is_same, wanted_automations
from flows.deployments import build_deployment, wanted_deployments
from flows.request import RunRequest, build_params
from flows.services.settings import DEPLOYMENTS_VARIABLE, ServiceSettings, read_service_settings
from flows.services.slots import CPU, GPU, slot_name

SETTINGS = read_service_settings()


def _wanted() -> dict[str, AutomationCore]:
    identifiers = {name: uuid4() for name in wanted_deployments(SETTINGS)}
    found = wanted_automations(identifiers, [], SETTINGS)
    return {each.name.removeprefix("Mintmark: "): each for each in found}


def test_drift_starts_a_run_once_a_model_and_cool_down() -> None:
    trigger = _wanted()["retrain a model that drifted"].trigger
    assert trigger.within == timedelta(minutes=SETTINGS.cool_down_minutes)
    assert trigger.for_each == {"prefect.resource.id"} and trigger.threshold == 1


def test_odd_rows_are_told_and_start_nothing() -> None:
    tell = [SendNotification(block_document_id=uuid4(), body="told")]
    identifiers = {name: uuid4() for name in wanted_deployments(SETTINGS)}
    found = wanted_automations(identifiers, tell, SETTINGS)
    waiting = [each for each in found if "mintmark.anomaly.detected" in each.trigger.expect]
    assert [each.name for each in waiting] == ["Mintmark: tell people what became of a model"]
    assert waiting[0].actions == tell


def test_alarms_that_are_turned_off_start_nothing() -> None:
    identifiers = {name: uuid4() for name in wanted_deployments(SETTINGS)}
    for on_drift, expected in ((False, {"mintmark.decay.detected"}), (True, None)):
        off = SETTINGS.loop.model_copy(update={"on_drift": on_drift, "on_decay": not on_drift})
        settings = SETTINGS.model_copy(update={"loop": off})
        found = wanted_automations(identifiers, [], settings)
        triggers = [each.trigger for each in found if "drifted" in each.name]
        assert [each.expect for each in triggers] == [expected or {"mintmark.drift.detected"}]
    quiet = SETTINGS.loop.model_copy(update={"on_drift": False, "on_decay": False})
    found = wanted_automations(identifiers, [], SETTINGS.model_copy(update={"loop": quiet}))
    assert not [each for each in found if "drifted" in each.name]


def test_silence_is_longer_than_two_heartbeats_and_only_deployed_runs_come_back() -> None:
    silent = _wanted()["a run that fell silent comes back"].trigger
    assert silent.posture is Posture.Proactive and silent.within > 2 * timedelta(seconds=30)
    assert "prefect.flow-run.Suspended" in silent.expect
    back = _wanted()["a run that crashed comes back"].trigger
    assert back.match_related.root == {"prefect.resource.role": "deployment"}


def test_people_are_told_only_where_there_is_a_way() -> None:
    assert not [name for name in _wanted() if "people" in name]


def test_automations_are_compared_whatever_the_order_of_sets() -> None:
    for each in _wanted().values():
        data = each.model_dump(mode="json")
        data["trigger"]["expect"] = sorted(data["trigger"]["expect"], reverse=True)
        assert _is_same(AutomationCore.model_validate(data), each)
        data["description"] += "!"
        assert not _is_same(AutomationCore.model_validate(data), each)


def test_a_deployments_version_follows_its_definition() -> None:
    wanted = wanted_deployments(SETTINGS)["collect"]
    version = build_deployment("collect", wanted).version
    assert build_deployment("collect", wanted).version == version
    longer = SETTINGS.model_copy(update={"keep_days": 99})
    assert build_deployment("collect", wanted_deployments(longer)["collect"]).version != version


def test_an_empty_cron_is_never() -> None:
    quiet = SETTINGS.model_copy(
        update={"retrain_cron": "", "collect_cron": "", "monitor_minutes": 0}
    )
    assert all(each.schedule is None for each in wanted_deployments(quiet).values())
    assert wanted_deployments(SETTINGS)["retrain"].schedule is not None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("keep_days: 0\n", "keep_days = 0: a number of at least 1"),
        ("keep_dayz: 3\n", "did you mean keep_days?"),
        ("cool_down_minutes: soon\n", "cool_down_minutes = 'soon': a"),
        ("[", "is not YAML"),
    ],
)
def test_wrong_settings_are_named(
    text: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "deployments.yaml"
    path.write_text(text)
    monkeypatch.setenv(DEPLOYMENTS_VARIABLE, str(path))
    with pytest.raises(UserError, match=message):
        read_service_settings()


def test_slots_are_at_least_one() -> None:
    assert isinstance(SETTINGS, ServiceSettings)
    assert SETTINGS.num_cpu_slots >= 1 and SETTINGS.num_gpu_slots >= 1 and SETTINGS.num_runs >= 1


def test_only_a_training_on_a_gpu_holds_a_gpu_slot() -> None:
    params = build_params(RunRequest(recipe="breast_cancer_scarce"))
    on_gpu = build_params(
        RunRequest(recipe="breast_cancer_scarce", overrides=("train.model.device=cuda",))
    )
    assert [slot_name("train", each) for each in (params, on_gpu)] == [CPU, GPU]
    assert slot_name("evaluate", on_gpu) == CPU
