"""Weighted terms against scikit-learn's vectoriser, and their laws."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.feature_extraction.text import TfidfVectorizer

from pipelines.learners.terms import choose_vocabulary, split_terms, weigh_terms

TEXTS = st.lists(
    st.lists(st.sampled_from(["Recall", "of", "salmonella", "a", "lot-7", "naïve"]), min_size=1).map(" ".join),
    min_size=1,
    max_size=8,
)


@given(TEXTS, st.booleans())
def test_weights_are_those_of_scikit_learn(texts: list[str], has_pairs: bool) -> None:  # noqa: FBT001
    vocabulary = choose_vocabulary(texts, has_pairs=has_pairs, limit=1000, rarest=1)
    if not vocabulary:
        return
    theirs = TfidfVectorizer(sublinear_tf=True, ngram_range=(1, 2 if has_pairs else 1))
    expected = theirs.fit_transform(texts).toarray()
    assert list(vocabulary) == list(theirs.get_feature_names_out())
    np.testing.assert_allclose(weigh_terms(texts, vocabulary, has_pairs=has_pairs).toarray(), expected, atol=1e-12)


@given(TEXTS)
def test_the_order_of_texts_changes_no_vocabulary(texts: list[str]) -> None:
    chosen = choose_vocabulary(texts, has_pairs=True, limit=5, rarest=1)
    assert choose_vocabulary(texts[::-1], has_pairs=True, limit=5, rarest=1) == chosen
    assert len(chosen) <= 5


def test_keeps_the_commonest_terms_that_are_common_enough() -> None:
    texts = ["lot recall", "lot recall", "lot once"]
    assert list(choose_vocabulary(texts, has_pairs=False, limit=9, rarest=2)) == ["lot", "recall"]
    assert list(choose_vocabulary(texts, has_pairs=False, limit=1, rarest=1)) == ["lot"]


def test_a_text_of_unknown_words_weighs_nothing() -> None:
    vocabulary = choose_vocabulary(["lot recall"], has_pairs=False, limit=9, rarest=1)
    matrix = weigh_terms(["nothing known", ""], vocabulary, has_pairs=False)
    assert matrix.shape == (2, 2)
    assert matrix.nnz == 0


def test_words_are_of_two_letters_or_more_and_in_lower_case() -> None:
    assert split_terms("A Lot of X-rays", has_pairs=True) == ["lot", "of", "rays", "lot of", "of rays"]


def test_rows_are_of_unit_length() -> None:
    texts = ["lot lot lot recall", "recall"]
    matrix = weigh_terms(texts, choose_vocabulary(texts, has_pairs=True, limit=9, rarest=1), has_pairs=True)
    assert np.linalg.norm(matrix.toarray(), axis=1) == pytest.approx([1.0, 1.0])
