"""The model as MLflow serves it ("models from code"): it needs the model's own requirements and nothing else of Addendum.

MLflow runs this file when a registered model is loaded; ``pipelines.learners`` and ``pipelines.domain`` travel beside it. No file
of the model is read before its signature holds.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Any

from mlflow.models import set_model
from mlflow.pyfunc.model import PythonModel, PythonModelContext

from pipelines.domain.identities import digest_bytes
from pipelines.learners.predictors import load_predictor
from pipelines.learners.protocols import Document
from pipelines.promote.verifying import check_signed

TRUSTED = "ADDENDUM_MODEL_PUBLIC_KEY"
"""The settings do not travel with a model, so this one variable of theirs is read here too."""


class ServedModel(PythonModel):  # type: ignore[misc]  # MLflow is untyped here
    """A classifier answers with a label for each text, a language model with a continuation of each text."""

    def load_context(self, context: PythonModelContext) -> None:
        """Check the model's folder against its signature, and read it.

        Raises :class:`~pipelines.domain.errors.SignatureError` for a file that is not as it was signed.
        """
        check_integrity(Path(context.artifacts["model"]), Path(context.artifacts["signature"]), os.environ.get(TRUSTED))
        self.predictor = load_predictor(Path(context.artifacts["model"]), threads=1)

    def predict(self, context: PythonModelContext, model_input: list[str], params: dict[str, Any] | None = None) -> list[str]:
        """Answer each text; ``params={"tokens": n}`` bounds a continuation (default 32)."""
        del context
        completions = self.predictor.complete(model_input, int((params or {}).get("tokens", 32)))
        if completions is not None:
            return completions
        documents = [Document(row_id=digest_bytes(text.encode()), text=text) for text in model_input]
        return [prediction.predicted for prediction in self.predictor.predict(documents)]


def check_integrity(model: Path, signature: Path, trusted: str | None) -> None:
    """Check the signature by the key in the file ``trusted``; without one by the key beside it, which proves integrity only."""
    if not trusted:
        said = "%s names no public key: the model is whole, but whoever replaced it could have replaced the key beside it too"
        logging.getLogger("addendum.serving").warning(said, TRUSTED)
    check_signed(model, signature / "model.sig", (Path(trusted) if trusted else signature / "model.pub").read_bytes())


set_model(ServedModel())
