"""A dossier in a real browser: it is quiet, asks nobody, is read by everybody, fits a phone and goes on paper."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.promote.dossier.pages import render_page
from pipelines.promote.dossier.sections import TITLES, SectionId
from tests.browser.conftest import Open
from tests.builders.dossiers import PROMOTED, build_example, encode, judge_version, open_record

pytestmark = pytest.mark.server
BOTH = pytest.mark.parametrize("name", ["promotion", "refusal"])
# what a reader may set without losing anything (WCAG 2.2, success criterion 1.4.12), and wider than any usual font
SPACED = "* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important; }"
PHONE = {"viewport": {"width": 360, "height": 740}, "is_mobile": True, "has_touch": True, "device_scale_factor": 2}


@BOTH
def test_it_is_quiet_and_asks_nobody_for_anything(visit: Open, pages: dict[str, Path], name: str) -> None:
    with visit(pages[name]) as seen:
        seen.page.wait_for_load_state("networkidle")
        assert seen.requests == [pages[name].as_uri()]
        assert seen.complaints == []


@BOTH
def test_every_section_is_visible_under_its_heading(visit: Open, pages: dict[str, Path], name: str) -> None:
    with visit(pages[name]) as seen:
        for section in SectionId:
            assert seen.page.locator(f"#{section}").is_visible(), section
            if section is not SectionId.HEADLINE:
                assert seen.page.locator(f"#{section} h2").inner_text() == TITLES[section]


@BOTH
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("form", ["page", "phone"])
def test_axe_finds_nothing_serious(visit: Open, pages: dict[str, Path], name: str, scheme: str, form: str) -> None:
    from axe_playwright_python.sync_playwright import Axe

    with visit(pages[name], color_scheme=scheme, bypass_csp=True, **(PHONE if form == "phone" else {})) as seen:
        seen.page.locator("summary").evaluate_all("all => all.forEach(one => one.parentElement.open = true)")
        found = Axe().run(seen.page).response["violations"]
        worst = [(one["id"], one["nodes"][0]["html"][:200]) for one in found if one["impact"] in {"serious", "critical"}]
        assert worst == []


@pytest.mark.parametrize("name", ["promotion", "refusal", "override"])
@pytest.mark.parametrize("style", ["* {}", SPACED], ids=["plain", "spaced"])
def test_a_phone_scrolls_down_and_never_sideways(visit: Open, pages: dict[str, Path], name: str, style: str) -> None:
    with visit(pages[name], bypass_csp=True, **PHONE) as seen:
        seen.page.add_style_tag(content=style)
        seen.page.locator("summary").evaluate_all("all => all.forEach(one => one.parentElement.open = true)")
        assert seen.page.evaluate("document.documentElement.scrollWidth") == 360
        assert seen.page.locator("#verdict svg[role=img]:visible").count() == 1


def test_the_first_screen_of_a_phone_says_what_was_decided(visit: Open, pages: dict[str, Path]) -> None:
    with visit(pages["refusal"], **PHONE) as seen:
        assert seen.page.locator(".banner").is_visible()
        box = seen.page.locator(".lead").bounding_box()
        assert box["y"] + box["height"] < 740
        assert "Refused" in seen.page.locator(".banner").inner_text()


@BOTH
def test_on_paper_nothing_stays_folded_away(visit: Open, pages: dict[str, Path], name: str) -> None:
    with visit(pages[name]) as seen:
        hidden = seen.page.locator("details table").first
        assert not hidden.is_visible()
        seen.page.emulate_media(media="print")
        assert hidden.is_visible()
        assert not seen.page.locator("nav").is_visible()
        paper = seen.page.pdf(format="A4")
        assert paper.startswith(b"%PDF")
        assert len(paper) > 50_000


def test_hostile_words_do_nothing_in_a_browser(visit: Open, tmp_path: Path) -> None:
    from pipelines.domain.verdicts import Decision

    record = open_record(tmp_path)
    hostile = (
        '"></bdi><script>document.title="owned"</script>'
        '<img src="https://example.org/x.png" onerror="document.title=&#39;owned&#39;">'
    )
    example = build_example(question=hostile, text_in_force=hostile, candidate_answer=hostile)
    judge_version(record, PROMOTED, Decision.PROMOTE, against=None, files={"examples.json": encode((example,))})
    file = tmp_path / "hostile.html"
    file.write_bytes(render_page(record.facts(PROMOTED)))
    with visit(file) as seen:
        seen.page.wait_for_load_state("networkidle")
        assert seen.page.title() == "clinical version 4: may be promoted – dossier"
        assert seen.requests == [file.as_uri()]
        assert hostile in seen.page.locator("#currency").inner_text()
