"""Reading JSON with distrust: each reader takes its own type, names what it refuses, and never says what the value was."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.detect.fields import Fields, normalise_dashes
from pipelines.domain.errors import ResponseError

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text("ab", max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=10,
)
READERS: list[Callable[[Fields], object]] = [
    lambda fields: fields.text("a.b"),
    lambda fields: fields.text_or("a.b", "-"),
    lambda fields: fields.identifier("a.b"),
    lambda fields: fields.integer("a.b"),
    lambda fields: fields.flag("a.b"),
    lambda fields: fields.flag_or("a.b", default=False),
    lambda fields: fields.date("a.b"),
    lambda fields: fields.date_or_none("a.b"),
    lambda fields: fields.list("a.b"),
    lambda fields: fields.list_or("a.b"),
    lambda fields: fields.texts("a.b"),
    lambda fields: fields.texts_or("a.b"),
    lambda fields: fields.child("a.b"),
    lambda fields: fields.children("a.b"),
    lambda fields: fields.children_or("a.b"),
    lambda fields: fields.has("a.b"),
]


def build_fields(**mapping: Any) -> Fields:
    return Fields("somewhere", "doc-1", mapping)


def find_refusal(read: Callable[[Fields], object], fields: Fields) -> ResponseError | None:
    try:
        read(fields)
    except ResponseError as error:
        return error
    return None


def test_reads_what_is_there() -> None:
    fields = build_fields(a={"b": {"c": " x "}}, day="2026-03-02", n=3, yes=True, words=[" p ", "", "q"], things=[{"k": "v"}])
    assert fields.text("a.b.c") == "x"
    assert fields.date("day") == date(2026, 3, 2)
    assert fields.integer("n") == 3
    assert fields.flag("yes") is True
    assert fields.texts("words") == ("p", "q")
    assert [thing.text("k") for thing in fields.children("things")] == ["v"]
    assert fields.child("a").text("b.c") == "x"
    assert list(fields.list("words")) == [" p ", "", "q"]


@pytest.mark.parametrize("mapping", [{}, {"a": None}, {"a": {"b": None}}, {"a": {}}])
def test_takes_absence_for_the_default_only_where_one_is_given(mapping: dict[str, Any]) -> None:
    fields = build_fields(**mapping)
    assert fields.text_or("a.b", "-") == "-"
    assert fields.flag_or("a.b", default=True) is True
    assert fields.date_or_none("a.b") is None
    assert (fields.list_or("a.b"), fields.texts_or("a.b"), fields.children_or("a.b")) == ((), (), ())
    assert not fields.has("a.b")
    for read in (fields.text, fields.integer, fields.flag, fields.date, fields.list, fields.texts, fields.child, fields.children):
        with pytest.raises(ResponseError, match=r"field a\.b"):
            read("a.b")


@pytest.mark.parametrize("read", [Fields.text, Fields.text_or, Fields.identifier, Fields.date, Fields.date_or_none])
def test_never_takes_a_number_for_a_text(read: Callable[[Fields, str], object]) -> None:
    with pytest.raises(ResponseError, match="should be a text, is a number"):
        read(build_fields(a=7), "a")


@pytest.mark.parametrize(
    "read", [Fields.list, Fields.list_or, Fields.texts, Fields.texts_or, Fields.children, Fields.children_or]
)
def test_never_takes_a_text_for_a_list(read: Callable[[Fields, str], object]) -> None:
    with pytest.raises(ResponseError, match="should be a list, is a text"):
        read(build_fields(a="abc"), "a")


def test_never_takes_a_truth_value_for_a_number_or_the_other_way_round() -> None:
    with pytest.raises(ResponseError, match="is a truth value"):
        build_fields(a=True).integer("a")
    with pytest.raises(ResponseError, match="is a number"):
        build_fields(a=1).flag("a")


def test_names_the_place_in_a_list() -> None:
    with pytest.raises(ResponseError, match=r"field a\[1\]: should be a text, is null"):
        build_fields(a=["x", None]).texts("a")
    with pytest.raises(ResponseError, match=r"field a\[1\]: should be an object, is a list"):
        build_fields(a=[{}, []]).children("a")


def test_names_the_parent_that_is_no_object() -> None:
    with pytest.raises(ResponseError, match=r"field a\.b: should be an object, is a text"):
        build_fields(a={"b": "x"}).text("a.b.c")


def test_refuses_an_empty_text_where_one_is_due() -> None:
    with pytest.raises(ResponseError, match="is empty"):
        build_fields(a="  ").text("a")
    assert build_fields(a="  ").text_or("a", "-") == "-"


def test_reads_a_day_in_any_of_its_forms_and_no_other() -> None:
    forms = ("%Y-%m-%d", "%Y-%m")
    assert build_fields(a="2026-03").date("a", forms) == date(2026, 3, 1)
    for written in ("2026-02-30", "03/02/2026", "2026"):
        with pytest.raises(ResponseError, match="is no date of the form"):
            build_fields(a=written).date("a", forms)


def test_refuses_a_whole_that_is_no_object() -> None:
    with pytest.raises(ResponseError, match="should be an object, is a list"):
        Fields.read("somewhere", "doc-1", [])


def test_names_the_document_it_is_told_to() -> None:
    with pytest.raises(ResponseError, match="document doc-2"):
        build_fields().of("doc-2").text("a")


@given(st.dictionaries(st.sampled_from("ab"), JSON))
def test_whatever_comes_is_read_or_refused_by_name(mapping: dict[str, Any]) -> None:
    for read in READERS:
        refused = find_refusal(read, Fields("somewhere", "doc-1", mapping))
        assert refused is None or (refused.source, refused.document, refused.field[0]) == ("somewhere", "doc-1", "a")


@given(st.text(alphabet="abcdefgh", min_size=12))
def test_never_quotes_a_value(secret: str) -> None:
    for read in (Fields.integer, Fields.date, Fields.list, Fields.child, Fields.flag):
        with pytest.raises(ResponseError) as raised:
            read(build_fields(x=secret), "x")
        assert secret not in str(raised.value)


@pytest.mark.parametrize("dash", ["-", "‐", "‑", "‒", "–", "—", "−"])  # noqa: RUF001 - the look-alikes are the point
def test_takes_every_dash_in_an_identifier_for_a_hyphen(dash: str) -> None:
    assert build_fields(a=f"2024{dash}02930").identifier("a") == "2024-02930"
    assert normalise_dashes(f"a{dash}b") == "a-b"


def test_refuses_half_a_character_and_names_the_field() -> None:
    fields = Fields.read("source", "doc-1", {"title": "broken \ud800 title"})
    with pytest.raises(ResponseError, match=r"doc-1.*title.*half a character"):
        fields.text("title")
