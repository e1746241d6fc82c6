"""What ESearch answers: how many papers, which, and where on the history server they wait to be fetched."""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.detect.markup import demand_text, parse_markup
from pipelines.domain.errors import ResponseError
from pipelines.domain.identities import SourceName

MOST_FOUND = 9_999
"""PubMed shows no more than this of one search, whatever ``retstart`` says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The result of a search; ``query_key`` and ``web_env`` name it on the history server while it lasts."""

    count: int
    documents: frozenset[str]
    query_key: str
    web_env: str


def read_search(source: SourceName, body: bytes) -> Found:
    """Return what a search found; raises :class:`ResponseError` where it failed or promises more than it names."""
    root = parse_markup(source, body, "eSearchResult")
    if root.find("ERROR") is not None:
        raise ResponseError(source, "", "ERROR", "the search failed: check the query, or look again later")
    count = demand_text(source, "", root, "Count")
    if not count.isdecimal():
        raise ResponseError(source, "", "Count", "should be a whole number")
    ids = root.find("IdList")
    if ids is None:
        raise ResponseError(source, "", "IdList", "is gone")
    documents = frozenset(element.text.strip() for element in ids.iterfind("Id") if element.text)
    if not all(document.isdecimal() for document in documents):
        raise ResponseError(source, "", "IdList.Id", "should be a PubMed id")
    if len(documents) < min(int(count), MOST_FOUND):
        raise ResponseError(source, "", "IdList", f"names {len(documents)} of {count} papers: look again later")
    if not documents:
        return Found(count=0, documents=documents, query_key="", web_env="")
    key, environment = demand_text(source, "", root, "QueryKey"), demand_text(source, "", root, "WebEnv")
    return Found(count=int(count), documents=documents, query_key=key, web_env=environment)
