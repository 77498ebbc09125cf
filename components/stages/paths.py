"""Where each stage reads and writes, relative to the folder that holds `dvc.yaml`."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class StagePaths:
    """The files of one workspace."""

    root: Path

    @property
    def params(self) -> Path:
        """The settings."""
        return self.root / "params.yaml"

    @property
    def train(self) -> Path:
        """Training rows (Parquet)."""
        return self.root / "data/prepared/train.parquet"

    @property
    def test(self) -> Path:
        """Locked test rows (Parquet); only `evaluate` may read them."""
        return self.root / "data/prepared/test.parquet"

    @property
    def schema(self) -> Path:
        """The schema of the training rows (JSON)."""
        return self.root / "data/prepared/schema.json"

    @property
    def split(self) -> Path:
        """Row counts and hashes that lock the split (JSON)."""
        return self.root / "data/prepared/split.json"

    @property
    def model(self) -> Path:
        """The fitted model's folder."""
        return self.root / "models/generator"

    @property
    def race(self) -> Path:
        """The race that the model won (JSON), where there was one; it goes with the model."""
        return self.model / "race.json"

    @property
    def calibration(self) -> Path:
        """The scale of a detector's scores (JSON); it goes with the model, where there is one."""
        return self.model / "calibration.json"

    @property
    def training_curves(self) -> Path:
        """What training logged, a row a step (CSV)."""
        return self.root / "models/training_curves.csv"

    @property
    def synthetic(self) -> Path:
        """The synthetic rows that are judged (Parquet)."""
        return self.root / "data/synthetic/synthetic.parquet"

    @property
    def evidence(self) -> Path:
        """What the evaluation found (JSON)."""
        return self.root / "evaluation/evidence.json"

    @property
    def panels(self) -> Path:
        """Images to look at beside the evidence (JSON); none where rows are judged."""
        return self.root / "evaluation/panels.json"

    @property
    def metrics(self) -> Path:
        """The evidence's measurements alone, for `dvc metrics` (JSON)."""
        return self.root / "evaluation/metrics.json"
