"""What can be said of `infra/` without a cluster: it parses, is pinned, bears no secret, is closed.

Where `docker compose`, `kubectl` and `terraform` are installed they are asked, too. Not here: the
API schemas of Kubernetes and `terraform validate`, which need a cluster and the network.
"""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.home import PROJECT

INFRA = PROJECT / "infra"
COMPOSE = yaml.safe_load((INFRA / "compose/compose.yaml").read_text())
SERVICES = COMPOSE["services"]
SECRET = re.compile(r"PASSWORD|SECRET|_KEY\b|AUTH_STRING|CONNECTION_URL|STORE_URI|DATABASE_URI")
PINNED = re.compile(r".+:v?\d+\.\d+[\w.-]*$")


def manifests() -> Iterator[dict[str, Any]]:
    for path in sorted((INFRA / "kubernetes/base").glob("*.yaml")):
        for document in yaml.safe_load_all(path.read_text()):
            if document["kind"] != "Kustomization":
                yield document


def _has_compose() -> bool:
    version = ["docker", "compose", "version"]
    return subprocess.run(version, capture_output=True, check=False).returncode == 0


def pods() -> Iterator[tuple[str, dict[str, Any]]]:
    for document in manifests():
        if document["kind"] in ("Deployment", "Job", "StatefulSet"):
            yield document["metadata"]["name"], document["spec"]["template"]["spec"]


def test_every_image_of_compose_is_of_one_version() -> None:
    for name, service in SERVICES.items():
        image = service["image"]
        assert PINNED.match(image) or image.startswith("mintmark:${MINTMARK_TAG:?"), name


def test_only_the_proxy_has_a_port_and_only_on_the_loopback_interface() -> None:
    ports = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert ports == {"proxy": ["${MINTMARK_BIND:-127.0.0.1}:8443:8443"]}
    outer = [name for name, service in SERVICES.items() if "outer" in service["networks"]]
    assert outer == ["proxy"] and COMPOSE["networks"]["inner"]["internal"] is True


def test_nothing_in_compose_runs_as_root_or_gains_rights() -> None:
    for name, service in SERVICES.items():
        user = service["user"].partition(":")[0]
        assert user.isdigit() and int(user) > 0, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name


def test_no_secret_of_compose_has_a_value_or_a_default() -> None:
    for name, service in SERVICES.items():
        for variable, value in service.get("environment", {}).items():
            if SECRET.search(variable):
                assert ":?" in value, f"{name} {variable}"
                rest = re.sub(r"\$\{\w+:\?[^}]*\}", "", value)
                assert "PASSWORD" not in variable or rest == "", f"{name} {variable}"
    filled = [
        line
        for line in (INFRA / "compose/example.env").read_text().splitlines()
        if SECRET.search(line.partition("=")[0]) and line.partition("=")[2]
    ]
    assert filled == []


def test_what_compose_asks_for_is_in_the_example() -> None:
    asked = re.findall(r"\$\{(\w+):\?", (INFRA / "compose/compose.yaml").read_text())
    given = re.findall(r"^(\w+)=", (INFRA / "compose/example.env").read_text(), re.MULTILINE)
    assert set(asked) <= set(given)


def test_what_depends_on_what_is_there() -> None:
    for name, service in SERVICES.items():
        assert set(service.get("depends_on", ())) <= set(SERVICES), name
        for volume in service.get("volumes", ()):
            source = volume.partition(":")[0]
            if source.startswith("./"):
                assert (INFRA / "compose" / source).is_file(), volume
            elif not source.startswith("/"):
                assert source in COMPOSE["volumes"], volume


def test_the_image_is_pinned_and_not_of_root() -> None:
    lines = (INFRA / "docker/Dockerfile").read_text().splitlines()
    bases = [line.split()[1] for line in lines if line.startswith("FROM ")]
    stages = [line.split()[-1] for line in lines if line.startswith("FROM ")]
    assert all(PINNED.match(base) or base in stages for base in bases)
    assert {"cpu", "cuda"} <= set(stages)
    for stage in ("cpu", "cuda"):
        start = next(n for n, line in enumerate(lines) if line.endswith(f" AS {stage}"))
        user = next(line for line in lines[start:] if line.startswith("USER "))
        assert user == "USER 10001:10001"
    installs = [line for line in lines if "pip install" in line]
    assert all("requirements" in line or "--no-deps" in line for line in installs)


def test_what_git_ignores_is_not_in_the_image() -> None:
    """Secrets above all: what is ignored anywhere, or at the top alone, is so for Docker too."""
    ignored = [
        f"**/{line.rstrip('/')}" if "/" not in line.rstrip("/") else line.strip("/")
        for line in (PROJECT / ".gitignore").read_text().splitlines()
    ]
    left_out = (PROJECT / ".dockerignore").read_text().splitlines()
    assert "**/.env" in ignored and [line for line in ignored if line not in left_out] == []
    assert not any(line.startswith("!") for line in left_out)


def test_pods_are_closed() -> None:
    found = dict(pods())
    assert set(found) == {
        "prefect",
        "mlflow",
        "worker",
        "deploy",
        "prefect-migrate",
        "mlflow-migrate",
        "users",
        "metrics",
    }
    for name, pod in found.items():
        assert pod["securityContext"]["runAsNonRoot"] is True, name
        assert pod["automountServiceAccountToken"] is False, name
        for container in pod["containers"]:
            rights = container["securityContext"]
            assert rights["allowPrivilegeEscalation"] is False, name
            assert rights["readOnlyRootFilesystem"] is True, name
            assert rights["capabilities"] == {"drop": ["ALL"]}, name
            assert {"cpu", "memory"} <= set(container["resources"]["limits"]), name
            for item in container.get("env", ()):
                assert not SECRET.search(item["name"]) or "valueFrom" in item, name


def test_who_asks_the_servers_may_reach_them() -> None:
    labels = {
        m["metadata"]["name"]: m["spec"]["template"]["metadata"]["labels"]
        for m in manifests()
        if m["kind"] in ("Deployment", "Job")
    }
    clients = [name for name, given in labels.items() if given["role"] == "client"]
    assert sorted(clients) == ["deploy", "metrics", "users", "worker"]


def test_the_user_that_is_made_is_the_one_that_workers_log_in_as() -> None:
    (users,), (worker,) = (dict(pods())[name]["containers"] for name in ("users", "worker"))
    made = {item["name"]: item.get("valueFrom") for item in users["env"]}
    used = {item["name"]: item.get("valueFrom") for item in worker["env"]}
    assert made["MLFLOW_WORKER_PASSWORD"] == used["MLFLOW_TRACKING_PASSWORD"]
    (settings,) = (m["metadata"]["name"] for m in manifests() if m["kind"] == "ConfigMap")
    named = {"configMapKeyRef": {"name": settings, "key": "MLFLOW_TRACKING_USERNAME"}}
    assert made["MLFLOW_WORKER_USER"] == named
    assert worker["envFrom"] == [{"configMapRef": {"name": settings}}]


def test_servers_are_probed() -> None:
    for name in ("prefect", "mlflow"):
        (container,) = dict(pods())[name]["containers"]
        assert {"startupProbe", "readinessProbe", "livenessProbe"} <= set(container)


def test_kustomizations_name_what_is_there() -> None:
    for folder in ("base", "gpu"):
        path = INFRA / "kubernetes" / folder
        settings = yaml.safe_load((path / "kustomization.yaml").read_text())
        patches = [patch["path"] for patch in settings.get("patches", ())]
        for name in (*settings["resources"], *patches):
            assert (path / name).exists(), name
        files = {file.name for file in path.glob("*.yaml")} - {"kustomization.yaml"}
        assert files <= {*settings["resources"], *patches}
        assert all(PINNED.match(f"x:{image['newTag']}") for image in settings["images"])
    used = {c["image"] for _, pod in pods() for c in pod["containers"]}
    assert used == {"mintmark"}


def test_nothing_may_talk_unless_it_is_said() -> None:
    policies = {
        m["metadata"]["name"]: m["spec"] for m in manifests() if m["kind"] == "NetworkPolicy"
    }
    closed = policies["nothing-by-default"]
    assert closed == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}


def test_no_role_may_do_everything() -> None:
    for path in (INFRA / "terraform").glob("*.tf"):
        text = path.read_text()
        assert text.count("{") == text.count("}") and text.count("[") == text.count("]"), path
        allowed = [
            part for part in text.split("statement {")[1:] if 'effect    = "Deny"' not in part
        ]
        for statement in allowed:
            assert '"s3:*"' not in statement and '"*"' not in statement.partition("}")[0], path


@pytest.mark.parametrize("name", ["mlflow", "prefect"])
def test_the_servers_do_not_start_without_their_secrets(name: str) -> None:
    script = INFRA / "servers" / f"{name}.sh"
    done = subprocess.run(
        ["sh", str(script), "serve"], env={}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2 and "the database" in done.stderr
    assert not re.search(r"(PASSWORD|SECRET\w*|AUTH_STRING):-", script.read_text())


def test_where_the_programs_are_they_agree(tmp_path: Path) -> None:
    checks = {
        "docker": ["docker", "compose", "-f", str(INFRA / "compose/compose.yaml"), "config", "-q"],
        "kubectl": ["kubectl", "kustomize", str(INFRA / "kubernetes/gpu")],
        "terraform": ["terraform", "fmt", "-check", str(INFRA / "terraform")],
    }
    there = [command for name, command in checks.items() if shutil.which(name)]
    there = [command for command in there if command[0] != "docker" or _has_compose()]
    if not there:
        pytest.skip("neither docker compose, kubectl nor terraform is installed")
    variables = {
        name: "x" for name in re.findall(r"\$\{(\w+):\?", Path(checks["docker"][3]).read_text())
    }
    for command in there:
        subprocess.run(
            command,
            check=True,
            stdout=subprocess.DEVNULL,
            env={"PATH": "/usr/bin:/usr/local/bin"} | variables,
        )
