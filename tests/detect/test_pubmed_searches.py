"""What ESearch says, and that it is held to it."""

from __future__ import annotations

import pytest

from pipelines.detect.pubmed_searches import read_search
from pipelines.domain.errors import ResponseError
from pipelines.domain.identities import SourceName
from tests.builders.recordings import find_data

SOURCE = SourceName("pubmed")
HISTORY = "<QueryKey>1</QueryKey><WebEnv>MCID_1</WebEnv>"


def search(inside: str) -> bytes:
    return f"<eSearchResult>{inside}</eSearchResult>".encode()


def test_reads_the_ids_and_where_they_wait() -> None:
    found = read_search(SOURCE, search(f"<Count>2</Count>{HISTORY}<IdList><Id>7</Id><Id>8</Id></IdList>"))
    assert (found.count, found.documents) == (2, {"7", "8"})
    assert (found.query_key, found.web_env) == ("1", "MCID_1")


def test_an_empty_search_waits_nowhere() -> None:
    assert read_search(SOURCE, search("<Count>0</Count><IdList/>")).count == 0


@pytest.mark.parametrize(
    ("inside", "field"),
    [
        ("<ERROR>Search Backend failed</ERROR>", "ERROR"),
        ("<IdList/>", "Count"),
        ("<Count>many</Count><IdList/>", "Count"),
        ("<Count>1</Count>", "IdList"),
        (f"<Count>2</Count>{HISTORY}<IdList><Id>7</Id></IdList>", "IdList"),
        (f"<Count>1</Count>{HISTORY}<IdList><Id>PMC7</Id></IdList>", "IdList.Id"),
        ("<Count>1</Count><QueryKey>1</QueryKey><IdList><Id>7</Id></IdList>", "WebEnv"),
        ("<Count>1</Count><WebEnv>M</WebEnv><IdList><Id>7</Id></IdList>", "QueryKey"),
    ],
)
def test_names_what_is_wrong(inside: str, field: str) -> None:
    with pytest.raises(ResponseError) as raised:
        read_search(SOURCE, search(inside))
    assert raised.value.field == field


@pytest.mark.data
def test_reads_a_recorded_search_without_a_match() -> None:
    assert read_search(SOURCE, find_data("api_recordings/entrez_biopython/Entrez/esearch8.xml").read_bytes()).count == 0


@pytest.mark.data
def test_refuses_a_recorded_search_that_names_fewer_than_it_counts() -> None:
    with pytest.raises(ResponseError, match="100 of 42249"):
        read_search(SOURCE, find_data("api_recordings/entrez_biopython/Entrez/esearch2.xml").read_bytes())


@pytest.mark.data
def test_refuses_a_recorded_error() -> None:
    with pytest.raises(ResponseError):
        read_search(SOURCE, find_data("api_recordings/biomcp_2026/pubmed/esearch_braf.json").read_bytes())
