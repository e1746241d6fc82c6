"""XML from strangers does no harm and is named where it is wrong."""

from __future__ import annotations

import pytest

from pipelines.detect.markup import demand_text, parse_markup, read_text
from pipelines.domain.errors import ResponseError

LAUGHS = b"""<?xml version="1.0"?>
<!DOCTYPE root [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>
<root>&c;</root>"""
OUTSIDE = b'<!DOCTYPE root [<!ENTITY file SYSTEM "file:///etc/hostname">]><root>&file;</root>'
ATTRIBUTE = b'<!DOCTYPE root [<!ENTITY a "ha">]><root name="&a;"/>'


@pytest.mark.parametrize("body", [LAUGHS, OUTSIDE, ATTRIBUTE], ids=["laughs", "outside", "attribute"])
def test_refuses_entities_of_its_own_making(body: bytes) -> None:
    with pytest.raises(ResponseError, match="entities"):
        parse_markup("a_source", body, "root")


def test_asks_nobody_for_a_dtd() -> None:
    body = b'<!DOCTYPE root SYSTEM "http://127.0.0.1:9/never.dtd"><root>text</root>'
    assert read_text(parse_markup("a_source", body, "root")) == "text"


@pytest.mark.parametrize("body", [b"", b"<root>", b"{}", b"<root></tree>", b"<root>\x00</root>", b"\xff\xfe"])
def test_refuses_what_is_no_xml(body: bytes) -> None:
    with pytest.raises(ResponseError, match="not XML"):
        parse_markup("a_source", body, "root")


def test_refuses_another_document() -> None:
    with pytest.raises(ResponseError, match="field root: is gone"):
        parse_markup("a_source", b"<html/>", "root")


def test_an_error_quotes_nothing_of_the_document() -> None:
    with pytest.raises(ResponseError) as raised:
        parse_markup("a_source", b"<secret>", "root")
    assert "secret" not in str(raised.value)


def test_inline_markup_and_line_ends_leave_no_trace() -> None:
    root = parse_markup("a_source", b"<root>H<sub>2</sub>O is\n   <i>not</i> <!-- ever --> dry</root>", "root")
    assert read_text(root) == "H2O is not dry"


def test_nothing_has_no_text() -> None:
    assert read_text(None) == ""


@pytest.mark.parametrize("body", [b"<root/>", b"<root><a><b> </b></a></root>"])
def test_names_the_element_that_is_gone_or_empty(body: bytes) -> None:
    with pytest.raises(ResponseError) as raised:
        demand_text("a_source", "doc-1", parse_markup("a_source", body, "root"), "a/b")
    assert (raised.value.document, raised.value.field) == ("doc-1", "a.b")
