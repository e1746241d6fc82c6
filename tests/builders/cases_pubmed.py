"""A small PubMed: papers by day of entry and of modification, searches kept on a history server, pages of XML."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from pipelines.detect.pubmed import PubMed
from tests.builders.servers import Answer, Asked, Fault, ScriptedServer
from tests.builders.source_cases import SourceCase

KEY = "a-key-for-ncbi"
SEARCH, FETCH = "/esearch.fcgi", "/efetch.fcgi"
_DOCTYPE = (
    '<!DOCTYPE PubmedArticleSet PUBLIC "-//NLM//DTD PubMedArticle, 1st January 2025//EN" '
    '"https://dtd.nlm.nih.gov/ncbi/pubmed/out/pubmed_250101.dtd">'
)
ISSUE = "<PubDate><Year>2026</Year><Month>Jan</Month><Day>15</Day></PubDate>"


@dataclass(frozen=True, kw_only=True)
class Paper:
    """A paper; ``kinds`` are publication types, ``references`` pairs of ``RefType`` and PMID."""

    number: int
    entered: str = "2026-02-01"
    modified: str = ""
    title: str = "A <i>trial</i> of H<sub>2</sub>O"
    abstract: str = "<AbstractText>Water helped more than nothing did.</AbstractText>"
    issue: str = ISSUE
    mesh: tuple[str, ...] = ("Asthma",)
    kinds: tuple[str, ...] = ("Journal Article",)
    references: tuple[tuple[str, str], ...] = ()
    version: int = 1
    extra: str = ""

    def changed_on(self, kind: str) -> str:
        return self.entered if kind == "edat" else self.modified or self.entered

    def render(self) -> str:
        """The paper as EFetch shows it."""
        mesh = "".join(f'<MeshHeading><DescriptorName UI="D1">{name}</DescriptorName></MeshHeading>' for name in self.mesh)
        kinds = "".join(f'<PublicationType UI="D2">{kind}</PublicationType>' for kind in self.kinds)
        references = "".join(
            f'<CommentsCorrections RefType="{kind}"><RefSource>J. 2026</RefSource>'
            + (f'<PMID Version="1">{paper}</PMID>' if paper else "")
            + "</CommentsCorrections>"
            for kind, paper in self.references
        )
        year, month, day = self.entered.split("-")
        return (
            f'<PubmedArticle><MedlineCitation Status="MEDLINE"><PMID Version="{self.version}">{self.number}</PMID>'
            f"<Article><Journal><JournalIssue>{self.issue}</JournalIssue></Journal><ArticleTitle>{self.title}</ArticleTitle>"
            f"<Abstract>{self.abstract}</Abstract>{self.extra}"
            "<AuthorList><Author><LastName>Private</LastName></Author></AuthorList>"
            f"<PublicationTypeList>{kinds}</PublicationTypeList></Article>"
            f"<CommentsCorrectionsList>{references}</CommentsCorrectionsList><MeshHeadingList>{mesh}</MeshHeadingList>"
            '</MedlineCitation><PubmedData><History><PubMedPubDate PubStatus="entrez">'
            f"<Year>{year}</Year><Month>{month}</Month><Day>{day}</Day></PubMedPubDate></History></PubmedData></PubmedArticle>"
        )


def render_set(papers: Sequence[Paper], deleted: Sequence[int] = ()) -> bytes:
    """An EFetch answer, with what PubMed's DTD has for deleted ids at its end."""
    tail = "".join(f'<PMID Version="1">{number}</PMID>' for number in deleted)
    tail = f"<DeleteCitation>{tail}</DeleteCitation>" if tail else ""
    body = "".join(paper.render() for paper in papers)
    return f'<?xml version="1.0" ?>\n{_DOCTYPE}\n<PubmedArticleSet>{body}{tail}</PubmedArticleSet>'.encode()


@dataclass(kw_only=True)
class Library:
    """What the server holds; ``lost`` papers are found by no page, ``gone`` ones by no id either."""

    papers: Sequence[Paper]
    deleted: Sequence[int] = ()
    lost: frozenset[int] = frozenset()
    gone: frozenset[int] = frozenset()

    def script(self, server: ScriptedServer) -> None:
        server.answer(SEARCH, self.search)
        server.answer(FETCH, self.fetch)

    def search(self, asked: Asked) -> Answer:
        first, last = (asked.params[name].replace("/", "-") for name in ("mindate", "maxdate"))
        found = [paper for paper in self.papers if first <= paper.changed_on(asked.params["datetype"]) <= last]
        numbers = dict.fromkeys(paper.number for paper in found)
        ids = "".join(f"<Id>{number}</Id>" for number in numbers)
        return Answer(
            body=f'<?xml version="1.0" encoding="UTF-8" ?>\n<!DOCTYPE eSearchResult PUBLIC "-//NLM//DTD esearch 20060628//EN" '
            f'"https://eutils.ncbi.nlm.nih.gov/eutils/dtd/20060628/esearch.dtd">\n<eSearchResult><Count>{len(numbers)}</Count>'
            f"<RetMax>{len(numbers)}</RetMax><RetStart>0</RetStart><QueryKey>1</QueryKey>"
            f"<WebEnv>MCID_{asked.params['datetype']}_{first}_{last}</WebEnv><IdList>{ids}</IdList></eSearchResult>".encode(),
            media_type="text/xml",
        )

    def fetch(self, asked: Asked) -> Answer:
        return Answer(body=render_set(self._choose(asked), self.deleted), media_type="text/xml")

    def _choose(self, asked: Asked) -> list[Paper]:
        if "id" in asked.params:
            wanted = asked.params["id"].split(",")
            return [paper for paper in self.papers if str(paper.number) in wanted and paper.number not in self.gone]
        _, kind, first, last = asked.params["WebEnv"].split("_")
        found = [paper for paper in self.papers if first <= paper.changed_on(kind) <= last]
        start = int(asked.params["retstart"])
        page = found[start : start + int(asked.params["retmax"])]
        return [paper for paper in page if paper.number not in self.lost | self.gone]


EARLIER = [Paper(number=100 + number, entered=f"2026-02-{number:02d}") for number in range(1, 6)]
LATER = [
    Paper(number=106, entered="2026-03-09", kinds=("Retraction of Publication",), references=(("RetractionOf", "101"),)),
    Paper(number=102, entered="2026-02-02", modified="2026-03-09", kinds=("Journal Article", "Retracted Publication")),
]


def script(server: ScriptedServer, step: int) -> None:
    changed = {paper.number for paper in LATER}
    world = [*(paper for paper in EARLIER if paper.number not in changed), *LATER] if step else EARLIER
    Library(papers=world).script(server)


def shift(server: ScriptedServer) -> frozenset[str]:
    """A page leaves out what its search had promised."""
    Library(papers=EARLIER, lost=frozenset({103})).script(server)
    return frozenset(str(paper.number) for paper in EARLIER)


def replace_in(path: str, old: str, new: str) -> Fault:
    """Change the text of every answer for ``path``."""

    def spoil(asked: Asked, right: Answer) -> Answer:
        if asked.path != path:
            return right
        return Answer(status=right.status, body=right.body.replace(old.encode(), new.encode()), media_type=right.media_type)

    return spoil


def build_case(**fields: Any) -> SourceCase:
    return SourceCase(
        name="pubmed",
        source=PubMed(**{"query": "asthma", "start": date(2026, 1, 1), "page_size": 2, "spacing_s": 0.0, **fields}),
        script=script,
        known=frozenset(str(paper.number) for paper in EARLIER),
        appearing=frozenset({"101", "102", "106"}),
        redelivered=len(EARLIER),
        spoilt={
            "Count": replace_in(SEARCH, "Count", "Number"),
            "IdList": replace_in(SEARCH, "IdList", "Identifiers"),
            "WebEnv": replace_in(SEARCH, "WebEnv", "Environment"),
            "QueryKey": replace_in(SEARCH, "<QueryKey>1</QueryKey>", "<QueryKey/>"),
            "PMID": replace_in(FETCH, '<PMID Version="1">1', '<PMID Version="1">PMC1'),
            "PubmedArticleSet": replace_in(FETCH, "PubmedArticleSet", "PubmedArticles"),
            "ArticleTitle": replace_in(FETCH, "ArticleTitle", "Title"),
        },
        shifting=shift,
        secrets={"ncbi": KEY},
    )
