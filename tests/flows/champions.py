"""A champion without a training: what monitoring reads of one, in a real registry and cache."""

import hashlib
import json
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path

import pandas as pd
import yaml
from mlflow import MlflowClient

from components.config import Params, Purpose
from components.data.table import Table
from components.registry.promotion import CHAMPION
from components.registry.tracking import find_experiment
from components.stages.paths import StagePaths
from components.storage.dvc import cached_file
from components.storage.home import Home


def keep_by_content(content: bytes, home: Home) -> str:
    """The md5 of `content`, which is now in the cache."""
    md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
    path = cached_file(home, md5)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return md5


def make_version(
    client: MlflowClient,
    name: str,
    train: Table,
    test: Table,
    synthetic: pd.DataFrame,
    home: Home,
    *,
    data: str,
    purpose: Purpose = Purpose.SHARING,
) -> str:
    """A version that was made of these rows, which is nobody's champion yet; its number."""
    frames = {
        "data/prepared/train.parquet": train.frame,
        "data/prepared/test.parquet": test.frame,
        "data/synthetic/synthetic.parquet": synthetic,
    }
    keys = {"data/prepared/schema.json": train.schema.model_dump_json().encode()} | {
        path: _as_parquet(frame) for path, frame in frames.items()
    }
    run = client.create_run(find_experiment(client, name, home))
    settings = {
        "name": name,
        "prepare": {"data": data, "drop": [], "target": train.schema.target},
        "train": {"model": {"name": "trees"}},
        "evaluate": {"purpose": purpose.value},
    }
    client.log_text(run.info.run_id, yaml.safe_dump(settings), "params.yaml")
    if name not in [model.name for model in client.search_registered_models()]:
        client.create_registered_model(name)
    kept = {path: keep_by_content(content, home) for path, content in keys.items()}
    return _registered(client, name, run.info.run_id, kept)


def _as_parquet(frame: pd.DataFrame) -> bytes:
    buffer = BytesIO()
    frame.to_parquet(buffer, index=False)
    return buffer.getvalue()


def make_champion(
    client: MlflowClient,
    name: str,
    table: Table,
    home: Home,
    *,
    data: str,
    drop: tuple[str, ...] = (),
) -> str:
    """A champion trained on `table`, prepared from `data` less the columns `drop`; its number."""
    rows = home.root / "rows.parquet"
    table.frame.to_parquet(rows, index=False)
    keys = {
        "data/prepared/train.parquet": keep_by_content(rows.read_bytes(), home),
        "data/prepared/schema.json": keep_by_content(table.schema.model_dump_json().encode(), home),
    }
    run = client.create_run(find_experiment(client, name, home))
    settings = {"prepare": {"data": data, "drop": list(drop)}}
    client.log_text(run.info.run_id, yaml.safe_dump(settings), "params.yaml")
    client.create_registered_model(name)
    return _crowned(client, name, _registered(client, name, run.info.run_id, keys))


def make_detector(
    client: MlflowClient,
    name: str,
    table: Table,
    model_dir: Path,
    home: Home,
    *,
    data: str,
    false_alarms: float = 0.05,
) -> str:
    """A champion that finds anomalies, of what `train` wrote to `model_dir`; its number.

    The folder lies where a package has it; no code goes with it.
    """
    rows = home.root / "rows.parquet"
    table.frame.to_parquet(rows, index=False)
    keys = {
        "data/prepared/train.parquet": keep_by_content(rows.read_bytes(), home),
        "data/prepared/schema.json": keep_by_content(table.schema.model_dump_json().encode(), home),
    }
    run = client.create_run(find_experiment(client, name, home))
    settings = {
        "prepare": {"data": data, "drop": [], "target": table.schema.target},
        "evaluate": {"purpose": Purpose.ANOMALY.value, "false_alarms": false_alarms},
    }
    client.log_text(run.info.run_id, yaml.safe_dump(settings), "params.yaml")
    client.create_registered_model(name)
    client.log_artifacts(run.info.run_id, str(model_dir), "generator/data/generator")
    return _crowned(client, name, _registered(client, name, run.info.run_id, keys))


def make_image_champion(
    client: MlflowClient, name: str, params: Params, paths: StagePaths, home: Home
) -> str:
    """A champion of images, of what `prepare` and `train` wrote to `paths`; its number.

    The images it made are those it was trained on.
    """
    bare = StagePaths(Path())
    written = {bare.train: paths.train, bare.test: paths.test, bare.schema: paths.schema}
    written[bare.synthetic] = paths.train
    keys = {str(key): keep_by_content(path.read_bytes(), home) for key, path in written.items()}
    run = client.create_run(find_experiment(client, name, home))
    settings = yaml.safe_dump(params.model_dump(mode="json", exclude_none=True))
    client.log_text(run.info.run_id, settings, "params.yaml")
    client.create_registered_model(name)
    client.log_artifacts(run.info.run_id, str(paths.model), "generator/data/generator")
    return _crowned(client, name, _registered(client, name, run.info.run_id, keys))


def _registered(client: MlflowClient, name: str, run_id: str, keys: Mapping[str, str]) -> str:
    """A version made by a run, whose outputs have these hashes; its number."""
    source, tags = f"runs:/{run_id}/generator", {"mintmark.content_keys": json.dumps(keys)}
    return str(client.create_model_version(name, source, run_id, tags=tags).version)


def _crowned(client: MlflowClient, name: str, version: str) -> str:
    """The version, which is champion now."""
    client.set_registered_model_alias(name, CHAMPION, version)
    return version
