"""Real registered generators on made-up tables, by the shortest real way."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from mlflow import MlflowClient

from components.config import ForestConfig, Gate, ModelConfig, PrepareConfig, Purpose
from components.data.table import Table
from components.evaluation.evidence import GateResult, Verdict
from components.models.catalog import make_model
from components.registry.candidates import Candidate, register
from components.registry.packaging.door import DoorResult
from components.registry.packaging.logged import log_generator
from components.registry.packaging.packages import Package
from components.registry.promotion import champion, promote
from components.registry.releases.ledger import Ancestry, find_ancestry
from components.registry.runs import open_run
from components.storage.home import Home
from tests.procedural import mixed_table
from tests.reporting import samples

UNTRIED = DoorResult(True, "not tried: see test_packaging.py, a fresh process takes seconds")
REASON = "cleared for sharing: the loss is 0.01, at most 0.02; less than 0.05 is asked"


def register_generator(
    client: MlflowClient,
    home: Home,
    name: str,
    data: str,
    *,
    seed: int = 0,
    passed: bool = True,
    purpose: Purpose = Purpose.SHARING,
    ancestry: Ancestry | None = None,
    weights: str | None = None,
    config: ModelConfig | None = None,
    table: Table | None = None,
) -> str:
    """The new version of `name`: a model of a made-up table, said to be trained on `data`."""
    found = ancestry or find_ancestry(client, PrepareConfig(data=data, target="outcome"))
    lineage = replace(
        samples.lineage(),
        name=name,
        seed=seed,
        data_uri=found.data_uri,
        data_sha256=found.data_sha256,
        content_keys={"models/generator": weights or f"{name}-{data}-{seed}"},
        synthetic_depth=found.depth,
        synthetic_share=found.share,
        parents=found.parents,
    )
    gate = Gate(metric="tstr_loss", better_than=0.0, margin=0.05)
    result = GateResult(gate=gate, value=0.01, bound=0.02, passed=passed, reason=REASON)
    verdict = Verdict(purpose=purpose, passed=passed, gates=(result,), summary="Judged.")
    with TemporaryDirectory() as folder:
        model = make_model(config or ForestConfig(crowd=2, trees=4, cuts=8))
        model.fit(table or mixed_table(200, seed), seed=seed)
        model.save(Path(folder) / "generator")
        key = f"{name}-{data}-{seed}-{passed}-{purpose}"
        candidate = Candidate(
            name=name,
            content_key=key,
            settings={},
            lineage=lineage,
            evidence=samples.bare().model_copy(update={"verdict": verdict}),
            training_curves=(),
            datasets=(),
            files=(),
            data_files=found.files,
        )
        run_id = open_run(client, name, key, home)
        logged = log_generator(Path(folder) / "generator", run_id)
        package = Package(logged.uri.removeprefix("models:/"), UNTRIED, logged.files_sha256)
        return register(client, candidate, run_id, package)


def crown(client: MlflowClient, home: Home, name: str, versions: Sequence[str]) -> None:
    """Promote these versions one after another."""
    for version in versions:
        promote(
            client,
            name,
            version,
            expected=champion(client, name),
            reason="for the test",
            home=home,
        )
