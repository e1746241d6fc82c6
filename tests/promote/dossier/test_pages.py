"""The page is a function of the facts: the same bytes anywhere, every section in it, and no text can change what it is."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from pipelines.domain.events import Kind
from pipelines.domain.scorecards import CurrencyExample
from pipelines.domain.verdicts import Decision, Finding, Verdict
from pipelines.files import write_json
from pipelines.promote.dossier.facts import Facts
from pipelines.promote.dossier.pages import render_page
from pipelines.promote.dossier.reports import Splits
from pipelines.promote.dossier.sections import TITLES, SectionId
from tests.builders.dossiers import (
    FIRST,
    OVERRIDDEN,
    PROMOTED,
    REFUSED,
    Record,
    build_example,
    build_verdict,
    name_model,
    open_record,
    tell_story,
)
from tests.builders.findings import build_finding

REPOSITORY = Path(__file__).resolve().parents[3]
MARKUP = st.lists(
    st.sampled_from(["<b>", "</p>", "</bdi>", "<script>", "<img src=x>", "<!-- -->", '"', "'", "=", "&lt;", "{{ 1 }}", "\x00"]),
    min_size=1,
    max_size=8,
).map("".join)
MARKED = {"del", "ins"}
"""How often these come depends on where two texts differ."""

REBUILD = """
import hashlib, sys
from pathlib import Path
from pipelines.clock import SystemClock
from pipelines.domain.identities import DomainName
from pipelines.ledger.evidence import EvidenceStore
from pipelines.ledger.ledgers import Ledger
from pipelines.promote.dossier.building import build_facts
from pipelines.promote.dossier.pages import render_page
root = Path(sys.argv[1])
ledger = Ledger.open(f"sqlite:///{root / 'ledger.sqlite'}", SystemClock(), "somebody else")
facts = build_facts(ledger.events(DomainName("clinical")), EvidenceStore(root / "evidence"), int(sys.argv[2]))
print(hashlib.sha256(render_page(facts)).hexdigest())
"""


class Outline(HTMLParser):
    """What a browser makes of a page: its elements with their attributes, its words, and the ids in it."""

    def __init__(self, page: bytes) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, tuple[tuple[str, str | None], ...]]] = []
        self.words: list[str] = []
        self.feed(page.decode())
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, tuple(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def tags(self) -> list[str]:
        return [tag for tag, _ in self.elements]

    def ids(self) -> list[str]:
        return [str(value) for _, attributes in self.elements for name, value in attributes if name == "id"]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("story")


@pytest.fixture(scope="module")
def story(root: Path) -> Record:
    return tell_story(root)


@pytest.fixture(scope="module")
def facts(story: Record) -> Facts:
    return story.facts(PROMOTED)


def say_everywhere(facts: Facts, said: str) -> Facts:
    """The facts with ``said`` in every place that somebody else than we may fill."""
    example = CurrencyExample(
        row_id=said, question=said, text_before=f"7 {said}", text_in_force=f"5 {said}", effective_from=said,
        champion_answer=f"a{said}", candidate_answer=f"a{said}", is_champion_current=False, is_candidate_current=True,
    )  # fmt: skip
    assert isinstance(facts.verdict, Verdict)
    finding = build_finding(
        said or "x", sentence=said, metric=said or "m", against=said or "a", part=said or "p", estimate=0.1, lower=0.0
    )
    steps = tuple(replace(step, by=f"a{said}", reason=f"a{said}", proof=f"a{said}", key="") for step in facts.approvals.steps)
    return replace(
        facts,
        sentence=said,
        verdict=replace(facts.verdict, findings=(*facts.verdict.findings, finding)),
        currency=(example,),
        changes=replace(facts.changes, retrain_reason=f"a{said}", withdrawn_drops=(said,)),
        approvals=replace(facts.approvals, steps=steps, started_by=said),
    )


def test_every_section_is_there_once_and_in_order(facts: Facts) -> None:
    ids = [one for one in Outline(render_page(facts)).ids() if one in set(SectionId)]
    assert ids == list(SectionId)


@pytest.mark.parametrize("version", [FIRST, OVERRIDDEN, REFUSED, PROMOTED])
def test_no_id_is_given_twice_and_every_link_leads_somewhere(story: Record, version: int) -> None:
    outline = Outline(render_page(story.facts(version)))
    ids = outline.ids()
    assert len(ids) == len(set(ids))
    links = [str(value) for tag, attributes in outline.elements for name, value in attributes if (tag, name) == ("a", "href")]
    assert {link[1:] for link in links if link.startswith("#")} <= set(ids)
    named = " ".join(str(value) for _, attributes in outline.elements for name, value in attributes if name == "aria-labelledby")
    assert set(named.split()) <= set(ids)


def test_nothing_is_fetched_and_nothing_runs(facts: Facts) -> None:
    page = render_page(facts)
    outline = Outline(page)
    assert not {"script", "link", "img", "iframe", "object", "embed", "form", "base"} & set(outline.tags)
    assert not any(name.startswith("on") or name == "src" for _, attributes in outline.elements for name, _ in attributes)
    assert b"url(" not in page
    assert b"@import" not in page
    assert b"default-src 'none'" in page


def test_rows_that_repeat_a_passage_are_told_where_somebody_looked(facts: Facts) -> None:
    splits = facts.data.splits
    assert isinstance(splits, Splits)
    assert "Repeat a passage" not in " ".join(Outline(render_page(facts)).words)
    part = replace(splits.parts["train"], contaminated=37_431)
    counted = replace(splits, parts={**splits.parts, "train": part}, contaminated=37_431)
    words = " ".join(Outline(render_page(replace(facts, data=replace(facts.data, splits=counted)))).words)
    assert "Repeat a passage" in words
    assert "37,431" in words


def test_the_page_of_an_override_says_so_before_anything_else(story: Record) -> None:
    page = render_page(story.facts(OVERRIDDEN)).decode()
    assert page.index("This promotion is an override") < page.index(TITLES[SectionId.CHANGES] + "</h2>")
    assert "A predecessor was promoted by an override" in render_page(story.facts(PROMOTED)).decode()
    assert "override" not in render_page(story.facts(FIRST)).decode().split("<nav")[0].split("</style>")[1]


def test_a_record_of_before_the_evidence_has_a_page_that_says_what_it_lacks(tmp_path: Path) -> None:
    record = open_record(tmp_path)
    payload = {
        "run": "old",
        "version": 1,
        "digest": name_model(1),
        "decision": "hold",
        "sentence": "held: too few",
        "against": None,
    }
    record.add(Kind.CANDIDATE_JUDGED, payload)
    page = render_page(record.facts(1)).decode()
    assert page.count("Not recorded:") >= 10
    assert Outline(page.encode()).ids().count("headline") == 1


def test_the_twin_holds_the_same_facts_and_gives_the_same_page(facts: Facts, tmp_path: Path) -> None:
    write_json(tmp_path / "twin.json", facts)
    read = TypeAdapter(Facts).validate_json((tmp_path / "twin.json").read_bytes())
    assert read == facts
    assert render_page(read) == render_page(facts)


@pytest.mark.parametrize("version", [REFUSED, PROMOTED])
def test_a_rebuild_by_somebody_else_elsewhere_gives_the_same_bytes(
    story: Record, root: Path, tmp_path: Path, version: int
) -> None:
    expected = hashlib.sha256(render_page(story.facts(version))).hexdigest()
    strange = {"TZ": "Pacific/Kiritimati", "LC_ALL": "tr_TR.UTF-8", "LANG": "de_DE", "PYTHONHASHSEED": "7"}
    done = subprocess.run(
        [sys.executable, "-c", REBUILD, str(root), str(version)],
        cwd=tmp_path,
        env={**os.environ, **strange, "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == expected


@pytest.mark.parametrize(
    "hostile",
    [
        '<script>document.title="owned"</script>',
        '"><img src=x onerror=alert(1)>',
        "</style><style>body{display:none}</style>",
        "</title></head><body onload=alert(1)>",
        "{{ facts.domain }}{% raw %}",
        "<!--",
        "]]><svg onload=alert(1)>",
        "javascript:alert(1)",
        "\u202egnissim si ereht gnihton",
    ],
)
def test_hostile_words_stay_words(facts: Facts, hostile: str) -> None:
    benign, attacked = (Outline(render_page(say_everywhere(facts, said))) for said in ("plain", hostile))
    assert attacked.tags == benign.tags
    told = "".join(attacked.words)
    assert "\u202e" not in told
    assert hostile.replace("\u202e", "⟦U+202E⟧") in told


@pytest.fixture(scope="module")
def plain(facts: Facts) -> tuple[Facts, Outline]:
    """Short facts, and what a page of them is made of when every text is a plain word."""
    short = replace(facts, regimes=(), slices=(), reliability=())
    return short, Outline(render_page(say_everywhere(short, "plain")))


@settings(max_examples=25, deadline=None)
@given(MARKUP | st.text(st.characters(codec="utf-8", exclude_characters="\r"), max_size=40))
def test_no_text_changes_what_the_page_is_made_of(plain: tuple[Facts, Outline], said: str) -> None:
    short, benign = plain
    attacked = Outline(render_page(say_everywhere(short, f"x {said}")))
    assert [tag for tag in attacked.tags if tag not in MARKED] == [tag for tag in benign.tags if tag not in MARKED]
    attributes = {name for _, found in attacked.elements for name, _ in found}
    assert attributes == {name for _, found in benign.elements for name, _ in found}


def test_a_currency_pair_shows_both_texts_and_both_answers(facts: Facts) -> None:
    told = "".join(Outline(render_page(replace(facts, currency=(build_example(),)))).words)
    assert "no case later than 7 calendar days" in told
    assert "no case later than 5 calendar days" in told
    assert "“Infection”" in told
    assert "“Class I”" in told


def test_a_candidate_that_needs_a_person_says_so_in_its_envelope(facts: Facts) -> None:
    assert isinstance(facts.verdict, Verdict)
    said = "This candidate needs a named person"
    assert said.encode() not in render_page(facts)
    assert said.encode() in render_page(replace(facts, verdict=replace(facts.verdict, needs_approval=True)))


def test_a_verdict_without_findings_is_told_without_answers(facts: Facts) -> None:
    empty: tuple[Finding, ...] = ()
    page = render_page(replace(facts, verdict=build_verdict(1, Decision.HOLD, empty))).decode()
    assert "Nothing was measured." in page
    assert 'class="answers"' not in page
