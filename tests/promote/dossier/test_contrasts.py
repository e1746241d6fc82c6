"""Two texts side by side: what differs is marked, and nothing is lost or added."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pipelines.promote.dossier.contrasts import contrast

TEXTS = st.lists(st.sampled_from(["report", "within", "7", "5", "days", " ", "\n", "the", "§ 1024.39"]), max_size=25).map(
    " ".join
)


def test_an_amended_number_is_marked_alone() -> None:
    old, new = contrast("in no case later than 7 calendar days", "in no case later than 5 calendar days")
    assert [piece.text.strip() for piece in old if piece.is_changed] == ["7"]
    assert [piece.text.strip() for piece in new if piece.is_changed] == ["5"]


@given(TEXTS, TEXTS)
def test_the_stretches_put_together_are_the_texts(before: str, after: str) -> None:
    old, new = contrast(before, after)
    assert "".join(piece.text for piece in old) == before
    assert "".join(piece.text for piece in new) == after


@given(TEXTS, TEXTS)
def test_what_is_not_marked_is_in_both(before: str, after: str) -> None:
    old, new = contrast(before, after)
    shared = ["".join(piece.text for piece in side if not piece.is_changed) for side in (old, new)]
    assert shared[0] == shared[1]


@given(TEXTS)
def test_a_text_does_not_differ_from_itself(said: str) -> None:
    assert not any(piece.is_changed for side in contrast(said, said) for piece in side)
