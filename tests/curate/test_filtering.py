"""What may not be learnt from leaves, and the reason is kept."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from pipelines.curate.filtering import FilterLanguage, FilterLength, FilterLicence
from tests.builders.curations import build_row


def test_only_allowed_licences_stay_and_the_reason_names_the_other() -> None:
    rows = [build_row("a", licence="CC0"), build_row("b", licence="publisher abstract")]
    result = FilterLicence(allowed=("CC0",)).apply(rows)
    assert result.rows == (rows[0],)
    assert [(removal.digest, removal.reason) for removal in result.removals] == [
        (rows[1].digest, "licence not allowed: publisher abstract")
    ]


def test_a_licence_is_compared_letter_for_letter() -> None:
    assert not FilterLicence(allowed=("CC0",)).apply([build_row(licence="cc0")]).rows


def test_refuses_an_empty_list_of_licences() -> None:
    with pytest.raises(ValidationError):
        FilterLicence(allowed=())


@given(st.lists(st.integers(0, 12), max_size=8), st.integers(1, 6), st.integers(6, 10))
def test_every_row_stays_or_leaves_by_its_number_of_words(lengths: list[int], minimum: int, maximum: int) -> None:
    rows = [build_row(f"d{n}", title="", text=" ".join(["word"] * length)) for n, length in enumerate(lengths)]
    result = FilterLength(minimum_words=minimum, maximum_words=maximum).apply(rows)
    assert [row for row in rows if minimum <= len(row.reading.split()) <= maximum] == list(result.rows)
    assert len(result.rows) + len(result.removals) == len(rows)
    assert {removal.reason for removal in result.removals} <= {"too short", "too long"}


def test_the_title_counts_as_read() -> None:
    row = build_row(title="A title of five words", text="Yes")
    assert FilterLength(minimum_words=6).apply([row]).rows == (row,)


ENGLISH = "The firm recalls all lots of the product because the label does not declare milk."
SWEDISH = "Livsmedelsverket återkallar en produkt eftersom den innehåller mjölk som inte anges på förpackningen."


def test_only_languages_that_are_asked_for_stay_and_the_reason_names_the_other() -> None:
    rows = [build_row("a", text=ENGLISH), build_row("b", text=SWEDISH), build_row("c", text="Calle XXX")]
    result = FilterLanguage().apply(rows)
    assert [row.entry.revision.document_id for row in result.rows] == ["a", "c"]
    assert [(removal.digest, removal.reason) for removal in result.removals] == [(rows[1].digest, "in another language: sv")]
    assert FilterLanguage(languages=("en", "sv")).apply(rows).rows == tuple(rows)


def test_a_language_that_is_not_told_surely_enough_is_held_against_nobody() -> None:
    assert FilterLanguage(minimum_certainty=1.0).apply([build_row(text=SWEDISH)]).removals == ()


def test_refuses_to_keep_no_language() -> None:
    with pytest.raises(ValidationError):
        FilterLanguage(languages=())
