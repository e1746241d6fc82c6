"""The model is asked only where rules leave a capitalised word over, and its answers are not taken on trust."""

from __future__ import annotations

import pytest

from pipelines.privacy.mentions import Mention, MentionKind
from pipelines.privacy.naming import find_names
from pipelines.privacy.tagging import _accept, _choose_pieces


def choose(text: str) -> list[str]:
    return [piece.text.strip() for piece in _choose_pieces(0, text, find_names(text))]


@pytest.mark.parametrize(
    "text",
    [
        "The lungs were clear. Metoprolol was continued.",
        "Dr. Feld saw her.",
        "An echocardiogram showed nothing.",
        "Amoxicillin helped.",
    ],
)
def test_asks_nothing_where_everything_is_explained(text: str) -> None:
    assert choose(text) == []


def test_asks_about_the_sentence_with_a_word_that_nothing_explains() -> None:
    assert choose("The lungs were clear. Dr. Feld met Tobias. No fever.") == ["Dr. Feld met Tobias."]


@pytest.mark.parametrize(
    ("value", "label", "is_taken"),
    [
        ("Tobias Okafor", "PERSON", True), ("Heart Failure", "PERSON", False), ("metoprolol", "PERSON", False),
        ("COPD", "PERSON", False),
        ("Duluth", "GPE", True), ("Vermont", "GPE", False), ("Duluth", "DATE", False),
    ],
)  # fmt: skip
def test_takes_people_and_towns_and_no_terms(value: str, label: str, is_taken: bool) -> None:  # noqa: FBT001  # a parameter of the test
    text = f"He met {value} there"
    found = _accept(text, label, 7, 7 + len(value))
    kind = MentionKind.NAME if label == "PERSON" else MentionKind.PLACE
    assert found == (Mention(start=7, end=7 + len(value), kind=kind) if is_taken else None)


def test_a_term_after_a_name_makes_it_no_person() -> None:
    assert _accept("the Okafor score of 3", "PERSON", 4, 10) is None
