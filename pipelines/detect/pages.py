"""From a page of HTML to its text: without scripts and menus, and without what a source calls boilerplate."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, TypeAlias

from pydantic import AfterValidator

from pipelines.detect.layouts import Scribe

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

UNREAD = frozenset(
    {
        *("script", "style", "noscript", "template", "svg", "iframe", "object", "head"),
        *("nav", "footer", "aside", "form", "button", "select", "dialog"),
    }
)
"""Elements that are no part of what a page says, by the meaning that HTML gives them (https://html.spec.whatwg.org)."""

LINES = frozenset(
    {
        *("address", "article", "blockquote", "br", "caption", "dd", "details", "div", "dl", "dt", "fieldset", "figcaption"),
        *("figure", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "ol", "p", "pre", "section", "summary"),
        *("table", "tbody", "tfoot", "thead", "tr", "ul"),
    }
)
CELLS = frozenset({"td", "th"})


def check_selectors(selectors: tuple[str, ...]) -> tuple[str, ...]:
    """Return ``selectors``; raises ``ValueError`` for one that is no CSS selector, since it would leave nothing out."""
    if selectors:
        from selectolax.lexbor import LexborHTMLParser, SelectolaxError

        page = LexborHTMLParser("<p></p>")
        for selector in selectors:
            try:
                page.css(selector)
            except SelectolaxError as error:
                raise ValueError(f"{selector!r} is no CSS selector") from error
    return selectors


Selectors: TypeAlias = Annotated[tuple[str, ...], AfterValidator(check_selectors)]
"""What a source leaves out of its pages, checked when the parameters are read."""


def read_page(html: str, boilerplate: Sequence[str] = ()) -> str:
    """Return a page's text: paragraphs, list items and rows of tables a line each, cells apart.

    ``boilerplate`` are CSS selectors of what to leave out besides menus, forms, scripts and the like. Nothing is fetched, no
    script runs, and a page that is not well-formed is read as browsers read it.
    """
    from selectolax.lexbor import LexborHTMLParser

    tree = LexborHTMLParser(html)
    # left out while reading, and not cut out of the tree before: what stands within what was cut out could be met again
    left_out = frozenset(node.mem_id for selector in boilerplate for node in tree.css(selector))
    scribe = Scribe()
    if tree.root is not None:
        _take_down(tree.root, left_out, scribe)
    return scribe.text


def _take_down(root: LexborNode, left_out: Collection[int], scribe: Scribe) -> None:
    # a stack of our own: a page may be nested deeper than Python's goes
    waiting: list[tuple[LexborNode, bool]] = [(root, False)]
    cells = 0
    while waiting:
        node, is_closing = waiting.pop()
        tag = node.tag or ""
        if tag in UNREAD or node.mem_id in left_out:
            continue
        if (text := node.text_content) is not None:
            scribe.write(text)
            continue
        cells += (-1 if is_closing else 1) * (tag in CELLS)
        _lay_out(tag, scribe, is_within_cell=cells > 0, is_closing=is_closing)
        if not is_closing:
            waiting.append((node, True))
            waiting.extend((child, False) for child in reversed(list(_list_children(node))))


def _lay_out(tag: str, scribe: Scribe, *, is_within_cell: bool, is_closing: bool) -> None:
    if tag in CELLS and not is_closing:
        scribe.begin_cell()
    elif tag in LINES and not is_within_cell:
        scribe.begin_line()
    elif tag in LINES:
        # a paragraph in a cell is no line, and does not run into the next one either
        scribe.write(" ")


def _list_children(node: LexborNode) -> Iterator[LexborNode]:
    child = node.first_child
    while child is not None:
        yield child
        child = child.next
