"""From the eCFR's XML to passages. The parser resolves no entities, loads no DTD and opens no connection."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipelines.detect.fields import normalise_dashes
from pipelines.detect.layouts import Scribe
from pipelines.domain.errors import ResponseError

if TYPE_CHECKING:
    from lxml.etree import _Element

# Where a text comes from and who may amend it is not the text; the heading is the title.
_NOT_TEXT = frozenset({"HEAD", "AUTH", "SOURCE", "CITA", "SECAUTH", "APPRO", "EDNOTE", "XREF"})
_KINDS = frozenset({"SECTION", "APPENDIX"})
# Tables come as HTML's or as the Printing Office's own; white space between cells is not to be counted on.
_ROWS = frozenset({"TABLE", "TR", "GPOTABLE", "TTITLE", "BOXHD", "ROW", "TNOTE"})
_CELLS = frozenset({"TD", "TH", "ENT", "CHED"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """The text of one section or appendix: its paragraphs, a line each."""

    title: str
    text: str
    is_reserved: bool


def read_passages(source: str, document: str, xml: bytes) -> Iterator[tuple[str, Passage]]:
    """Yield identifier and passage of every section and appendix; raises :class:`ResponseError` for broken or unsafe XML."""
    for element in _parse(source, document, xml).iter():
        if element.get("TYPE") in _KINDS and isinstance(element.tag, str):
            number = normalise_dashes(" ".join((element.get("N") or "").replace("§", " ").split()))
            if not number:
                raise ResponseError(source, document, f"{element.tag}/@N", "is gone")
            yield number, _read_passage(source, document, number, element)


def _parse(source: str, document: str, xml: bytes) -> _Element:
    from lxml import etree

    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        root: Any = etree.fromstring(xml, parser)
    except etree.XMLSyntaxError as error:
        problem = f"not XML ({len(xml)} bytes): cut off, or no longer this API; look again later"
        raise ResponseError(source, document, "", problem) from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise ResponseError(source, document, "DOCTYPE", "declares a document type, which this API never does: refused")
    return root


def _read_passage(source: str, document: str, number: str, element: _Element) -> Passage:
    heading = element.find("HEAD")
    title = _flatten(heading) if heading is not None else ""
    if not title:
        raise ResponseError(source, document, f"{element.tag}[{number}]/HEAD", "is gone")
    lines = [_flatten(child) for child in element if isinstance(child.tag, str) and child.tag not in _NOT_TEXT]
    text = "\n".join(line for line in lines if line)
    is_reserved = not text and "[reserved]" in title.lower()
    if not text and not is_reserved:
        raise ResponseError(source, document, f"{element.tag}[{number}]/P", "is gone")
    return Passage(title=title, text=text, is_reserved=is_reserved)


def _flatten(element: _Element) -> str:
    """Return the text of an element on a line, but for tables: their title, heads and rows have a line each."""
    from lxml import etree

    scribe = Scribe()
    for event, part in etree.iterwalk(element, events=("start", "end")):
        if event == "start":
            if part.tag in _CELLS:
                scribe.begin_cell()
            elif part.tag in _ROWS:
                scribe.begin_line()
            scribe.write(part.text)
        else:
            if part.tag in _ROWS:
                scribe.begin_line()
            if part is not element:
                scribe.write(part.tail)
    return scribe.text
