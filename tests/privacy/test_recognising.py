"""Identifiers are told by their form; years, document numbers of laws and surrogates are not taken for them."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.privacy.mentions import MentionKind
from pipelines.privacy.recognising import EPONYM, find_forms, is_suspicious


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("write to sarah.p@example.org today", MentionKind.EMAIL, "sarah.p@example.org"),
        ("call (555) 123-4567 now", MentionKind.PHONE, "(555) 123-4567"),
        ("call 555-123-4567 now", MentionKind.PHONE, "555-123-4567"),
        ("SSN 123-45-6789", MentionKind.RECORD, "123-45-6789"),
        ("(MRN: 112-45-789)", MentionKind.RECORD, "112-45-789"),
        ("under MRN 12345-JS?", MentionKind.RECORD, "12345-JS"),
        ("(MRN: #SG-920311)", MentionKind.RECORD, "SG-920311"),
        ("(Patient ID: ABCD1234)", MentionKind.RECORD, "ABCD1234"),
        ("insurance number HP-678901?", MentionKind.RECORD, "HP-678901"),
        ("Med Rec#: CC-789654", MentionKind.RECORD, "CC-789654"),
        ("account no. 99887766", MentionKind.RECORD, "99887766"),
    ],
)
def test_finds_an_identifier_and_nothing_around_it(text: str, kind: MentionKind, value: str) -> None:
    (mention,) = find_forms(text)
    assert (mention.kind, text[mention.start : mention.end]) == (kind, value)


@pytest.mark.parametrize(
    "text",
    [
        "a patient 65 years old",
        "the policy of 2021 and plan 2023",
        "Docket No. FAA-2024-0224",
        "12 CFR 1026.4(b)(2), 89 FR 9776-9784",
        "a patient 70-year-old, 40 mg daily for 12 weeks",
        "account for 5000 patients",
        "[RECORD-0a1b2c3d] and MRN [RECORD-12345678]",
    ],
)
def test_takes_nothing_else_for_an_identifier(text: str) -> None:
    assert find_forms(text) == []


@given(st.text(alphabet="MRN:#ID 0123-@.ab[]", max_size=40))
def test_mentions_never_overlap_and_lie_within_the_text(text: str) -> None:
    mentions = find_forms(text)
    assert all(0 <= mention.start < mention.end <= len(text) for mention in mentions)
    assert all(left.end <= right.start for left, right in pairwise(mentions))


@pytest.mark.parametrize("text", ["seen by Dr. Patel", "a 55-year-old", "the patient", "MRN 123456", "Anna S. asked", "a@b.org"])
def test_a_cue_raises_suspicion(text: str) -> None:
    assert is_suspicious(text)


@pytest.mark.parametrize(
    "text", ["Airworthiness Directives; Boeing Airplanes", "The creditor shall disclose the finance charge.", ""]
)
def test_regulatory_prose_raises_none(text: str) -> None:
    assert not is_suspicious(text)


def test_a_term_after_a_name_makes_it_an_eponym() -> None:
    assert EPONYM.match(" score of 7")
    assert EPONYM.match("'s disease")
    assert not EPONYM.match(" was admitted")
