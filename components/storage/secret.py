"""The secret of this installation, from which noise is derived that nobody else can make again."""

import os
import secrets
from pathlib import Path

from components.errors import UserError
from components.storage.home import find_home

FILE_NAME = "noise.key"
KEY_VARIABLE = "MINTMARK_NOISE_KEY"
"""The key as 64 hexadecimal digits, for several machines that are one installation."""
_BYTES = 32


def noise_key() -> bytes:
    """The key of this installation, made on first use; only its owner may read the file.

    `MINTMARK_NOISE_KEY` names it where several machines must make the same noise.
    Whoever knows it can take the noise off what it protects: it is in no log, tag or package.
    """
    if given := os.environ.get(KEY_VARIABLE):
        return _parse(given)
    path = find_home().root / FILE_NAME
    if not path.exists():
        _make(path)
    key = path.read_bytes()
    assert len(key) == _BYTES, f"{path} is not a key of {_BYTES} bytes"
    return key


def _parse(text: str) -> bytes:
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) != _BYTES:
        raise UserError(f"{KEY_VARIABLE} is no key: accepted are {2 * _BYTES} hexadecimal digits")
    return key


def _make(path: Path) -> None:
    """Put a whole new key in place, unless another process was first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{FILE_NAME}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(secrets.token_bytes(_BYTES))
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
