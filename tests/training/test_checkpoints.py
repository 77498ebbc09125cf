"""Checkpoints: the newest whole one of the same run, or none."""

import logging

import torch

from components.training.checkpoints import CheckpointStore


def _state(value: float) -> dict[str, object]:
    return {"weight": torch.full((3,), value), "nested": {"count": 2, "name": "x"}}


def test_newest_gives_back_what_was_saved(tmp_path):
    store = CheckpointStore(tmp_path / "run", "a")
    assert store.newest() is None
    store.save(5, _state(1.0))
    store.save(10, _state(2.0))
    checkpoint = store.newest()
    assert checkpoint.step == 10
    assert torch.equal(checkpoint.state["weight"], torch.full((3,), 2.0))
    assert checkpoint.state["nested"] == {"count": 2, "name": "x"}


def test_only_the_newest_are_kept(tmp_path):
    store = CheckpointStore(tmp_path, "a", keep=2)
    for step in range(5):
        store.save(step, _state(step))
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "step-000000003.pt",
        "step-000000004.pt",
    ]


def test_a_truncated_checkpoint_is_skipped_with_a_warning(tmp_path, caplog):
    store = CheckpointStore(tmp_path, "a")
    store.save(1, _state(1.0))
    store.save(2, _state(2.0))
    damaged = tmp_path / "step-000000002.pt"
    damaged.write_bytes(damaged.read_bytes()[:200])
    with caplog.at_level(logging.WARNING):
        assert store.newest().step == 1
    assert "damaged" in caplog.text and damaged.name in caplog.text


def test_a_checkpoint_of_another_run_is_skipped(tmp_path, caplog):
    CheckpointStore(tmp_path, "a").save(1, _state(1.0))
    with caplog.at_level(logging.WARNING):
        assert CheckpointStore(tmp_path, "b").newest() is None
    assert "other settings, data or threads" in caplog.text


def test_a_file_that_would_run_code_is_refused(tmp_path):
    class Harmful:
        def __reduce__(self):
            return (open, (str(tmp_path / "written"), "w"))

    torch.save({"format": 1, "state": Harmful()}, tmp_path / "step-000000009.pt")
    assert CheckpointStore(tmp_path, "a").newest() is None
    assert not (tmp_path / "written").exists()
