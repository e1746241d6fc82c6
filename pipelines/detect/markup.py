"""Reading XML from strangers: no entities, no network, no DTD, and every element that is gone is named."""

from __future__ import annotations

from typing import Any, TypeAlias

from lxml import etree

from pipelines.domain.errors import ResponseError

Element: TypeAlias = Any
"""An element of lxml, which has no types."""


def parse_markup(source: str, body: bytes, root_name: str) -> Element:
    """Return the root of an XML document.

    Raises:
        ResponseError: where it is no XML, is cut off, declares entities, or has another root than ``root_name``.
    """
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True)
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        problem = f"not XML ({len(body)} bytes): cut off, or no longer this API; look again later"
        raise ResponseError(source, "", "", problem) from error
    declared = root.getroottree().docinfo.internalDTD
    if (declared is not None and any(True for _ in declared.iterentities())) or any(True for _ in root.iter(etree.Entity)):
        raise ResponseError(source, "", "", "declares or uses entities, which this API never does: do not trust it")
    if root.tag != root_name:
        raise ResponseError(source, "", root_name, "is gone: another document came in its place")
    return root


def read_text(element: Element | None) -> str:
    """Return all text within an element, inline markup (italics, subscripts) aside, its white space made single blanks."""
    return " ".join("".join(element.itertext()).split()) if element is not None else ""


def demand_text(source: str, document: str, element: Element, path: str) -> str:
    """Return the text of the element at ``path``; raises :class:`ResponseError` where it is gone or empty."""
    text = read_text(element.find(path))
    if not text:
        raise ResponseError(source, document, path.replace("/", "."), "is gone or empty")
    return text
