"""What a record laid down by hand may look like, and how one that is wrong is named."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.detect.records import Record, media_type_of, parse_file
from pipelines.domain.errors import ResponseError
from pipelines.domain.revisions import Status
from tests.builders.shelves import build_record, write_lines, write_parquet

BUSY = settings(deadline=None, max_examples=60)
"""A busy machine says nothing about a law."""

LIMIT = 2**20


def parse(body: bytes, name: str = "a.jsonl", max_bytes: int = LIMIT) -> tuple[Record, ...]:
    return parse_file("notices", name, body, max_bytes)


def refuse(body: bytes, name: str = "a.jsonl", max_bytes: int = LIMIT) -> ResponseError:
    with pytest.raises(ResponseError) as refusal:
        parse(body, name, max_bytes)
    assert refusal.value.source == "notices"
    return refusal.value


def test_reads_every_field() -> None:
    record = build_record(
        family_id="docket",
        labels=["b", " a "],
        published_at="2026-01-02T10:00:00Z",
        effective_from="2026-02-01",
        effective_to="2026-03-01",
        url="https://example.org",
        licence="CC0",
        status="active",
    )
    assert parse(write_lines(record)) == (
        Record(
            document_id="doc-1",
            family_id="docket",
            title="Title of doc-1",
            text="The text of doc-1.",
            labels=("b", "a"),
            published_at=date(2026, 1, 2),
            effective_from=date(2026, 2, 1),
            effective_to=date(2026, 3, 1),
            url="https://example.org",
            licence="CC0",
            status=Status.ACTIVE,
        ),
    )


def test_needs_an_id_a_title_and_a_text_alone() -> None:
    (record,) = parse(write_lines({"document_id": "one", "title": "t", "text": "x"}))
    assert (record.family_id, record.labels, record.published_at, record.status) == ("one", (), None, Status.ACTIVE)


@pytest.mark.parametrize("field", ["document_id", "title", "text"])
@pytest.mark.parametrize("value", ["absent", None, "", "  ", 7, ["x"]])
def test_names_the_needed_field_that_is_missing_empty_or_no_text(field: str, value: object) -> None:
    record = build_record(**{field: value})
    if value == "absent":
        del record[field]
    error = refuse(write_lines(build_record("fine"), record))
    assert (error.document, error.field) == ("a.jsonl:2", field)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("published_at", "2 January 2026"),
        ("effective_from", 20260102),
        ("effective_to", "2026-02-30"),
        ("labels", "x"),
        ("labels", [1]),
        ("status", "superseded"),
        ("status", "erased"),
        ("status", 1),
        ("url", 7),
        ("licence", {}),
        ("family_id", 7),
    ],
)
def test_names_the_optional_field_that_is_wrong(field: str, value: object) -> None:
    error = refuse(write_lines(build_record(**{field: value})))
    assert error.document == "a.jsonl:1"
    assert error.field.startswith(field)


def test_refuses_a_validity_that_ends_before_it_begins() -> None:
    assert refuse(write_lines(build_record(effective_from="2026-02-01", effective_to="2026-01-01"))).field == "effective_to"


@pytest.mark.parametrize("status", ["withdrawn", "retracted"])
def test_what_retires_a_document_needs_no_text(status: str) -> None:
    (record,) = parse(write_lines({"document_id": "one", "status": status}))
    assert (record.status.value, record.title, record.text) == (status, "", "")


@pytest.mark.parametrize(
    "line", [b"{", b"[1]", b"null", b'"text"', b'{"document_id": "\xff"}', b"[" * 100_000], ids=lambda line: str(line[:20])
)
def test_names_the_line_that_is_no_object(line: bytes) -> None:
    assert refuse(write_lines(build_record("fine")) + b"\n" + line + b"\n").document == "a.jsonl:3"


def test_a_line_separator_inside_a_text_starts_no_line() -> None:
    (record,) = parse(write_lines(build_record(text="one\u2028two\x0bthree\x85four")))
    assert record.text == "one\u2028two\x0bthree\x85four"


def test_a_byte_order_mark_and_carriage_returns_are_no_content() -> None:
    assert parse(b"\xef\xbb\xbf" + write_lines(build_record()).replace(b"\n", b"\r\n")) == parse(write_lines(build_record()))


@pytest.mark.parametrize("name", ["a.jsonl", "a.parquet"])
def test_refuses_an_empty_file(name: str) -> None:
    assert "is empty" in refuse(b"\n", name).problem


def test_refuses_what_is_no_parquet() -> None:
    whole = write_parquet(build_record())
    for body in (b"PAR1 nothing PAR1", whole[:-10], write_lines(build_record())):
        assert refuse(body, "a.parquet").problem == "is no readable Parquet"


def test_refuses_parquet_that_unpacks_to_more_than_the_limit() -> None:
    body = write_parquet(build_record(text="x" * LIMIT))
    assert len(body) < LIMIT
    assert "unpacks to more" in refuse(body, "a.parquet", LIMIT // 2).problem


def test_names_the_row_of_parquet_that_is_wrong() -> None:
    error = refuse(write_parquet(build_record("one"), build_record("two", title=None)), "a.parquet")
    assert (error.document, error.field) == ("a.parquet:2", "title")


def test_the_digest_of_a_record_changes_with_each_of_its_fields() -> None:
    changes: list[dict[str, Any]] = [
        {},
        {"title": "t"},
        {"text": "x"},
        {"labels": ["a"]},
        {"labels": ["b"]},
        {"published_at": None},
        {"effective_from": "2026-01-02"},
        {"effective_to": "2027-01-02"},
        {"url": "u"},
        {"licence": "l"},
        {"family_id": "f"},
        {"status": "retracted"},
    ]
    assert len({parse(write_lines(build_record(**change)))[0].digest for change in changes}) == len(changes)


@pytest.mark.parametrize(
    ("name", "is_ours"),
    [("a.jsonl", True), ("x/y.NDJSON", True), ("a.parquet", True), ("a.json", False), (".a.jsonl", False), ("_x/a.jsonl", False)],
)
def test_knows_its_files_by_their_names(name: str, is_ours: bool) -> None:  # noqa: FBT001
    assert (media_type_of(name) is not None) == is_ours


@BUSY
@given(st.binary(max_size=200))
def test_any_bytes_are_records_or_a_named_error(body: bytes) -> None:
    for name in ("a.jsonl", "a.parquet"):
        try:
            parse(body, name)
        except ResponseError as error:
            assert error.document.startswith(name)  # noqa: PT017 - either end is lawful


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5), lambda inner: st.lists(inner, max_size=2), max_leaves=3
)


@BUSY
@given(st.dictionaries(st.sampled_from([*build_record(), "labels", "status", "effective_to", "url"]), JSON, max_size=8))
def test_any_object_is_a_record_or_an_error_that_names_a_field(value: dict[str, Any]) -> None:
    body = json.dumps(value).encode()
    try:
        (record,) = parse(body)
    except ResponseError as error:
        assert error.field  # noqa: PT017 - either end is lawful
    else:
        assert record.document_id == value["document_id"].strip()


def test_a_page_of_html_is_read_as_text_without_its_boilerplate() -> None:
    record = {
        "document_id": "one",
        "title": "t",
        "html": '<div class="x">Menu</div><p>The rule.</p><table><tr><td>a<td>b</table>',
    }
    (found,) = parse_file("notices", "a.jsonl", write_lines(record), LIMIT, (".x",))
    assert found.text == "The rule.\na | b"
    assert parse(write_lines(record))[0].text == "Menu\nThe rule.\na | b"


@pytest.mark.parametrize(
    "fields",
    [{"html": "<p>x</p>"}, {"html": "<nav>Menu</nav>", "text": None}, {"html": "", "text": None}, {"html": 7, "text": None}],
)
def test_a_page_beside_a_text_or_without_one_is_refused(fields: dict[str, Any]) -> None:
    assert refuse(write_lines({**build_record(), **fields})).field == "html"


def test_a_withdrawal_needs_no_page() -> None:
    (found,) = parse(write_lines({"document_id": "one", "status": "withdrawn", "html": "<nav>Menu</nav>"}))
    assert found.text == ""
