"""The model as MLflow serves it ("models from code"): it needs the model's own requirements and nothing else of Addendum.

MLflow runs this file when a registered model is loaded; ``pipelines.learners`` and ``pipelines.domain`` travel beside it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mlflow.models import set_model
from mlflow.pyfunc.model import PythonModel, PythonModelContext

from pipelines.domain.identities import digest_bytes
from pipelines.learners.predictors import load_predictor
from pipelines.learners.protocols import Document


class ServedModel(PythonModel):  # type: ignore[misc]  # MLflow is untyped here
    """A classifier answers with a label for each text, a language model with a continuation of each text."""

    def load_context(self, context: PythonModelContext) -> None:
        """Read the model's folder."""
        self.predictor = load_predictor(Path(context.artifacts["model"]), threads=1)

    def predict(self, context: PythonModelContext, model_input: list[str], params: dict[str, Any] | None = None) -> list[str]:
        """Answer each text; ``params={"tokens": n}`` bounds a continuation (default 32)."""
        del context
        completions = self.predictor.complete(model_input, int((params or {}).get("tokens", 32)))
        if completions is not None:
            return completions
        documents = [Document(row_id=digest_bytes(text.encode()), text=text) for text in model_input]
        return [prediction.predicted for prediction in self.predictor.predict(documents)]


set_model(ServedModel())
