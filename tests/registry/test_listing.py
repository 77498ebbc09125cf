"""The registry's listing: all of it, however many pages MLflow gives it in, generators alone."""

from collections.abc import Callable
from functools import partial

import pytest

from components.errors import UserError
from components.registry.audit import Act, history, record
from components.registry.listing import list_models, pull
from components.registry.revoking.withdrawals import (
    list_withdrawals,
    new_withdrawal,
    record_withdrawal,
)
from components.registry.tags import KIND, RELEASE
from components.registry.tracking import connect
from components.registry.versions import list_names, list_versions
from components.storage.home import Home


def test_models_beyond_the_first_page_are_known(make_home: Callable[[str], Home]) -> None:
    client = connect(make_home("listing"))
    wanted = [f"m{number:03}" for number in range(120)]
    for name in wanted:
        client.create_registered_model(name)
    assert sorted(list_names(client)) == wanted
    with pytest.raises(UserError, match="model 'm119' has no version with the alias 'champion'"):
        pull(client, "m119", "champion")
    with pytest.raises(UserError, match="no model 'other' is registered; there are: m000"):
        pull(client, "other", "champion")
    client.create_registered_model("m000-release", tags={KIND: RELEASE})
    for name in ("m000", "m000-release"):
        client.create_model_version(name, "runs:/none/x")
    assert [listed.name for listed in list_models(client)] == ["m000"]
    assert list(list_names(client, kind=RELEASE)) == ["m000-release"]
    assert len(list_versions(client)) == 2
    with pytest.raises(UserError, match="model 'm000' has no version 7; there are m000@1"):
        pull(client, "m000", "7")
    for beyond_any_database in ("9999999999", "9" * 30):
        with pytest.raises(UserError, match=f"'m000' has no version {beyond_any_database}; there"):
            pull(client, "m000", beyond_any_database)


def test_acts_beyond_the_first_page_are_known(
    make_home: Callable[[str], Home], monkeypatch: pytest.MonkeyPatch
) -> None:
    home = make_home("acts")
    client = connect(home)
    for number in range(3):
        record(client, Act("m", "promote", str(number), None, "better"), home)
        record_withdrawal(client, new_withdrawal("model", f"m@{number}", "wrong"), home)
    monkeypatch.setattr(client, "search_runs", partial(client.search_runs, max_results=2))
    assert sorted(act.version for act in history(client, "m", home)) == ["0", "1", "2"]
    assert len(list_withdrawals(client, home)) == 3
