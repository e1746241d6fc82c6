"""What a served model brings along: its signature, the part of our code that reads it, and the libraries that this part needs."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from importlib.metadata import version as installed_version
from pathlib import Path

from pipelines.promote.model_keys import ModelKeys
from pipelines.promote.signatures import sign_model

SIGNATURE_FOLDER = "signature"
LINEAR_NEEDS = ("cryptography", "numpy", "pydantic", "safetensors", "scipy")
TORCH_NEEDS = (*LINEAR_NEEDS, "tokenizers", "torch", "transformers")
NEEDS: Mapping[str, tuple[str, ...]] = {"linear": LINEAR_NEEDS, "classifier": TORCH_NEEDS, "causal_lm": TORCH_NEEDS}
TRAVELLING = ("__init__.py", "files.py", "domain", "learners", "promote/__init__.py", "promote/verifying.py")
"""What of ``pipelines`` a served model brings along."""


def log_model(uri: str, keys: ModelKeys, run: str, model: Path, kind: str) -> tuple[str, str]:
    """Sign the folder and log it to the MLflow run with all that it brings along; return its URI and its id there."""
    import mlflow

    with tempfile.TemporaryDirectory() as temporary:
        code, signature = Path(temporary) / "pipelines", Path(temporary) / SIGNATURE_FOLDER
        lay_code(code)
        sign_model(model, signature, keys)
        mlflow.set_tracking_uri(uri)
        with mlflow.start_run(run_id=run, log_system_metrics=False):
            logged = mlflow.pyfunc.log_model(
                name="model",
                python_model=str(Path(__file__).resolve().with_name("serving.py")),
                artifacts={"model": str(model), "signature": str(signature)},
                code_paths=[str(code)],
                pip_requirements=list_requirements(kind),
            )
    return str(logged.model_uri), str(logged.model_id)


def lay_code(destination: Path) -> None:
    """Copy what travels into ``destination``, which becomes the package ``pipelines`` of the served model."""
    here = Path(__file__).resolve().parents[1]
    for name in TRAVELLING:
        (destination / name).parent.mkdir(parents=True, exist_ok=True)
        if (here / name).is_dir():
            shutil.copytree(here / name, destination / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(here / name, destination / name)


def list_requirements(kind: str) -> list[str]:
    """Return what a model of this kind is installed with, at the versions that it was made with."""
    return [f"{name}=={installed_version(name).split('+')[0]}" for name in ("mlflow", *NEEDS[kind])]


def find_model(held: Path) -> Path:
    """Return the model's folder in what was downloaded: MLflow keeps the name that it had when it was registered."""
    return next((path for path in sorted(held.glob("*")) if path.is_dir() and path.name != SIGNATURE_FOLDER), held)
