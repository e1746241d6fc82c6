"""One paper as PubMed's XML, in the order of elements that its DTD asks for."""

from __future__ import annotations

from datetime import date
from xml.sax.saxutils import escape, quoteattr

from infra.rehearsal.papers import Paper

_JOURNAL = "Synthetic Journal of Rehearsed Medicine"
_SHORT_JOURNAL = "Synth J Rehears Med"


def render_article(paper: Paper) -> str:
    """Return the ``PubmedArticle`` element of a paper."""
    return (
        '<PubmedArticle><MedlineCitation Status="MEDLINE" Owner="NLM" IndexingMethod="Automated">'
        f'<PMID Version="1">{paper.pmid}</PMID>{_dated("DateCompleted", paper.entered)}{_dated("DateRevised", paper.revised)}'
        f"{_render_content(paper)}"
        f"<MedlineJournalInfo><Country>United States</Country><MedlineTA>{_SHORT_JOURNAL}</MedlineTA>"
        "<NlmUniqueID>990000001</NlmUniqueID></MedlineJournalInfo><CitationSubset>IM</CitationSubset>"
        f"{_render_corrections(paper)}{_render_headings(paper)}</MedlineCitation>"
        f"<PubmedData><History>{_history('received', paper.entered)}{_history('pubmed', paper.entered)}"
        f"{_history('entrez', paper.entered)}</History><PublicationStatus>ppublish</PublicationStatus>"
        f'<ArticleIdList><ArticleId IdType="pubmed">{paper.pmid}</ArticleId></ArticleIdList></PubmedData></PubmedArticle>\n'
    )


def _render_content(paper: Paper) -> str:
    month = f"<Month>{paper.published:%b}</Month><Day>{paper.published:%d}</Day>"
    types = "".join(f'<PublicationType UI="D900000">{escape(kind)}</PublicationType>' for kind in paper.types)
    return (
        '<Article PubModel="Print"><Journal><ISSN IssnType="Print">0000-0000</ISSN><JournalIssue CitedMedium="Print">'
        f"<Volume>{paper.published.year - 2000}</Volume><Issue>{paper.published.month}</Issue>"
        f"<PubDate><Year>{paper.published.year}</Year>{month}</PubDate></JournalIssue><Title>{_JOURNAL}</Title>"
        f"<ISOAbbreviation>{_SHORT_JOURNAL}</ISOAbbreviation></Journal><ArticleTitle>{escape(paper.title)}.</ArticleTitle>"
        f"<Pagination><StartPage>1</StartPage><MedlinePgn>1-9</MedlinePgn></Pagination>{_render_abstract(paper)}"
        f"{_render_authors(paper)}<Language>{paper.language}</Language>"
        f"<PublicationTypeList>{types}</PublicationTypeList></Article>"
    )


def _render_abstract(paper: Paper) -> str:
    parts = "".join(
        f"<AbstractText{_label(label)}>{escape(words)}</AbstractText>" if words else "<AbstractText/>"
        for label, words in paper.abstract
    )
    return f"<Abstract>{parts}</Abstract>"


def _label(label: str) -> str:
    return f" Label={quoteattr(label)} NlmCategory={quoteattr(label)}" if label else ""


def _render_authors(paper: Paper) -> str:
    authors = "".join(
        f'<Author ValidYN="Y"><LastName>{escape(last)}</LastName><ForeName>{escape(first)}</ForeName>'
        f"<Initials>{first[0]}</Initials></Author>"
        for last, first in paper.authors
    )
    return f'<AuthorList CompleteYN="Y">{authors}</AuthorList>'


def _render_corrections(paper: Paper) -> str:
    if not paper.corrections:
        return ""
    inside = "".join(
        f'<CommentsCorrections RefType="{kind}"><RefSource>{_SHORT_JOURNAL}. 2026</RefSource>'
        f'<PMID Version="1">{pmid}</PMID></CommentsCorrections>'
        for kind, pmid in paper.corrections
    )
    return f"<CommentsCorrectionsList>{inside}</CommentsCorrectionsList>"


def _render_headings(paper: Paper) -> str:
    terms = (("D900001", paper.condition.title()), ("D900002", paper.top_heading), ("D006801", "Humans"))
    headings = "".join(
        f'<MeshHeading><DescriptorName UI="{code}" MajorTopicYN="N">{escape(term)}</DescriptorName></MeshHeading>'
        for code, term in terms
    )
    return f"<MeshHeadingList>{headings}</MeshHeadingList>"


def _dated(tag: str, day: date) -> str:
    return f"<{tag}><Year>{day:%Y}</Year><Month>{day:%m}</Month><Day>{day:%d}</Day></{tag}>"


def _history(status: str, day: date) -> str:
    inside = f"<Year>{day.year}</Year><Month>{day.month}</Month><Day>{day.day}</Day><Hour>6</Hour><Minute>0</Minute>"
    return f'<PubMedPubDate PubStatus="{status}">{inside}</PubMedPubDate>'
