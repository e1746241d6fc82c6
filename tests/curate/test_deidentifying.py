"""One person stays one person within a family and is nobody outside it; what is replaced is measured on gold spans."""

from __future__ import annotations

import gzip
import json
import re
from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from pipelines.curate.deidentifying import Deidentify, invent_surrogate
from pipelines.curate.rows import Row
from pipelines.privacy.mentions import SURROGATE, MentionKind
from pipelines.settings import Settings
from tests.builders.curations import build_row

STEP = Deidentify(key="a key of the tests")
NAME = re.compile(r"\[NAME-[0-9a-f]{8}\]")
RECORDS = ("MEDICAL_RECORD_NUMBER", "HEALTH_PLAN_BENEFICIARY_NUMBER", "SOCIAL_SECURITY_NUMBER", "PHONE_NUMBER", "EMAIL_ADDRESS")


def texts(rows: Sequence[Row]) -> list[str]:
    return [row.entry.revision.text for row in rows]


@given(st.text(min_size=1), st.text(min_size=1), st.sampled_from(MentionKind))
def test_a_surrogate_is_a_function_of_key_family_kind_and_value(family: str, value: str, kind: MentionKind) -> None:
    surrogate = invent_surrogate("key", family, kind, value)
    assert SURROGATE.fullmatch(surrogate)
    assert surrogate == invent_surrogate("key", family, kind, f" {value} ")
    assert surrogate != invent_surrogate("another key", family, kind, value)
    assert surrogate != invent_surrogate("key", family + "x", kind, value)


def test_refuses_a_key_that_is_too_short_and_does_not_show_it() -> None:
    with pytest.raises(ValidationError):
        Deidentify(key="short")
    assert "a key of" not in repr(STEP)


def test_rows_without_personal_data_are_left_alone_and_open_no_model() -> None:
    rows = [build_row(title="Finance charge", text="The creditor shall disclose the finance charge.")]
    assert STEP.apply(rows).rows == tuple(rows)


@pytest.mark.slow
def test_a_name_has_one_surrogate_in_a_family_and_another_in_another() -> None:
    text = "The patient John Smith was seen by Dr. Patel on April 10, 2022."
    here, there = (
        build_row("a", family_id="f", title="", text=text),
        build_row("b", family_id="f", title="", text="Mr. John Smith left."),
    )
    elsewhere = build_row("c", family_id="g", title="", text=text)
    first, second, third = texts(STEP.apply([here, there, elsewhere]).rows)
    assert "Smith" not in first + second + third
    assert "April 10, 2022" in first
    assert NAME.findall(first)[0] == NAME.findall(second)[0]
    assert not set(NAME.findall(first)) & set(NAME.findall(third))


@pytest.mark.slow
def test_the_title_is_read_when_the_text_gives_the_cue() -> None:
    row = build_row(title="Letter about John Smith", text="The patient is well.")
    (read,) = STEP.apply([row]).rows
    assert "Smith" not in read.entry.revision.title
    assert read.changes == ("replaced personal data",)
    assert read.digest == row.digest


@pytest.mark.slow
def test_a_name_without_any_cue_stays_unless_the_screen_is_off() -> None:
    row = build_row(title="", text="Yesterday John Smith went home to Boston.")
    assert "Smith" in texts(STEP.apply([row]).rows)[0]
    assert "Smith" not in texts(Deidentify(key=STEP.key, screen=False).apply([row]).rows)[0]


NOTE = "Mrs. Edith Walsh, 93 years old, of Duluth was seen on March 4, 2022 and March 11, 2022 (MRN: 0045-8812) by Dr. Feld."
WIDE = Deidentify(key=STEP.key, identifiers="safe_harbor", surrogates="natural")
HIDDEN = ("Edith", "Walsh", "93", "Duluth", "March 4", "0045-8812", "Feld")


def build_note(document: str = "a", family: str = "f", text: str = NOTE) -> Row:
    return build_row(document, family_id=family, title="", text=text, published_at=date(2022, 5, 1))


def test_what_was_asked_for_before_there_was_more_is_still_what_is_done() -> None:
    assert (STEP.identifiers, STEP.surrogates, STEP.sources) == ("names", "tags", None)
    assert not STEP.is_shield
    assert WIDE.is_shield


@pytest.mark.slow
@pytest.mark.parametrize("surrogates", ["tags", "natural"])
def test_the_safe_harbor_takes_out_dates_places_and_ages_too(surrogates: Literal["tags", "natural"]) -> None:
    (text,) = texts(WIDE.model_copy(update={"surrogates": surrogates}).apply([build_note()]).rows)
    assert not [value for value in HIDDEN if value in text]
    assert (SURROGATE.search(text) is None) is (surrogates == "natural")


@pytest.mark.slow
def test_natural_surrogates_are_the_same_in_a_family_and_others_elsewhere() -> None:
    again = build_note("b", text="Ms. Walsh and Dr. Feld met on March 4, 2022.")
    first, second, third = texts(WIDE.apply([build_note(), again, build_note("c", family="g")]).rows)
    name = re.findall(r"Ms. (\w+)", second)[0]
    assert name in first
    assert name not in third
    assert re.findall(r"met on (.*)\.", second)[0] in first


@pytest.mark.slow
@pytest.mark.parametrize("surrogates", ["tags", "natural"])
def test_a_second_application_changes_nothing(surrogates: Literal["tags", "natural"]) -> None:
    step = WIDE.model_copy(update={"surrogates": surrogates})
    once = step.apply([build_note(), build_note("b", text="Nothing here is personal.")]).rows
    assert step.apply(once).rows == once


@pytest.mark.slow
def test_rows_of_other_sources_are_left_alone() -> None:
    row = build_note()
    assert WIDE.model_copy(update={"sources": ("elsewhere",)}).apply([row]).rows == (row,)
    assert WIDE.model_copy(update={"sources": (row.entry.revision.source,)}).apply([row]).rows != (row,)


@pytest.mark.slow
def test_law_that_is_cited_stays_as_it_stands() -> None:
    cited = "Under 45 CFR 164.514(b)(2) and 65 Fed. Reg. 82462, Docket No. FDA-2021-0123, Dr. Feld wrote."
    (text,) = texts(WIDE.apply([build_note(text=cited)]).rows)
    assert text.startswith(cited[: cited.index("Feld")])
    assert "Feld" not in text


@pytest.mark.slow
@pytest.mark.data
def test_most_gold_spans_of_clinical_queries_are_replaced_and_few_clean_texts_are_touched() -> None:
    gold = _read_queries()
    rows = [build_row(query["id"], title="", text=query["text"]) for query in gold]
    once = STEP.apply(rows).rows
    found: Counter[str] = Counter()
    wanted: Counter[str] = Counter()
    for query, text in zip(gold, texts(once), strict=True):
        for span in query["spans"]:
            wanted[span["type"]] += 1
            found[span["type"]] += re.sub(r"^(?:Dr|Mr|Mrs|Ms)\.? ", "", span["value"]) not in text
    touched = sum(query["text"] != text for query, text in zip(gold, texts(once), strict=True) if not query["spans"])
    assert found["NAME"] / wanted["NAME"] >= 0.9
    assert sum(found[kind] for kind in RECORDS) / sum(wanted[kind] for kind in RECORDS) >= 0.9
    assert found["DATE"] == 0
    assert touched <= sum(not query["spans"] for query in gold) * 0.1
    assert STEP.apply(once).rows == once


def _read_queries() -> list[dict[str, Any]]:
    path = Settings().data / "phi_queries" / "spans.jsonl.gz"
    if not path.is_file():
        pytest.skip("the folder of real data is absent")
    with gzip.open(path, "rt", encoding="utf-8") as stream:
        return [json.loads(line) for line in stream]
