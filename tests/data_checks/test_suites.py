"""Each expectation catches its own defect, describes it without quoting it, and leaves every other row alone."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_checks.batches import check_drop
from data_checks.columns import join_labels
from data_checks.findings import RowFailure
from data_checks.suites import ENCODING_DAMAGE
from tests.builders.frames import build_frame, build_row, build_rows, expect_drop, expect_rows

DEFECTS: list[tuple[dict[str, Any], str, str]] = [
    ({"published_at": date(2026, 7, 2)}, "published_at is sane", "in the future by 31 days"),
    ({"published_at": date(2026, 6, 2)}, "published_at is sane", "in the future by 1 day"),
    ({"published_at": date(1699, 12, 31)}, "published_at is sane", "before 1700"),
    ({"published_at": date(9999, 12, 31)}, "published_at is sane", "in the future by 2912291 days"),
    ({"effective_from": date(1, 1, 1)}, "effective_from is sane", "before 1700"),
    ({"effective_from": date(2226, 6, 1)}, "effective_from is sane", "in the future by 73048 days"),
    ({"effective_to": date(2026, 1, 1)}, "effective_to is after effective_from", "0 days too early"),
    ({"effective_to": date(2025, 12, 31)}, "effective_to is after effective_from", "1 day too early"),
    ({"title": ""}, "title is present", "empty"),
    ({"title": "\u200b\u3000"}, "title is present", "empty"),
    ({"text": "Abc"}, "text has a sane length", "length 3"),
    ({"text": ""}, "text has a sane length", "length 0"),
    ({"text": "x" * 1001}, "text has a sane length", "length 1001"),
    ({"text": "A replacement \ufffd character in a long text"}, "text has no encoding damage", "damaged in 1 place"),
    ({"text": "The cafÃ© and the rÃ©sumÃ© were read as Latin-1"}, "text has no encoding damage", "damaged in 3 places"),
    ({"text": "The firmâ€™s product is not what it says it is"}, "text has no encoding damage", "damaged in 1 place"),
    ({"text": "Sold as \x1cNiacin\x1d in bottles of one hundred"}, "text has no encoding damage", "damaged in 2 places"),
    ({"text": "ï»¿A byte order mark opens this text, misread"}, "text has no encoding damage", "damaged in 1 place"),
    ({"title": "Tylenol\u00c2\u00ae recalled"}, "title has no encoding damage", "damaged in 1 place"),
    ({"language": "sv", "certainty": 0.93}, "language is expected", "language sv (.93)"),
    ({"language": "de", "certainty": 1.0}, "language is expected", "language de (1.00)"),
    ({"labels": join_labels(["Class IV"])}, "label is declared", "label not in the declared set"),
    ({"labels": join_labels(["Class I", "Class 1"])}, "label is declared", "label not in the declared set"),
    ({"labels": join_labels(["Class I\n"])}, "label is declared", "label not in the declared set"),
    ({"labels": join_labels([""])}, "label is declared", "label not in the declared set"),
    ({"orders": 1.0}, "text gives a model no orders", "in 1 place"),
    ({"orders": 3.0}, "text gives a model no orders", "in 3 places"),
    ({"shift": 10.0}, "no figure moved too far", "10 times the figure in force"),
    ({"shift": float("inf")}, "no figure moved too far", "inf times the figure in force"),
]

SOUND: list[dict[str, Any]] = [
    {"text": "An en dash – a quote’s end “and” another — is no damage…"},
    {"text": "Café, Ångström, Ærø, Ünal, naïve, £5, 5 °C, § 12, ½, ×, ®, É and â are letters and signs"},
    {"text": "Several lines\nand\ttabs\r\nbelong to a text as it was published"},
    {"title": "–"},
    {"labels": ""},
    {"labels": join_labels(["Class I", "Class II"])},
    {"language": "und", "certainty": 0.4, "title": "Naïve"},
    {"effective_from": date(2030, 1, 1), "effective_to": date(2031, 1, 1)},
    {"published_at": date(2026, 6, 1)},
    {"published_at": date(1700, 1, 1), "effective_from": date(1700, 1, 1)},
    {"text": "x" * 20},
    {"text": "x" * 1000},
    {"shift": 9.99},
]

RETIRING: list[dict[str, Any]] = [
    {
        "status": status,
        "text": "",
        "title": "",
        "labels": join_labels(["Unheard of"]),
        "language": "und",
        "certainty": 0.0,
        "shift": 99.0,
    }
    for status in ("withdrawn", "retracted", "erased")
]

EXPECTED = expect_drop(rows=expect_rows(max_chars=1000, allows_orders=False, max_shift=10.0), max_bad_share=1.0)


def test_catches_each_defect_in_its_row_and_describes_it() -> None:
    rows = [build_row(number, **cells) for number, (cells, _, _) in enumerate(DEFECTS)]
    found = check_drop(build_frame(*rows), EXPECTED)
    assert found.row_failures == tuple(
        RowFailure(row_id=row["row_id"], expectation=expectation, observed=observed)
        for row, (_, expectation, observed) in zip(rows, DEFECTS, strict=True)
    )
    assert not found.is_refused


def test_leaves_sound_rows_alone() -> None:
    rows = [build_row(number, **cells) for number, cells in enumerate(SOUND)]
    found = check_drop(build_frame(*rows), EXPECTED)
    assert found.row_failures == ()
    assert found.drop_failures == ()


def test_does_not_read_the_content_of_rows_that_retire_a_document() -> None:
    rows = [build_row(number, **cells) for number, cells in enumerate(RETIRING)]
    assert check_drop(build_frame(*rows), EXPECTED).row_failures == ()
    active = [build_row(number, **{**cells, "status": "active"}) for number, cells in enumerate(RETIRING)]
    assert check_drop(build_frame(*active), EXPECTED).failed_rows == len(active)


def test_reads_the_dates_and_the_identity_of_rows_that_retire_a_document() -> None:
    late = build_row(1, status="withdrawn", published_at=date(2027, 1, 1))
    twins = [build_row(number, status="retracted", identity="one") for number in (2, 3)]
    found = check_drop(build_frame(late, *twins), EXPECTED).group_by_row()
    assert {row_id: [failure.expectation for failure in failures] for row_id, failures in found.items()} == {
        "row-000001": ["published_at is sane"],
        "row-000002": ["identity is unique"],
        "row-000003": ["identity is unique"],
    }


def test_flags_every_row_that_shares_an_identity() -> None:
    rows = [*build_rows(5), build_row(5, identity="document 2")]
    found = check_drop(build_frame(*rows), EXPECTED).row_failures
    assert [failure.row_id for failure in found] == ["row-000002", "row-000005"]
    assert {failure.observed for failure in found} == {"shared with another row"}


def test_reports_every_defect_of_a_row_in_the_order_of_the_suite() -> None:
    row = build_row(0, text="Ã©", title="", published_at=date(2027, 1, 1))
    failures = check_drop(build_frame(row, *build_rows(9)[1:]), EXPECTED).row_failures
    assert [failure.expectation for failure in failures] == [
        "published_at is sane",
        "title is present",
        "text has a sane length",
        "text has no encoding damage",
    ]


def test_restricts_neither_labels_nor_languages_when_none_are_named() -> None:
    rows = [build_row(0, labels=join_labels(["anything"]), language="sv")]
    found = check_drop(build_frame(*rows), expect_drop(rows=expect_rows(labels=(), languages=())))
    assert found.row_failures == ()
    assert {"language is expected", "label is declared"}.isdisjoint(tally.expectation for tally in found.tallies)


@pytest.mark.parametrize("label", ["a.b", "a|b", "mesh:Neoplasms (all)", "[x]", "5% + more", "Ärzte", "a\\b", "^$"])
def test_reads_a_label_as_itself_and_not_as_a_pattern(label: str) -> None:
    expected = expect_drop(rows=expect_rows(labels=(label,)))
    rows = [build_row(0, labels=join_labels([label])), build_row(1, labels=join_labels(["aXb"]))]
    assert [failure.row_id for failure in check_drop(build_frame(*rows), expected).row_failures] == ["row-000001"]


@given(
    st.text(alphabet=st.characters(codec="ascii", exclude_categories=["Cc"]), max_size=40), st.sampled_from("éüñøßçàÖ®©°½’“”–…")
)
def test_a_sign_by_itself_is_not_damage_and_the_same_sign_misread_is(plain: str, sign: str) -> None:
    assert not re.search(ENCODING_DAMAGE, plain + sign + plain)
    misread = sign.encode().decode("latin-1")
    assert re.search(ENCODING_DAMAGE, plain + misread + plain)


@given(st.sampled_from("éüñøßçÖ®©°½’“–…"))
def test_a_sign_misread_as_windows_1252_is_damage(sign: str) -> None:
    assert re.search(ENCODING_DAMAGE, sign.encode().decode("cp1252"))
