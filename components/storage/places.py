"""Where shared content lies: settings from the environment, read without importing anything."""

import os

from components.errors import UserError

STORE_VARIABLE = "MINTMARK_STORE"
"""The prefix in S3 that all machines share; unset on a machine alone."""
REMOTE_VARIABLE = "MINTMARK_DVC_REMOTE"
"""Another address for DVC's remote, of any kind that an installed plugin of DVC knows."""
REGISTRY_VARIABLE = "MINTMARK_REGISTRY_URI"
"""Where MLflow's server is: a copy of its own variable, which MLflow sets itself once connected."""
ARTIFACTS_VARIABLE = "MINTMARK_ARTIFACTS"
"""Where the MLflow server keeps artifacts (its `--artifacts-destination`), for backups."""


def shared_url() -> str | None:
    """The shared store's address without a slash at its end, None on a machine alone.

    Raises UserError for one that is not in S3.
    """
    url = os.environ.get(STORE_VARIABLE, "").rstrip("/")
    if url and not url.startswith("s3://"):
        raise UserError(f"{STORE_VARIABLE} {url!r}: accepted is s3://BUCKET/PREFIX")
    return url or None


def remote_url() -> str | None:
    """DVC's remote that machines share, None on a machine alone."""
    shared = shared_url()
    return os.environ.get(REMOTE_VARIABLE) or (f"{shared}/dvc" if shared else None)


def dvc_remote_settings(default: str) -> dict[str, str]:
    """DVC's settings of the remote: `default`, a folder, unless machines share one.

    What is read from another machine's store is checked against its hash. Endpoint and
    certificates are those of boto3's variables; keys stay in the environment.
    """
    url = remote_url() or default
    settings = {"url": url}
    if "://" not in url:
        return settings
    settings["verify"] = "true"
    if url.startswith("s3://"):
        endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
        named = {"endpointurl": endpoint, "ssl_verify": os.environ.get("AWS_CA_BUNDLE")}
        settings |= {key: value for key, value in named.items() if value}
    return settings


def is_remote_shared() -> bool:
    """True where other machines may have put results into DVC's remote."""
    return remote_url() is not None
