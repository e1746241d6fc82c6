"""Every way in which PubMed says when a paper appeared."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.detect.markup import parse_markup
from pipelines.detect.pubmed_dates import read_published
from pipelines.domain.errors import ResponseError


def published(inside: str) -> date:
    return read_published(
        "pubmed", "7", parse_markup("pubmed", f"<PubmedArticle>{inside}</PubmedArticle>".encode(), "PubmedArticle")
    )


def issue(inside: str) -> str:
    return f"<Journal><JournalIssue><PubDate>{inside}</PubDate></JournalIssue></Journal>"


def entered(year: int, month: int, day: int) -> str:
    parts = f"<Year>{year}</Year><Month>{month}</Month><Day>{day}</Day>"
    return f'<History><PubMedPubDate PubStatus="entrez">{parts}</PubMedPubDate></History>'


@pytest.mark.parametrize(
    ("inside", "expected"),
    [
        ("<Year>1976</Year><Month>Sep</Month><Day>28</Day>", date(1976, 9, 28)),
        ("<Year>2024</Year><Month>07</Month>", date(2024, 7, 1)),
        ("<Year>2001</Year>", date(2001, 1, 1)),
        ("<Year>1990</Year><Season>Spring</Season>", date(1990, 4, 1)),
        ("<Year>1990</Year><Season>Winter</Season>", date(1990, 1, 1)),
        ("<Year>2023</Year><Month>Feb</Month><Day>31</Day>", date(2023, 2, 28)),
        ("<MedlineDate>1998 Dec-1999 Jan</MedlineDate>", date(1998, 12, 1)),
        ("<MedlineDate>2000 Nov 20-Dec 3</MedlineDate>", date(2000, 11, 20)),
        ("<MedlineDate>2000 Spring-Summer</MedlineDate>", date(2000, 4, 1)),
        ("<MedlineDate>1999-2000</MedlineDate>", date(1999, 1, 1)),
        ("<MedlineDate>Fall 2017</MedlineDate>", date(2017, 10, 1)),
        ("<MedlineDate>1978 Jul-Aug</MedlineDate>", date(1978, 7, 1)),
        ("<MedlineDate>2015 3rd Quarter</MedlineDate>", date(2015, 1, 1)),
        ("<MedlineDate>2003 Nov 30</MedlineDate>", date(2003, 11, 30)),
    ],
)
def test_reads_the_date_of_an_issue(inside: str, expected: date) -> None:
    assert published(issue(inside)) == expected


def test_the_electronic_article_is_more_exact_than_its_issue() -> None:
    electronic = '<ArticleDate DateType="Electronic"><Year>2024</Year><Month>07</Month><Day>04</Day></ArticleDate>'
    assert published(issue("<Year>2024</Year>") + electronic) == date(2024, 7, 4)


def test_a_paper_whose_issue_is_dated_ahead_appeared_when_pubmed_had_it() -> None:
    assert published(issue("<Year>2026</Year><Month>Dec</Month>") + entered(2026, 3, 1)) == date(2026, 3, 1)


def test_an_old_paper_entered_late_keeps_its_date() -> None:
    assert published(issue("<Year>1950</Year>") + entered(2019, 3, 1)) == date(1950, 1, 1)


def test_the_date_of_a_book_is_that_of_its_publication() -> None:
    assert published("<Book><PubDate><Year>2012</Year><Month>05</Month></PubDate></Book>") == date(2012, 5, 1)


def test_without_any_other_date_it_is_the_day_of_entry() -> None:
    assert published(entered(2019, 3, 1)) == date(2019, 3, 1)


@pytest.mark.parametrize("inside", ["", issue(""), issue("<MedlineDate>undated</MedlineDate>"), issue("<Year>soon</Year>")])
def test_a_paper_without_a_date_is_named(inside: str) -> None:
    with pytest.raises(ResponseError) as raised:
        published(inside)
    assert (raised.value.document, raised.value.field) == ("7", "PubDate")


@given(st.text(alphabet="0123456789 -JanFebSpring", max_size=30))
def test_prose_gives_a_date_or_an_error_and_nothing_else(written: str) -> None:
    try:
        assert 1600 <= published(issue(f"<MedlineDate>{written}</MedlineDate>")).year < 3000
    except ResponseError as error:
        assert error.field == "PubDate"  # noqa: PT017 - either is lawful
