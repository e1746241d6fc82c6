"""Repairing takes away what carries no meaning, once, and nothing else."""

from __future__ import annotations

import gzip
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.curate.repairing import RepairUnicode, even_out_space, fold_dashes, repair_text
from pipelines.detect.ecfr_texts import read_passages
from pipelines.settings import Settings
from tests.builders.curations import build_row
from tests.builders.recordings import find_data, read_bytes

FRAGMENTS = [
    "â€™",
    "Ã©",
    "&amp;",
    "&lt;",
    "<b>",
    "\u00a0",
    " ",
    "\n",
    "\r\n",
    "\x0c",
    "–",
    "-",
    "12",
    "A",
    "§",
    "’",
    "ﬁ",
    "\x1b[0m",
    "Â",
    "…",
]
PIECES = st.lists(st.sampled_from(FRAGMENTS) | st.text(max_size=4), max_size=12).map("".join)

PLAIN = st.text(st.sampled_from("aB .\t\n\x7f~"), max_size=12)

PROSE = [
    "“Covered person” means a person described in § 1026.4(b)(2).",  # quotes as they are printed
    "The Dodd–Frank Act – as amended – applies; so does Gramm‑Leach‑Bliley.",  # noqa: RUF001
    "Except as provided in paragraph (b)—or where waived—the creditor shall disclose.",
    "The difference is −5 °C; a ½-inch ﬁlter at 10 µg/m³.",
    "The bank’s rule ‘shall’ apply.",  # noqa: RUF001
]


@given(PIECES)
def test_repairing_repaired_text_changes_nothing(text: str) -> None:
    once = repair_text(text)
    assert repair_text(once) == once


@given(PIECES)
def test_folding_folded_text_changes_nothing(text: str) -> None:
    once = fold_dashes(repair_text(text))
    assert fold_dashes(once) == once
    assert repair_text(once) == once


@given(PIECES)
def test_folding_changes_dashes_only(text: str) -> None:
    folded = fold_dashes(text)
    assert len(folded) == len(text)
    assert all(old == new or (old in "‐‑‒–" and new == "-") for old, new in zip(text, folded, strict=True))  # noqa: RUF001


@pytest.mark.parametrize("text", PROSE)
def test_leaves_prose_to_the_letter(text: str) -> None:
    row = build_row(title=text, text=text)
    assert RepairUnicode().apply([row]).rows == (row,)


@pytest.mark.parametrize(
    ("dashed", "folded"),
    [
        ("[Docket No. FAA–2024–0224]", "[Docket No. FAA-2024-0224]"),
        ("FR Doc. 2024–02801", "FR Doc. 2024-02801"),
        ("RIN 2120–AA64", "RIN 2120-AA64"),
        ("3 CFR, 1954–1958 Comp.", "3 CFR, 1954-1958 Comp."),
        ("Case 1:24–cv–10290", "Case 1:24-cv-10290"),
        ("paragraphs (f)(2)–(4)", "paragraphs (f)(2)-(4)"),
        ("of $500–$2,500 per policy", "of $500-$2,500 per policy"),
        ("RCSA 22a–174–1", "RCSA 22a-174-1"),
        ("Tribal IV–D programs", "Tribal IV-D programs"),
        ("Models 737-8, –8200, and –9 airplanes", "Models 737-8, -8200, and -9 airplanes"),
        ("as Transport Canada AD CF-2023–\n57 says", "as Transport Canada AD CF-2023-\n57 says"),
        ("in Docket No. FWS-HQ–\nR4", "in Docket No. FWS-HQ-\nR4"),
        ("21 U.S.C. 842(c)(1)(B)(ii)–\n(iii)", "21 U.S.C. 842(c)(1)(B)(ii)-\n(iii)"),
        ("paragraphs (a)(6)(vi–x).", "paragraphs (a)(6)(vi-x)."),
        ("3:00 p.m.–4:30 p.m. and 11 a.m.–5 p.m.", "3:00 p.m.-4:30 p.m. and 11 a.m.-5 p.m."),
        ("Program––Small Operators", "Program--Small Operators"),
        ("Form SSV–IA, and DOL–OWCP, too", "Form SSV-IA, and DOL-OWCP, too"),
    ],
)
def test_folds_the_dashes_of_identifiers_and_ranges(dashed: str, folded: str) -> None:
    assert fold_dashes(dashed) == folded


@pytest.mark.parametrize(
    "text",
    [
        "the Boston–Washington line",
        "the Dodd–\nFrank Act",
        "– 5 of them",
        "(as it was) – then",
        "5 °C, –9 °C",
        "open – 24 hours – daily",
        "10−20",
        "in 2020—the year",
        "post–war",
        "THE DODD–FRANK ACT",
    ],
)
def test_keeps_a_dash_that_joins_words_or_stands_alone(text: str) -> None:
    assert fold_dashes(text) == text


def test_mends_text_that_was_decoded_wrongly() -> None:
    assert repair_text("the lenderâ€™s cafÃ©") == "the lender’s café"


def test_space_is_single_and_lines_are_kept() -> None:
    assert even_out_space("  a\u00a0 b \r\n\r\n\r\n\r\nc\t d ") == "a b\n\nc d"


def test_a_changed_row_says_why_and_keeps_its_identity() -> None:
    row = build_row(text="Doc. 2024–02801  was   published.")
    (changed,) = RepairUnicode().apply([row]).rows
    assert changed.digest == row.digest
    assert changed.entry.revision.text == "Doc. 2024-02801 was published."
    assert changed.changes == ("repaired encoding or white space", "folded dashes of identifiers")


def test_dashes_stay_when_nobody_asks_to_fold_them() -> None:
    row = build_row(text="Doc. 2024–02801 was published.")
    assert RepairUnicode(fold_dashes=False).apply([row]).rows == (row,)


@pytest.mark.data
@pytest.mark.parametrize(("issue", "floor"), [("FR-2024-02-12", 0.999), ("ECFR-title1", 1.0)])
def test_a_silent_change_of_dashes_in_a_real_issue_leaves_equal_text(issue: str, floor: float) -> None:
    before, after = (_read_lines(f"{issue}.{state}.xml.gz") for state in ("current", "updated"))
    drifted = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
    equal = sum(fold_dashes(repair_text(old)) == fold_dashes(repair_text(new)) for old, new in drifted)
    assert len(drifted) > 20
    assert equal / len(drifted) >= floor


def _read_lines(name: str) -> list[str]:
    path = Settings().data / "federal_register_issues" / name
    if not path.is_file():
        pytest.skip("the folder of real data is absent")
    with gzip.open(path, "rt", encoding="utf-8") as stream:
        return [re.sub(r"<[^>]*>", "", line) for line in stream]


@given(PLAIN)
def test_a_plain_text_has_nothing_repaired_but_its_space(text: str) -> None:
    assert repair_text(text) == even_out_space("".join(letter for letter in text if letter != "\x7f"))


@pytest.mark.data
def test_every_section_of_a_real_title_curates_to_equal_text_before_and_after_its_dashes_drifted() -> None:
    texts = {}
    for edition in ("current", "updated"):
        xml = read_bytes(find_data(f"federal_register_issues/ECFR-title1.{edition}.xml.gz"))
        found = sorted(read_passages("ecfr", "1 CFR", xml))
        rows = [build_row(name, title=passage.title, text=passage.text) for name, passage in found]
        revisions = [row.entry.revision for row in RepairUnicode().apply(rows).rows]
        texts[edition] = {each.document_id: (each.title, each.text) for each in revisions}
        texts[f"{edition} as received"] = {row.entry.revision.document_id: row.entry.revision.text for row in rows}
    assert texts["current as received"] != texts["updated as received"]
    assert texts["current"] == texts["updated"]
    assert len(texts["current"]) > 100
