"""What a served model brings along: the part of our code that reads it, and the libraries that this part needs, pinned."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from importlib.metadata import version as installed_version
from pathlib import Path

LINEAR_NEEDS = ("cryptography", "numpy", "pydantic", "safetensors", "scipy")
TORCH_NEEDS = (*LINEAR_NEEDS, "tokenizers", "torch", "transformers")
NEEDS: Mapping[str, tuple[str, ...]] = {"linear": LINEAR_NEEDS, "classifier": TORCH_NEEDS, "causal_lm": TORCH_NEEDS}
TRAVELLING = ("__init__.py", "files.py", "domain", "learners", "promote/__init__.py", "promote/verifying.py")
"""What of ``pipelines`` a served model brings along."""


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
