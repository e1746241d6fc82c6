"""What one answer of EFetch means: papers, the papers that their notices retract, and the ids that PubMed deleted.

The elements are those of https://www.nlm.nih.gov/bsd/licensee/elements_descriptions.html. No author is read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Self

from pipelines.detect.bounding import bound_text
from pipelines.detect.labelling import map_labels
from pipelines.detect.markup import Element, demand_text, parse_markup, read_text
from pipelines.detect.pubmed_dates import read_published
from pipelines.domain.errors import ResponseError
from pipelines.domain.identities import DocumentId, FamilyId, SourceName
from pipelines.domain.revisions import Revision, Status

LICENCE = "publisher abstract"
_TITLE_CHARS, _ABSTRACT_CHARS = 1_000, 12_000
_CITATIONS = {"PubmedArticle": "MedlineCitation", "PubmedBookArticle": "BookDocument"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleSet:
    """One page as parsed: its elements by paper, and the ids that are deleted."""

    articles: tuple[tuple[str, Element], ...]
    deleted: frozenset[str]

    @classmethod
    def parse(cls, source: SourceName, body: bytes) -> Self:
        """Return a page; raises :class:`ResponseError` for anything but a ``PubmedArticleSet`` with an id for each paper."""
        root = parse_markup(source, body, "PubmedArticleSet")
        articles = [(_read_id(source, element, f"{_CITATIONS[element.tag]}/PMID"), element) for element in root.iter(*_CITATIONS)]
        deleted = [_read_id(source, element, ".") for element in root.iterfind("DeleteCitation/PMID")]
        return cls(articles=tuple(articles), deleted=frozenset(deleted))

    @property
    def documents(self) -> frozenset[str]:
        """The ids of the papers."""
        return frozenset(document for document, _ in self.articles)


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """A paper, its version, and the tombstones of papers that it, being a notice, retracts."""

    version: int
    revision: Revision
    tombs: tuple[Revision, ...]


def read_articles(
    received: ArticleSet, source: SourceName, classes: Mapping[str, str], recorded_at: datetime
) -> Iterator[Article]:
    """Yield the papers of a page; raises :class:`ResponseError` naming the paper and the field that is gone."""
    for document, element in received.articles:
        paper = Revision(
            source=source,
            document_id=DocumentId(document),
            family_id=FamilyId(document),
            title=(title := _read_title(source, document, element)),
            text=_read_abstract(element) or title,
            labels=map_labels(_read_labels(element), classes),
            published_at=(published := read_published(source, document, element)),
            effective_from=published,
            recorded_at=recorded_at,
            status=Status.RETRACTED if _is_retracted(element) else Status.ACTIVE,
            url=_address(document),
            licence=LICENCE,
        )
        version = element.find(".//PMID").get("Version", "1")
        tombs = tuple(_retract(paper, retracted) for retracted in _read_retracted(source, document, element))
        yield Article(version=int(version) if version.isdecimal() else 1, revision=paper, tombs=tombs)


def read_deletion(document: str, source: SourceName, deleted_at: date, recorded_at: datetime) -> Revision:
    """Return the tombstone of a deleted id. PubMed does not say when, so the caller gives a day that every look gives alike."""
    return Revision(
        source=source,
        document_id=DocumentId(document),
        family_id=FamilyId(document),
        title="",
        text="",
        published_at=deleted_at,
        effective_from=deleted_at,
        recorded_at=recorded_at,
        status=Status.WITHDRAWN,
        url=_address(document),
        licence=LICENCE,
    )


def _retract(notice: Revision, document: str) -> Revision:
    return replace(
        notice,
        document_id=DocumentId(document),
        family_id=FamilyId(document),
        title="",
        text="",
        labels=(),
        status=Status.RETRACTED,
        url=_address(document),
    )


def _read_id(source: SourceName, element: Element, path: str) -> str:
    document = demand_text(source, "", element, path)
    if not document.isdecimal():
        raise ResponseError(source, "", "PMID", "should be a PubMed id")
    return document


def _read_title(source: SourceName, document: str, element: Element) -> str:
    paths = (".//ArticleTitle", ".//VernacularTitle", ".//BookTitle")
    if element.find(".//ArticleTitle") is None and element.find(".//BookTitle") is None:
        raise ResponseError(source, document, "ArticleTitle", "is gone")
    title = next(filter(None, (read_text(element.find(path)) for path in paths)), "")
    if not title:
        raise ResponseError(source, document, "ArticleTitle", "is empty")
    return bound_text(title, _TITLE_CHARS)


def _read_abstract(element: Element) -> str:
    """Return the abstract, a structured one with its headings, a paragraph each."""
    paragraphs = []
    for part in element.iterfind(".//Abstract/AbstractText"):
        heading, text = part.get("Label", "").strip(), read_text(part)
        if text:
            paragraphs.append(f"{heading}: {text}" if heading and heading != "UNLABELLED" else text)
    return bound_text("\n".join(paragraphs), _ABSTRACT_CHARS)


def _read_labels(element: Element) -> Iterator[str]:
    for descriptor in element.iterfind(".//MeshHeadingList/MeshHeading/DescriptorName"):
        if name := read_text(descriptor):
            yield f"mesh:{name}"


def _is_retracted(element: Element) -> bool:
    kinds = {read_text(kind) for kind in element.iterfind(".//PublicationTypeList/PublicationType")}
    return "Retracted Publication" in kinds or element.find(".//CommentsCorrections[@RefType='RetractionIn']") is not None


def _read_retracted(source: SourceName, document: str, element: Element) -> Iterator[str]:
    """Yield the ids of the papers that a notice retracts; one that it names in prose alone has no id to retire."""
    for reference in element.iterfind(".//CommentsCorrections[@RefType='RetractionOf']/PMID"):
        retracted = read_text(reference)
        if not retracted.isdecimal():
            raise ResponseError(source, document, "CommentsCorrections.PMID", "should be a PubMed id")
        yield retracted


def _address(document: str) -> str:
    return f"https://pubmed.ncbi.nlm.nih.gov/{document}/"
