"""How the linear model is kept and asked: a JSON vocabulary, a matrix in safetensors, and NumPy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file, save

from pipelines.files import read_json, write_bytes, write_json
from pipelines.learners.cards import read_card
from pipelines.learners.labels import normalise_scores, read_probabilities
from pipelines.learners.protocols import Document, Pair, Prediction, Preference
from pipelines.learners.terms import weigh_terms


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """The vocabulary, in the order of the matrix's columns: inverse document frequency by term."""

    weights: dict[str, float]
    has_pairs: bool


def write_weights(folder: Path, terms: Terms, coefficients: NDArray[np.float64], intercepts: NDArray[np.float64]) -> None:
    """Write ``vocabulary.json`` and ``weights.safetensors`` (labels x terms, single precision)."""
    tensors = {"coefficients": coefficients.astype(np.float32), "intercepts": intercepts.astype(np.float32)}
    write_json(folder / "vocabulary.json", terms)
    write_bytes(folder / "weights.safetensors", save(tensors))


class LinearPredictor:
    """The model read from its folder."""

    def __init__(self, labels: tuple[str, ...], terms: Terms, tensors: dict[str, NDArray[np.float32]]) -> None:
        self._labels = labels
        self._terms = terms
        self._coefficients = tensors["coefficients"].astype(np.float64)
        self._intercepts = tensors["intercepts"].astype(np.float64)

    @classmethod
    def load(cls, folder: Path) -> LinearPredictor:
        """Read what :func:`write_weights` wrote, with the labels of ``model.json``."""
        terms = read_json(folder / "vocabulary.json", Terms)
        return cls(read_card(folder).labels, terms, load_file(folder / "weights.safetensors"))

    def predict(self, documents: Sequence[Document]) -> list[Prediction]:
        """Return each document's likeliest label, and the loss of its own."""
        if not documents:
            return []
        return read_probabilities(documents, self.give_chances([document.text for document in documents]), self._labels)

    def give_chances(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Return the probability of every label for each text (texts x labels, in the order of the model's labels)."""
        matrix = weigh_terms(texts, self._terms.weights, has_pairs=self._terms.has_pairs)
        return normalise_scores(np.asarray(matrix @ self._coefficients.T) + self._intercepts)

    def prefer(self, pairs: Sequence[Pair]) -> list[Preference] | None:  # noqa: ARG002  # the protocol's
        """Return ``None``: it knows no likelihood of text."""
        return None

    def complete(self, prompts: Sequence[str], tokens: int) -> list[str] | None:  # noqa: ARG002  # the protocol's
        """Return ``None``: it writes no text."""
        return None
