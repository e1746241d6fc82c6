"""The page of a validation fetches nothing, quotes nothing, and escapes whatever it is given."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from data_checks.docs import render_docs
from data_checks.findings import DropFailure, Findings, RowFailure, Tally

ROWS = (
    RowFailure(row_id="row-1", expectation="title is present", observed="empty"),
    RowFailure(row_id="row-1", expectation="text has a sane length", observed="length 3"),
)
TALLIES = (
    Tally(expectation="title is present", checked=9, failed=1),
    Tally(expectation="published_at is sane", checked=9, failed=0),
)


class Outline(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.opened: list[str] = []
        self.attributes: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.opened.append(tag)
        self.attributes.extend(name for name, _ in attrs)


def outline(page: str) -> Outline:
    parser = Outline()
    parser.feed(page)
    return parser


def test_fetches_nothing_and_runs_nothing() -> None:
    read = outline(render_docs(Findings(rows=9, row_failures=ROWS, tallies=TALLIES)))
    assert {"script", "link", "img", "iframe"}.isdisjoint(read.opened)
    assert {"src", "href", "onclick"}.isdisjoint(read.attributes)


def test_counts_without_naming_rows() -> None:
    page = render_docs(Findings(rows=9, row_failures=ROWS, tallies=TALLIES))
    assert "1 of 9 rows fail a check." in page
    assert "row-1" not in page
    assert "length 3" not in page
    assert re.search(r"title is present</th><td class=\"number\">9</td><td class=\"number\">1<", page)


def test_says_when_all_is_well() -> None:
    assert "All 9 rows pass." in render_docs(Findings(rows=9, tallies=TALLIES))


def test_says_why_a_drop_is_refused() -> None:
    failure = DropFailure(expectation="volume is usual", observed="9 rows", limit="50 to 60 rows")
    page = render_docs(Findings(rows=9, drop_failures=(failure,)))
    assert "Refused as a whole." in page
    assert "50 to 60 rows" in page


def test_escapes_whatever_it_shows() -> None:
    attack = "<script>alert(1)</script>"
    failure = DropFailure(expectation=attack, observed=attack, limit=attack)
    tally = Tally(expectation=attack, checked=1, failed=0)
    page = render_docs(Findings(rows=1, drop_failures=(failure,), tallies=(tally,)), heading=attack)
    assert "script" not in outline(page).opened
    assert page.count("&lt;script&gt;") == 6


def test_equal_findings_give_equal_bytes() -> None:
    findings = Findings(rows=9, row_failures=ROWS, tallies=TALLIES)
    assert render_docs(findings) == render_docs(findings)
    assert render_docs(findings).endswith("</html>\n")


def test_findings_group_the_failures_of_a_row() -> None:
    findings = Findings(rows=9, row_failures=ROWS)
    assert findings.failed_rows == 1
    assert findings.group_by_row() == {"row-1": ROWS}
