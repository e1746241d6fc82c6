"""Texts as weighted terms (TF-IDF), for the linear learner: one function for fitting and predicting, so they cannot differ.

The weights are those of scikit-learn's ``TfidfTransformer`` (smoothed inverse document frequency, sublinear term frequency, rows
of unit length): https://scikit-learn.org/stable/modules/feature_extraction.html#tfidf-term-weighting
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Matrix: TypeAlias = Any
"""A SciPy sparse matrix: SciPy has no types."""

_WORD = re.compile(r"\b\w\w+\b")


def split_terms(text: str, *, has_pairs: bool) -> list[str]:
    """Return the text's words in lower case and, when asked, each two neighbours as a term of their own."""
    words = _WORD.findall(text.lower())
    return words + [f"{left} {right}" for left, right in pairwise(words)] if has_pairs else words


def choose_vocabulary(texts: Sequence[str], *, has_pairs: bool, limit: int, rarest: int) -> dict[str, float]:
    """Return the inverse document frequency of the ``limit`` commonest terms that at least ``rarest`` texts hold, sorted."""
    frequencies: Counter[str] = Counter()
    for text in texts:
        frequencies.update(set(split_terms(text, has_pairs=has_pairs)))
    common = sorted((-count, term) for term, count in frequencies.items() if count >= rarest)[:limit]
    chosen = {term: float(np.log((1 + len(texts)) / (1 - negative)) + 1) for negative, term in common}
    return dict(sorted(chosen.items()))


def weigh_terms(texts: Sequence[str], vocabulary: dict[str, float], *, has_pairs: bool) -> Matrix:
    """Return a sparse matrix (texts x vocabulary) of weights; terms outside of the vocabulary count for nothing."""
    from scipy.sparse import csr_matrix

    places = {term: place for place, term in enumerate(vocabulary)}
    columns: list[int] = []
    values: list[float] = []
    ends = [0]
    for text in texts:
        counts = Counter(term for term in split_terms(text, has_pairs=has_pairs) if term in places)
        terms = sorted(counts)
        weights = np.array([(1 + np.log(counts[term])) * vocabulary[term] for term in terms], dtype=np.float64)
        columns.extend(places[term] for term in terms)
        values.extend(_shorten_to_one(weights).tolist())
        ends.append(len(columns))
    return csr_matrix((values, columns, ends), shape=(len(texts), len(vocabulary)))


def _shorten_to_one(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(weights / np.linalg.norm(weights)) if len(weights) else weights
