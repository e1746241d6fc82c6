"""A page of HTML is read as a person reads it: tables keep their cells apart, menus are not read out, and nothing is run."""

from __future__ import annotations

import re
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from pipelines.detect.folder import Folder
from pipelines.detect.pages import check_selectors, read_page
from tests.builders.recordings import find_data, read_bytes
from tests.domain.test_revisions import BUSY

TABLE = """<table><caption>Filing</caption><thead><tr><th>Received</th><th>Published</th></tr></thead>
<tbody><tr><td>Monday</td><td><p>Thursday</p><p>or Friday</p></td></tr><tr><td></td><td>Never</td></tr></tbody></table>"""


def test_a_table_is_kept_as_text_a_row_a_line_and_a_cell_apart() -> None:
    lines = read_page(TABLE).splitlines()
    assert lines == ["Filing", "Received | Published", "Monday | Thursday or Friday", "| Never"]


def test_paragraphs_items_and_breaks_are_lines() -> None:
    html = "<h1>Rule</h1>one <b>bo</b>ld<p>two<br>three</p><ul><li>four</li><li>five</li></ul>six"
    assert read_page(html).splitlines() == ["Rule", "one bold", "two", "three", "four", "five", "six"]


def test_what_is_not_read_out_is_left_out() -> None:
    html = (
        "<head><title>T</title><style>p{}</style></head><nav>Home</nav><script>alert('x')</script><!-- aside -->"
        "<main>The rule.</main><form><button>Send</button></form><footer>Contact</footer><template>No</template>"
    )
    assert read_page(html) == "The rule."


def test_boilerplate_is_what_the_source_says_it_is() -> None:
    html = '<div class="banner">An official website</div><p>The rule.</p><p id="share">Share <span class="banner">x</span></p>'
    assert read_page(html, (".banner", "#share")) == "The rule."
    assert "An official website" in read_page(html)


def test_quotes_dashes_signs_and_ligatures_are_what_the_page_says() -> None:
    assert read_page("<p>“§&nbsp;5” – a&mdash;b ﬁle &amp; &lt;x&gt; −5</p>") == "“§ 5” – a—b ﬁle & <x> −5"


def test_a_page_that_is_not_well_formed_is_read_all_the_same() -> None:
    assert read_page("<p>one<p>two<table><tr><td>three<td>four").splitlines() == ["one", "two", "three | four"]
    assert read_page("no markup at all") == "no markup at all"
    assert read_page("") == ""


def test_declares_no_entity_of_its_own() -> None:
    html = '<!DOCTYPE html [<!ENTITY e SYSTEM "file:///etc/passwd"> <!ENTITY b "boom">]><p>a &e; &b; c</p>'
    read = read_page(html)
    assert "root:" not in read
    assert "boom" not in read.replace('"boom"', "")


def test_a_page_nested_deeper_than_python_goes_is_read() -> None:
    deep = 3 * sys.getrecursionlimit()
    assert read_page("<div>" * deep + "found" + "</div>" * deep, ("div div div i",)) == "found"


@BUSY
@given(
    st.lists(st.sampled_from(["<p>", "</p>", "<td>", "<tr>", "<table>", "</table>", "<b>", "<nav>", "word", " ", "&amp;", "<"]))
)
def test_invents_no_word_and_reads_whatever_comes(pieces: list[str]) -> None:
    html = "".join(pieces)
    found = re.findall(r"\w+", read_page(html))
    told = re.findall(r"\w+", re.sub(r"</?(?:p|td|tr|table|b|nav)>", " ", html))
    assert "".join(found).replace("word", "") in {"", *told}
    assert len("".join(found)) <= len("".join(told))


def test_refuses_a_selector_that_is_none() -> None:
    with pytest.raises(ValueError, match="no CSS selector"):
        check_selectors((".banner", "p[[["))
    with pytest.raises(ValidationError, match="no CSS selector"):
        Folder(path="in", boilerplate=("p[[[",))  # type: ignore[arg-type]
    assert check_selectors(("p.x > a",)) == ("p.x > a",)


@pytest.mark.data
def test_a_real_article_keeps_its_tables_and_leaves_its_frame() -> None:
    html = read_bytes(find_data("api_recordings/biomcp_2026/pmc_article/pmc3040717.html.gz")).decode()
    read = read_page(html)
    rows = [line for line in read.splitlines() if line.count(" | ") > 2]
    assert len(rows) > 40
    assert not re.search(r"function\s*\(|\{\s*color:|background-image", read)
    assert len(read) < len(html) / 3
    shorter = read_page(html, ("section.ref-list", "header"))
    assert len(shorter) < len(read)
