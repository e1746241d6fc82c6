"""Numbers are told by their form or by the words before them; registers of trials and names of drugs are nobody's."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.privacy.forms import find_identifiers, find_loose_numbers
from pipelines.privacy.mentions import MentionKind, unite


def tell(text: str) -> list[tuple[MentionKind, str]]:
    return [(one.kind, text[one.start : one.end]) for one in unite(text, find_identifiers(text))]


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("MRN 12345-JS?", MentionKind.RECORD, "12345-JS"),
        ("(MRN: #SG-920311)", MentionKind.RECORD, "#SG-920311"),
        ("Patient ID: ABCD1234", MentionKind.RECORD, "ABCD1234"),
        ("medical record number 123 456 789", MentionKind.RECORD, "123 456 789"),
        ("SSN 123-45-6789", MentionKind.SSN, "123-45-6789"),
        ("no cue 123-45-6789 here", MentionKind.SSN, "123-45-6789"),
        ("policy no. XJW-88213-4", MentionKind.PLAN, "XJW-88213-4"),
        ("insurance: HPX345678", MentionKind.PLAN, "HPX345678"),
        ("account number 9876543210", MentionKind.ACCOUNT, "9876543210"),
        ("License No: CLN-112233", MentionKind.LICENCE, "CLN-112233"),
        ("VIN 1HGCM82633A004352", MentionKind.VEHICLE, "1HGCM82633A004352"),
        ("plate number 7ABC123", MentionKind.VEHICLE, "7ABC123"),
        ("serial number PM88-20031", MentionKind.DEVICE, "PM88-20031"),
        ("address 00:1A:2B:3C:4D:5E", MentionKind.DEVICE, "00:1A:2B:3C:4D:5E"),
        ("fingerprint ID 77-3412", MentionKind.BIOMETRIC, "77-3412"),
        ("see https://portal.example.com/u/ab.", MentionKind.URL, "https://portal.example.com/u/ab"),
        ("from 10.4.22.9.", MentionKind.IP, "10.4.22.9"),
        ("from 2001:db8::8a2e:370:7334 then", MentionKind.IP, "2001:db8::8a2e:370:7334"),
        ("write to ann@mail.net now", MentionKind.EMAIL, "ann@mail.net"),
        ("call (978) 555-0143, ext. 22", MentionKind.PHONE, "(978) 555-0143, ext. 22"),
        ("contact: 555-0188", MentionKind.PHONE, "555-0188"),
        ("call +44 20 7946 0958 now", MentionKind.PHONE, "+44 20 7946 0958"),
        ("Fax: 978-555-0199", MentionKind.FAX, "978-555-0199"),
        ("specimen ID S-44121", MentionKind.CODE, "S-44121"),
    ],
)
def test_finds_each_kind_and_nothing_around_it(text: str, kind: MentionKind, value: str) -> None:
    assert tell(text) == [(kind, value)]


@pytest.mark.parametrize(
    "text",
    [
        "a patient 65 years old", "the policy of 2021", "BP 120/80, HR 88", "INR 2.0-3.0", "at 10:30:45", "40 mg for 12 weeks",
        "CHA2DS2-VASc score of 5", "version 999.1.2.3", "The patient is fine.Come back", "plan 2023",
    ],
)  # fmt: skip
def test_takes_nothing_else_for_an_identifier(text: str) -> None:
    assert tell(text) == []


@pytest.mark.parametrize("value", ["LUP-98765", "AB123456", "123456-789", "98765AB", "#ZZ-4411", "12345678"])
def test_a_bare_number_is_found_apart(value: str) -> None:
    text = f"John Smith ({value}) left"
    assert [text[one.start : one.end] for one in find_loose_numbers(text)] == [value]


@pytest.mark.parametrize("value", ["NCT04280705", "LY2951742", "BMS-986165", "COVID-2019", "2021-2022", "HLA-B27", "SARS-COV-2"])
def test_trials_drugs_and_years_are_nobodys_numbers(value: str) -> None:
    assert find_loose_numbers(f"the {value} group") == []


@given(st.text(alphabet="MRN:#ID 0123-@.ab[]/", max_size=60))
def test_mentions_lie_within_the_text(text: str) -> None:
    assert all(0 <= one.start < one.end <= len(text) for one in find_identifiers(text))


@pytest.mark.parametrize("piece", ["1-", "a@", "www.", "case ", "MRN # : ", "a.b-", "A-", "::", "patient name: ", "12 34 "])
def test_no_text_takes_long(piece: str) -> None:
    started = time.process_time()
    find_identifiers(piece * 1_000)
    assert time.process_time() - started < 2
