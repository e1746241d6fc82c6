"""The environment, read here alone. It says where things are, is never hashed, and never changes what a stage computes."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from pipelines.workspace import Home


class Settings(BaseSettings):
    """What ``ADDENDUM_*`` variables say; every one has a default that works on a laptop."""

    model_config = SettingsConfigDict(env_prefix="ADDENDUM_", frozen=True, extra="ignore")

    home: Path = Path(".addendum")
    ledger_url: str | None = Field(default=None, description="SQLAlchemy URL; default: SQLite under the home")
    mlflow_uri: str | None = Field(default=None, description="MLflow tracking URI; default: SQLite under the home")
    mlflow_run: str | None = Field(default=None, description="the MLflow run that a stage logs to; none: no logging")
    corpus_root: str | None = Field(default=None, description="URI that holds the Delta tables; default: under the home")
    source_urls: dict[str, str] = Field(default_factory=dict, description="base URL by source, instead of the official one")
    regulations_gov_key: SecretStr | None = None
    openfda_key: SecretStr | None = None
    ncbi_key: SecretStr | None = None
    s3_endpoint: str | None = None
    actor: str = Field(default="local", description="who the ledger says did it")
    data: Path = Field(default=Path("../shared/data"), description="optional folder of real data for tests and benchmarks")

    @property
    def place(self) -> Home:
        """The home as named paths."""
        return Home(self.home.resolve())

    @property
    def ledger_address(self) -> str:
        """The ledger's SQLAlchemy URL."""
        return self.ledger_url or f"sqlite:///{self.place.ledger}"

    @property
    def tracking_address(self) -> str:
        """MLflow's tracking URI."""
        return self.mlflow_uri or f"sqlite:///{self.place.mlflow / 'mlflow.db'}"
