"""The environment, read here alone. It says where things are, is never hashed, and never changes what a stage computes.

Last bits apart, where it has several processes train together: their number is noted with the run, as the machine is.
"""

from __future__ import annotations

import getpass
import os
import re
import secrets
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from pipelines.clock import Clock, SetClock, SystemClock
from pipelines.domain.errors import ParamsError
from pipelines.domain.identities import DomainName
from pipelines.workspace import Home

QUIET: Mapping[str, str] = {
    "DO_NOT_TRACK": "true",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_LOGGING_LEVEL": "WARNING",
    "DVC_NO_ANALYTICS": "1",
    "ITERATIVE_DO_NOT_TRACK": "1",
    "GX_ANALYTICS_ENABLED": "false",
    "DAFT_ANALYTICS_ENABLED": "0",
    "RAY_USAGE_STATS_ENABLED": "0",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "GIT_PYTHON_REFRESH": "quiet",
}
"""What keeps every library of the stack from calling home. MLflow obeys the word ``true`` only."""


CUBLAS = {"CUBLAS_WORKSPACE_CONFIG": ":4096:8"}
"""Without it cuBLAS may choose its workspaces by chance, and torch refuses to be deterministic."""


def bind_threads(threads: int) -> Mapping[str, str]:
    """Return what fixes the thread count of every numeric library; it must be set before torch or numpy is imported.

    Two OpenMP threads that spin on busy cores slow a training loop twenty-fold, so threads wait passively.
    """
    count = str(threads)
    return {
        "OMP_NUM_THREADS": count,
        "MKL_NUM_THREADS": count,
        "OPENBLAS_NUM_THREADS": count,
        "OMP_WAIT_POLICY": "passive",
        **CUBLAS,
    }


def name_user() -> str:
    """Return the name under which this process runs; a process without one (a bare container) is ``local``."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "local"


class Settings(BaseSettings):
    """What ``ADDENDUM_*`` variables say; every one has a default that works on a laptop."""

    model_config = SettingsConfigDict(env_prefix="ADDENDUM_", frozen=True, extra="ignore")

    home: Path = Path(".addendum")
    workspace: Path = Field(default=Path(), description="the clone that holds params.yaml")
    now: datetime | None = Field(default=None, description="a time that stands still, for a rehearsal")
    flow_process: int | None = Field(default=None, description="the process that runs the flow; a stage ends when it is gone")
    fit_deployment: str | None = Field(default=None, description="run `fit` as this deployment (on a GPU pool) instead of here")
    promote_deployment: str | None = Field(default=None, description="ask for an approval on this deployment's page")
    ledger_url: str | None = Field(default=None, description="SQLAlchemy URL; default: SQLite under the home")
    ledger_key: Path | None = Field(default=None, description="private key that signs the ledger; default: made under the home")
    mlflow_uri: str | None = Field(default=None, description="MLflow tracking URI; default: SQLite under the home")
    mlflow_run: str | None = Field(default=None, description="the MLflow run that a stage logs to; none: no logging")
    corpus_root: str | None = Field(default=None, description="URI that holds the Delta tables; default: under the home")
    source_urls: dict[str, str] = Field(default_factory=dict, description="base URL by source, instead of the official one")
    regulations_gov_key: SecretStr | None = None
    openfda_key: SecretStr | None = None
    ncbi_key: SecretStr | None = None
    s3_endpoint: str | None = Field(default=None, description="the S3 server of `s3_bucket` sources, when it is not Amazon's")
    s3_access_key_id: SecretStr | None = None
    s3_secret_access_key: SecretStr | None = None
    model_key: Path | None = Field(default=None, description="private key that models are signed with; default: in the home")
    model_public_key: Path | None = Field(default=None, description="public key that models are trusted by; default: in the home")
    checkpoint_seconds: float = Field(default=60.0, ge=0, description="least time between two checkpoints of a training")
    launch: str | None = Field(default=None, description="train in several processes: `torchrun …` or `accelerate launch …`")
    sharded: bool = Field(default=False, description="divide the model among the processes too: it does not fit one device")
    engine: Literal["local", "ray"] = Field(default="local", description="what Daft curates on: this machine, or a Ray cluster")
    actor: str = Field(default_factory=name_user, description="who the ledger says did it")
    data: Path = Field(default=Path("../shared/data"), description="optional folder of real data for tests and benchmarks")

    @property
    def place(self) -> Home:
        """The home as named paths."""
        return Home(self.home.resolve())

    @property
    def clock(self) -> Clock:
        """The time as this process is told it."""
        return SetClock(self.now) if self.now else SystemClock()

    @property
    def base_urls(self) -> Mapping[str, str]:
        """Where sources are, as far as they are not at their official address."""
        return {"s3_bucket": self.s3_endpoint, **self.source_urls} if self.s3_endpoint else self.source_urls

    @property
    def secrets(self) -> Mapping[str, str]:
        """API keys by the name that a source asks for; absent ones are left out."""
        keys = {
            "regulations_gov": self.regulations_gov_key,
            "openfda": self.openfda_key,
            "ncbi": self.ncbi_key,
            "s3_access_key_id": self.s3_access_key_id,
            "s3_secret_access_key": self.s3_secret_access_key,
        }
        return {name: key.get_secret_value() for name, key in keys.items() if key is not None}

    @property
    def ledger_address(self) -> str:
        """The ledger's SQLAlchemy URL."""
        return self.ledger_url or f"sqlite:///{self.place.ledger}"

    @property
    def tracking_address(self) -> str:
        """MLflow's tracking URI."""
        return self.mlflow_uri or f"sqlite:///{self.place.mlflow / 'mlflow.db'}"

    @property
    def artifact_root(self) -> str:
        """Where new MLflow experiments keep their artifacts when MLflow is embedded."""
        return (self.place.mlflow / "artifacts").as_uri()

    def find_key(self, name: str) -> str | None:
        """Return the secret key ``name``: of that variable, of the file that ``<name>_FILE`` names, or of ``keys/secrets``.

        White space around it is not part of it, and an empty variable is none. Raises :class:`ParamsError` for a file that cannot
        be read or holds nothing; it names the file and shows nothing of it.
        """
        spoken, named = (os.environ.get(variable, "").strip() for variable in (name, f"{name}_FILE"))
        if spoken:
            return spoken
        if named and not Path(named).is_absolute():
            # a stage runs in another folder than the flow that starts it
            raise ParamsError(f"{name}_FILE: {named} is not a whole path: begin it with /")
        file = Path(named) if named else self.place.secrets / name
        try:
            key = file.read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            if named:
                raise ParamsError(f"{name}_FILE: {file} is not there: set it right, or unset it") from None
            return None
        except (OSError, UnicodeDecodeError):
            raise ParamsError(
                f"{file} cannot be read as text: let this user read it, and keep the key as letters in it"
            ) from None
        if not key:
            raise ParamsError(f"{file} holds no key: put it back, or remove the file")
        return key

    def make_key(self, name: str) -> str:
        """Write a new secret key (32 bytes by chance, as hexadecimal digits) for this user alone to ``keys/secrets``; return it.

        Raises :class:`ParamsError` where one is there already.
        """
        file = self.place.secrets / name
        for folder in (self.place.keys, self.place.secrets):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        key = secrets.token_hex(32)
        try:
            handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError as error:
            raise ParamsError(f"{file} is there already: a key is never overwritten") from error
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(f"{key}\n")
            stream.flush()
            os.fsync(stream.fileno())  # its seal is committed, and must not outlive it
        return key

    def corpus_address(self, domain: DomainName) -> str:
        """The URI of the domain's Delta table."""
        return f"{self.corpus_root.rstrip('/')}/{domain}" if self.corpus_root else str(self.place.corpus(domain))


class Companions(BaseSettings):
    """What ``torchrun`` or ``accelerate launch`` tells each of the processes that it starts; nothing where nobody did."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore")

    rank: int | None = Field(default=None, validation_alias="RANK")
    size: int = Field(default=1, validation_alias="WORLD_SIZE")
    local_rank: int = Field(default=0, validation_alias="LOCAL_RANK")
    is_on_cpu: bool = Field(default=False, validation_alias="ACCELERATE_USE_CPU")
    has_fsdp: bool = Field(default=False, validation_alias="ACCELERATE_USE_FSDP")
    has_deepspeed: bool = Field(default=False, validation_alias="ACCELERATE_USE_DEEPSPEED")
    has_megatron: bool = Field(default=False, validation_alias="ACCELERATE_USE_MEGATRON_LM")
    has_parallelism: bool = Field(default=False, validation_alias="ACCELERATE_USE_PARALLELISM_CONFIG")
    mixed_precision: str = Field(default="no", validation_alias="ACCELERATE_MIXED_PRECISION")
    accumulation: int = Field(default=1, validation_alias="ACCELERATE_GRADIENT_ACCUMULATION_STEPS")
    dynamo: str = Field(default="no", validation_alias="ACCELERATE_DYNAMO_BACKEND")

    @property
    def is_launched(self) -> bool:
        """Whether a launcher started this process."""
        return self.rank is not None

    @property
    def is_helper(self) -> bool:
        """Whether another process than this one does what one alone must do."""
        return bool(self.rank)

    @property
    def bindings(self) -> Mapping[str, str]:
        """What must be set before torch is imported, so that it finds no accelerator where none is to be used."""
        return {"CUDA_VISIBLE_DEVICES": ""} if self.is_on_cpu else {}


def read_settings() -> Settings:
    """Return what the environment says; raises :class:`ParamsError` naming the variable that cannot be read, not its value."""
    try:
        return Settings()
    except ValidationError as error:
        raise ParamsError(_explain(error, "ADDENDUM_")) from error
    except SettingsError as error:
        field = re.search(r'field "(\w+)"', str(error))
        name = f"ADDENDUM_{field[1].upper()}" if field else "an ADDENDUM_ variable"
        raise ParamsError(f"{name}: it is no JSON: set it right, or unset it") from error


def read_companions() -> Companions:
    """Return what a launcher says; raises :class:`ParamsError` as :func:`read_settings` does."""
    try:
        return Companions()
    except ValidationError as error:
        raise ParamsError(_explain(error, "")) from error


def _explain(error: ValidationError, prefix: str) -> str:
    first = error.errors(include_input=False, include_url=False)[0]
    return f"{prefix}{str(first['loc'][0]).upper()}: {first['msg']}: set it right, or unset it"
