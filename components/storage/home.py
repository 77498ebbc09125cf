"""The one folder that holds all state of the embedded default."""

import os
from dataclasses import dataclass
from pathlib import Path

HOME_VARIABLE = "MINTMARK_HOME"


@dataclass(frozen=True)
class Home:
    """Where each kind of state lies under `root`. Nothing is created by asking."""

    root: Path

    @property
    def dvc_cache(self) -> Path:
        """The content store and run-cache shared by all workspaces."""
        return self.root / "dvc" / "cache"

    @property
    def dvc_remote(self) -> Path:
        """The default DVC remote."""
        return self.root / "dvc" / "remote"

    @property
    def workspaces(self) -> Path:
        """A folder for each flow run."""
        return self.root / "workspaces"

    @property
    def checkpoints(self) -> Path:
        """A folder for each training, named by its content key."""
        return self.root / "checkpoints"

    @property
    def windows(self) -> Path:
        """The new labelled rows that monitoring met, a folder for each model."""
        return self.root / "windows"

    @property
    def unions(self) -> Path:
        """The rows that models were trained on again, a folder for each model and content."""
        return self.root / "unions"

    @property
    def mlflow(self) -> Path:
        """The registry's database and artifacts."""
        return self.root / "mlflow"

    @property
    def prefect(self) -> Path:
        """Prefect's database and settings."""
        return self.root / "prefect"

    @property
    def reports(self) -> Path:
        """The HTML report of each registered version, and the monitor's page of each model."""
        return self.root / "reports"

    @property
    def releases(self) -> Path:
        """The rows of releases under DVC, a folder for each model and release."""
        return self.root / "releases"

    @property
    def quarantine(self) -> Path:
        """The files of revoked versions, for whoever has to look into them."""
        return self.root / "quarantine"

    @property
    def services(self) -> Path:
        """What keeps the services running, and where these answer."""
        return self.root / "services"

    @property
    def logs(self) -> Path:
        """A log for each service."""
        return self.root / "logs"

    @property
    def sketches(self) -> Path:
        """What monitors know of training rows, by their content; no row is in it."""
        return self.root / "sketches"

    @property
    def locks(self) -> Path:
        """Lock files: one for set-up, one for each model's promotion."""
        return self.root / "locks"


def find_home() -> Home:
    """The folder in `MINTMARK_HOME`, else `.mintmark` in the working directory."""
    return Home(Path(os.environ.get(HOME_VARIABLE, ".mintmark")).absolute())
