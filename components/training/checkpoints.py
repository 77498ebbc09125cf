"""Checkpoints that survive a kill: written whole or not at all, read without running code."""

import logging
import os
import pickle
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

logger = logging.getLogger(__name__)

FORMAT = 1

_DAMAGE = (
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
    pickle.UnpicklingError,
    zipfile.BadZipFile,
    zlib.error,
)
"""What PyTorch's reader, which makes nothing but tensors, raises of files that are damaged."""


@dataclass(frozen=True)
class Checkpoint:
    """What was saved at `step`: tensors, numbers and strings in dicts and lists."""

    step: int
    state: dict[str, Any]


@dataclass(frozen=True)
class CheckpointStore:
    """The checkpoints of one training run in `directory`, the newest `keep` of them.

    `fingerprint` stands for everything that training depends on (settings, schema, rows, seed):
    a checkpoint with another one is never returned.
    """

    directory: Path
    fingerprint: str
    keep: int = 2

    def save(self, step: int, state: dict[str, Any]) -> None:
        """Write a checkpoint: first a temporary file, synced, then renamed into place."""
        self.directory.mkdir(parents=True, exist_ok=True)
        whole = self.directory / f"step-{step:09d}.pt"
        partial = whole.with_suffix(f".{os.getpid()}.partial")  # the same run may be made twice
        content = {"format": FORMAT, "fingerprint": self.fingerprint, "step": step, "state": state}
        with partial.open("wb") as file:
            torch.save(content, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, whole)
        for old in self._newest_first()[self.keep :]:
            old.unlink(missing_ok=True)

    def newest(self) -> Checkpoint | None:
        """The newest whole checkpoint with this fingerprint; what is passed over is logged."""
        for path in self._newest_first():
            found = self._read(path)
            if found is not None:
                return found
        return None

    def _newest_first(self) -> list[Path]:
        return sorted(self.directory.glob("step-*.pt"), reverse=True)

    def _read(self, path: Path) -> Checkpoint | None:
        """The checkpoint in a file, None (and a warning) where it cannot be used."""
        try:
            _check_sums(path)
            content: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
            found = (content["format"], content["fingerprint"])
            checkpoint = Checkpoint(content["step"], content["state"])
        except _DAMAGE as error:
            reason = str(error).partition("\n")[0] or type(error).__name__
            logger.warning("checkpoint %s is damaged and was skipped: %s", path, reason)
            return None
        if found != (FORMAT, self.fingerprint):
            logger.warning(
                "checkpoint %s is of other settings, data or threads and was skipped", path
            )
            return None
        return checkpoint


def _check_sums(path: Path) -> None:
    """Raise ValueError where a part has other bytes than were written: PyTorch does not look."""
    with zipfile.ZipFile(path) as parts:
        damaged = parts.testzip()
    if damaged is not None:
        raise ValueError(f"{damaged} does not have its checksum")
