"""What an answer of EFetch means: texts, headings, retractions and deletions, on written and on recorded papers."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from pipelines.detect.pubmed_articles import Article, ArticleSet, read_articles, read_deletion
from pipelines.domain.errors import ResponseError
from pipelines.domain.identities import SourceName
from pipelines.domain.revisions import Revision, Status
from tests.builders.cases_pubmed import Paper, render_set
from tests.builders.recordings import find_data, read_bytes

SOURCE = SourceName("pubmed")
NOW = datetime(2026, 3, 10, tzinfo=UTC)


def read(body: bytes, classes: dict[str, str] | None = None) -> list[Article]:
    return list(read_articles(ArticleSet.parse(SOURCE, body), SOURCE, classes or {}, NOW))


def read_paper(paper: Paper, classes: dict[str, str] | None = None) -> Revision:
    (article,) = read(render_set([paper]), classes)
    return article.revision


def test_a_paper_is_its_own_family() -> None:
    revision = read_paper(Paper(number=7))
    assert revision.document_id == revision.family_id == "7"
    assert revision.url == "https://pubmed.ncbi.nlm.nih.gov/7/"
    assert revision.licence == "publisher abstract"
    assert revision.status is Status.ACTIVE
    assert revision.published_at == revision.effective_from == date(2026, 1, 15)


def test_inline_markup_leaves_its_words() -> None:
    assert read_paper(Paper(number=7)).title == "A trial of H2O"


def test_a_structured_abstract_keeps_its_headings() -> None:
    abstract = (
        '<AbstractText Label="METHODS" NlmCategory="METHODS">We <b>tried</b>.</AbstractText>'
        '<AbstractText Label="RESULTS">It worked,\n  mostly.</AbstractText>'
        '<AbstractText Label="UNLABELLED">NCT1.</AbstractText><AbstractText/>'
        "<CopyrightInformation>Some publisher.</CopyrightInformation>"
    )
    assert read_paper(Paper(number=7, abstract=abstract)).text == "METHODS: We tried.\nRESULTS: It worked, mostly.\nNCT1."


def test_an_abstract_in_another_language_is_not_read() -> None:
    other = '<OtherAbstract Language="fre"><AbstractText>Rien.</AbstractText></OtherAbstract>'
    assert "Rien" not in read_paper(Paper(number=7, extra=other)).text


def test_a_paper_without_an_abstract_is_its_title() -> None:
    revision = read_paper(Paper(number=7, abstract=""))
    assert revision.text == revision.title == "A trial of H2O"


def test_a_paper_without_a_title_has_its_own_language_s() -> None:
    revision = read_paper(Paper(number=7, title="", extra="<VernacularTitle>Un essai</VernacularTitle>"))
    assert revision.title == "Un essai"


def test_no_text_is_endless() -> None:
    assert len(read_paper(Paper(number=7, abstract=f"<AbstractText>{'word ' * 9_000}</AbstractText>")).text) <= 12_000


def test_no_author_is_read() -> None:
    revision = read_paper(Paper(number=7))
    assert "Private" not in f"{revision.title} {revision.text}"


def test_labels_are_headings_or_the_classes_they_have() -> None:
    paper = Paper(number=7, mesh=("Asthma", "Humans"))
    assert read_paper(paper).labels == ("mesh:Asthma", "mesh:Humans")
    assert read_paper(paper, {"mesh:Asthma": "lungs"}).labels == ("lungs",)


@pytest.mark.parametrize(
    "paper",
    [
        Paper(number=7, kinds=("Journal Article", "Retracted Publication")),
        Paper(number=7, references=(("RetractionIn", "8"),)),
    ],
    ids=["type", "reference"],
)
def test_a_retracted_paper_is_retracted(paper: Paper) -> None:
    assert read_paper(paper).status is Status.RETRACTED


@pytest.mark.parametrize("kind", ["ErratumIn", "CommentIn", "UpdateOf", "Cites", "PartialRetractionIn", "ExpressionOfConcernIn"])
def test_a_paper_that_is_only_spoken_of_stays(kind: str) -> None:
    (article,) = read(render_set([Paper(number=7, references=((kind, "8"),))]))
    assert (article.revision.status, article.tombs) == (Status.ACTIVE, ())


def test_a_notice_retires_every_paper_it_names_and_stays_itself() -> None:
    notice = Paper(
        number=9,
        kinds=("Retraction of Publication",),
        references=(("RetractionOf", "7"), ("RetractionOf", "8"), ("CommentOn", "6")),
    )
    (article,) = read(render_set([notice]))
    assert article.revision.status is Status.ACTIVE
    assert [tomb.document_id for tomb in article.tombs] == ["7", "8"]
    for tomb in article.tombs:
        assert (tomb.status, tomb.title, tomb.text, tomb.labels) == (Status.RETRACTED, "", "", ())
        assert tomb.family_id == tomb.document_id
        assert tomb.url == f"https://pubmed.ncbi.nlm.nih.gov/{tomb.document_id}/"
        assert tomb.effective_from == article.revision.published_at


def test_a_notice_that_names_its_paper_in_prose_alone_retires_nothing() -> None:
    (article,) = read(render_set([Paper(number=9, references=(("RetractionOf", ""),))]))
    assert article.tombs == ()


def test_reads_the_version() -> None:
    assert read(render_set([Paper(number=7, version=3)]))[0].version == 3


def test_reads_what_was_deleted() -> None:
    received = ArticleSet.parse(SOURCE, render_set([Paper(number=7)], deleted=[8, 9]))
    assert (received.documents, received.deleted) == ({"7"}, {"8", "9"})


def test_a_deletion_is_a_withdrawal_that_every_look_tells_alike() -> None:
    tomb = read_deletion("8", SOURCE, date(2026, 1, 1), NOW)
    assert (tomb.status, tomb.text, tomb.document_id) == (Status.WITHDRAWN, "", "8")
    assert tomb.digest == read_deletion("8", SOURCE, date(2026, 1, 1), datetime(2027, 1, 1, tzinfo=UTC)).digest


def test_reads_a_chapter_of_a_book() -> None:
    body = (
        b"<PubmedArticleSet><PubmedBookArticle><BookDocument><PMID Version='1'>7</PMID><Book><BookTitle>GeneReviews</BookTitle>"
        b"<PubDate><Year>2012</Year></PubDate></Book><ArticleTitle>Asthma</ArticleTitle><Abstract><AbstractText>Wheezing."
        b"</AbstractText></Abstract></BookDocument><PubmedBookData/></PubmedBookArticle></PubmedArticleSet>"
    )
    revision = read(body)[0].revision
    assert (revision.title, revision.text, revision.published_at) == ("Asthma", "Wheezing.", date(2012, 1, 1))


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("<ArticleTitle>A <i>trial</i> of H<sub>2</sub>O</ArticleTitle>", "", "ArticleTitle"),
        ("A <i>trial</i> of H<sub>2</sub>O", " ", "ArticleTitle"),
        ('<PMID Version="1">8</PMID>', "<PMID>PMC8</PMID>", "CommentsCorrections.PMID"),
    ],
)
def test_names_the_paper_and_the_field_that_is_wrong(old: str, new: str, field: str) -> None:
    body = render_set([Paper(number=7, references=(("RetractionOf", "8"),))]).replace(old.encode(), new.encode())
    with pytest.raises(ResponseError) as raised:
        read(body)
    assert (raised.value.document, raised.value.field) == ("7", field)


@pytest.mark.parametrize("number", ["", "PMC7", "7; DROP"])
def test_refuses_a_paper_without_a_pubmed_id(number: str) -> None:
    body = render_set([Paper(number=7)]).replace(b">7</PMID>", f">{number}</PMID>".encode())
    with pytest.raises(ResponseError, match="PMID"):
        read(body)


def _recordings() -> list[Path]:
    folder = find_data("api_recordings")
    files = [*folder.glob("pubmed_efetch/pmid_xml/*"), *folder.glob("entrez_biopython/Entrez/pubmed[0-9].xml")]
    return sorted([*files, folder / "biomcp_2026/pubmed/efetch_citation_22663011.xml"])


@pytest.mark.data
def test_every_recorded_paper_parses() -> None:
    revisions = [article.revision for path in _recordings() for article in read(read_bytes(path))]
    assert len(revisions) == 172
    assert all(revision.title and revision.text and revision.status is Status.ACTIVE for revision in revisions)
    assert all(date(1900, 1, 1) <= revision.published_at <= date(2025, 12, 31) for revision in revisions)
    assert sum("mesh:Humans" in revision.labels for revision in revisions) > 60


@pytest.mark.data
def test_a_recorded_title_has_lost_its_markup_and_kept_its_letters() -> None:
    titles = {
        article.revision.document_id: article.revision.title for path in _recordings() for article in read(read_bytes(path))
    }
    assert titles["38591913"].endswith("acquisition by Klebsiella pneumoniae.")  # type: ignore[index]  # ids are texts
    assert "(μ-XRF)" in titles["37167981"]  # type: ignore[index]


@pytest.mark.data
def test_a_recorded_answer_without_a_paper_is_empty() -> None:
    assert read(find_data("api_recordings/pubmed_efetch/pmid_xml/37909814.xml").read_bytes()) == []
