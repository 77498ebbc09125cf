"""What a working Mintmark needs, examined one thing at a time."""

import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from components.data.writable import unwritable
from components.errors import UserError
from components.storage.home import Home
from flows.project import PROJECT

_FREE_GIGABYTES = 5


@dataclass(frozen=True)
class Finding:
    """One thing: whether it is well, what was found, and what to do where it is not."""

    what: str
    is_well: bool
    found: str
    mend: str = ""


def examine(home: Home) -> list[Finding]:
    """Every check's finding, in the order they depend on one another."""
    checks: tuple[Callable[[Home], Finding], ...] = (
        _python,
        _packages,
        _home,
        _disk,
        _pipeline,
        _registry,
        _servers,
        _accelerator,
        _s3,
    )
    return [check(home) for check in checks]


def _python(home: Home) -> Finding:
    found = ".".join(map(str, sys.version_info[:3]))
    return Finding("Python", sys.version_info >= (3, 11), found, "install Python 3.11 or newer")


def _packages(home: Home) -> Finding:
    pins = dict(
        line.strip().split("==")
        for line in (PROJECT / "requirements.lock").read_text().splitlines()
        if "==" in line
    )
    wrong = [name for name, pin in pins.items() if _installed(name) != pin]
    found = f"{len(pins)} as locked" if not wrong else f"not as locked: {', '.join(wrong[:5])}"
    return Finding("packages", not wrong, found, "run `make run`" if wrong else "")


def _installed(name: str) -> str | None:
    try:
        return version(name).split("+")[0]
    except PackageNotFoundError:
        return None


def _home(home: Home) -> Finding:
    existing = next(path for path in (home.root, *home.root.parents) if path.exists())
    why = unwritable(existing)
    mend = f"{why}; MINTMARK_HOME may name another folder" if why else ""
    return Finding("state folder", why is None, str(home.root), mend)


def _disk(home: Home) -> Finding:
    existing = next(path for path in (home.root, *home.root.parents) if path.exists())
    free = shutil.disk_usage(existing).free / 1e9
    mend = "" if free >= _FREE_GIGABYTES else f"free {_FREE_GIGABYTES} GB for models and history"
    return Finding("disk", free >= _FREE_GIGABYTES, f"{free:.0f} GB free", mend)


def _pipeline(home: Home) -> Finding:
    from components.config import read_params

    try:
        params = read_params(PROJECT / "params.yaml")
    except UserError as error:
        return Finding("params.yaml", False, str(error), "correct it")
    return Finding("params.yaml", (PROJECT / "dvc.yaml").is_file(), f"describes {params.name}")


def _registry(home: Home) -> Finding:
    from components.registry.tracking import connect, registry_shown
    from flows.services.unreachable import check_registry_answers

    uri = registry_shown(home)
    try:
        check_registry_answers()
        connect(home)
    except Exception as error:  # whatever MLflow raises is the finding
        return Finding("registry", False, f"{uri}: {error}", "start it, or unset its address")
    return Finding("registry", True, uri)


def _servers(home: Home) -> Finding:
    from flows.services.running import running_services

    running = running_services(home)
    found = ", ".join(f"{service.name} {service.url}" for service in running.values())
    return Finding("servers", True, found or "none: `make up` starts them, a run does without")


def _accelerator(home: Home) -> Finding:
    import torch

    has_one = torch.cuda.is_available()
    found = torch.cuda.get_device_name() if has_one else "none: the CPU suffices for every preset"
    return Finding("accelerator", True, found)


def _s3(home: Home) -> Finding:
    endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    if not endpoint:
        return Finding("S3", True, "no endpoint set; s3:// uses the standard credentials")
    from components.storage.s3 import check_endpoint

    try:
        check_endpoint()
    except UserError as error:
        return Finding("S3", False, str(error), "start the server or correct AWS_ENDPOINT_URL_S3")
    return Finding("S3", True, endpoint)
