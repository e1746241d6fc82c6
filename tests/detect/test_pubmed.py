"""PubMed: windows by entry and by modification, the history server, what is owed, retracted and deleted."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from pipelines.detect import pubmed
from pipelines.detect.pubmed import PubMed
from pipelines.detect.sources import Access
from pipelines.domain.drops import Cursor, Detection
from pipelines.domain.errors import ResponseError
from pipelines.domain.revisions import Entry, Status, resolve_statuses
from tests.builders.cases_pubmed import EARLIER, FETCH, KEY, SEARCH, Library, Paper
from tests.builders.recordings import find_data, read_bytes
from tests.builders.servers import Answer, Asked, ScriptedServer, serve
from tests.builders.source_cases import NOW


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with serve() as running:
        yield running


def look(server: ScriptedServer, since: Cursor | None = None, *, key: str = "", now: datetime = NOW, **fields: Any) -> Detection:
    source = PubMed(**{"start": date(2026, 1, 1), "query": "asthma", "spacing_s": 0.0, **fields})
    secrets = {"ncbi": key} if key else {}
    return source.detect(since, Access(now=now, base_urls={"pubmed": server.url}, secrets=secrets))


def find_documents(detection: Detection) -> list[str]:
    return [str(revision.document_id) for revision in detection.revisions]


def find_owed(detection: Detection) -> list[str]:
    owed: list[str] = json.loads(detection.cursor.position)["owed"]
    return owed


def resolve(*detections: Detection) -> dict[str, set[Status]]:
    """The statuses of all that several looks told, a revision that was told again left out, as admission does."""
    entries: dict[str, Entry] = {}
    for number, detection in enumerate(detections):
        for revision in detection.revisions:
            entry = Entry(revision=revision, digest=revision.digest, drop_id=str(number), ingest_seq=number)
            entries.setdefault(revision.digest, entry)
    found: dict[str, set[Status]] = {}
    for entry in resolve_statuses(entries.values()):
        found.setdefault(entry.revision.document_id, set()).add(entry.revision.status)
    return found


def test_searches_by_entry_and_by_modification_and_leaves_the_finds_on_the_server(server: ScriptedServer) -> None:
    Library(papers=EARLIER).script(server)
    look(server, page_size=100)
    searches = [asked.params for asked in server.asked if asked.path == SEARCH]
    assert [asked["datetype"] for asked in searches] == ["edat", "mdat"]
    for asked in searches:
        assert (asked["db"], asked["term"], asked["usehistory"], asked["retmode"]) == ("pubmed", "asthma", "y", "xml")
        assert (asked["mindate"], asked["maxdate"]) == ("2026/01/01", "2026/03/10")


def test_fetches_what_was_found_page_by_page(server: ScriptedServer) -> None:
    Library(papers=EARLIER).script(server)
    assert find_documents(look(server, page_size=2)) == ["101", "102", "103", "104", "105"]
    pages = [(asked.params["retstart"], asked.params["retmax"]) for asked in server.asked if asked.path == FETCH]
    assert pages == [("0", "2"), ("2", "2"), ("4", "2")] * 2


def test_finds_nothing_without_a_fetch(server: ScriptedServer) -> None:
    Library(papers=[]).script(server)
    assert look(server).revisions == ()
    assert {asked.path for asked in server.asked} == {SEARCH}


def test_goes_on_from_today_less_the_overlap(server: ScriptedServer) -> None:
    Library(papers=EARLIER).script(server)
    first = look(server)
    assert json.loads(first.cursor.position) == {"until": "2026-03-10", "owed": []}
    look(server, first.cursor, overlap_days=3, now=datetime(2026, 3, 20, tzinfo=UTC))
    asked = server.asked[-1].params
    assert (asked["mindate"], asked["maxdate"]) == ("2026/03/07", "2026/03/20")


def test_halves_a_window_that_holds_more_than_is_shown(server: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pubmed, "MOST_FOUND", 2)
    Library(papers=EARLIER).script(server)
    assert find_documents(look(server)) == ["101", "102", "103", "104", "105"]
    assert all(int(asked.params["retstart"]) < 2 for asked in server.asked if asked.path == FETCH)


def test_says_so_where_one_day_holds_more_than_is_shown(server: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pubmed, "MOST_FOUND", 2)
    Library(papers=[Paper(number=number) for number in range(1, 4)]).script(server)
    with pytest.raises(ResponseError, match="narrow the query"):
        look(server)


def test_a_paper_that_its_page_left_out_is_fetched_by_its_id(server: ScriptedServer) -> None:
    Library(papers=EARLIER, lost=frozenset({103})).script(server)
    detection = look(server)
    assert "103" in find_documents(detection)
    assert find_owed(detection) == []
    assert [asked.params["id"] for asked in server.asked if "id" in asked.params] == ["103"]


def test_a_paper_that_cannot_be_had_yet_is_owed_and_not_lost(server: ScriptedServer) -> None:
    Library(papers=EARLIER, gone=frozenset({103})).script(server)
    first = look(server)
    assert find_owed(first) == ["103"]
    Library(papers=EARLIER).script(server)
    second = look(server, first.cursor, now=datetime(2026, 9, 1, tzinfo=UTC))
    assert find_documents(second) == ["103"]
    assert find_owed(second) == []


def test_what_stays_owed_stays_in_the_cursor(server: ScriptedServer) -> None:
    Library(papers=EARLIER, gone=frozenset({103})).script(server)
    assert find_owed(look(server, look(server).cursor, now=datetime(2026, 9, 1, tzinfo=UTC))) == ["103"]


def test_refuses_a_cursor_that_owes_no_papers(server: ScriptedServer) -> None:
    Library(papers=[]).script(server)
    with pytest.raises(ResponseError, match="owed"):
        look(server, Cursor('{"until": "2026-01-01", "owed": ["1&db=x"]}'))


def test_a_paper_found_by_entry_and_by_modification_is_told_once(server: ScriptedServer) -> None:
    Library(papers=[Paper(number=7, entered="2026-02-01", modified="2026-02-02")]).script(server)
    assert find_documents(look(server)) == ["7"]


@pytest.mark.parametrize("versions", [(1, 2), (2, 1)])
def test_of_two_versions_the_later_is_told(versions: tuple[int, int], server: ScriptedServer) -> None:
    titles = {1: "First", 2: "Second"}
    Library(papers=[Paper(number=7, title=titles[version], version=version) for version in versions]).script(server)
    assert [revision.title for revision in look(server).revisions] == ["Second"]


def test_a_modified_heading_is_a_new_revision_in_force(server: ScriptedServer) -> None:
    Library(papers=[Paper(number=7)]).script(server)
    first = look(server)
    Library(papers=[Paper(number=7, modified="2026-03-09", mesh=("Asthma", "Child"))]).script(server)
    assert resolve(first, look(server, first.cursor)) == {"7": {Status.SUPERSEDED, Status.ACTIVE}}


def test_a_modification_that_changes_nothing_of_ours_is_no_news(server: ScriptedServer) -> None:
    Library(papers=[Paper(number=7)]).script(server)
    first = look(server)
    Library(papers=[Paper(number=7, modified="2026-03-09")]).script(server)
    (again,) = look(server, first.cursor).revisions
    assert again.digest == first.revisions[0].digest


def test_a_retraction_that_was_entered_long_after_the_paper_retires_it(server: ScriptedServer) -> None:
    Library(papers=[Paper(number=7, entered="2026-01-02"), Paper(number=8)]).script(server)
    first = look(server)
    notice = Paper(number=9, entered="2026-03-09", kinds=("Retraction of Publication",), references=(("RetractionOf", "7"),))
    Library(papers=[notice]).script(server)
    second = look(server, first.cursor)
    assert find_documents(second) == ["7", "9"]
    assert resolve(first, second) == {"7": {Status.RETRACTED}, "8": {Status.ACTIVE}, "9": {Status.ACTIVE}}


def test_a_paper_that_is_marked_as_retracted_retires_its_earlier_text(server: ScriptedServer) -> None:
    Library(papers=[Paper(number=7, entered="2026-01-02")]).script(server)
    first = look(server)
    marked = Paper(number=7, entered="2026-01-02", modified="2026-03-09", kinds=("Retracted Publication",))
    Library(papers=[marked]).script(server)
    assert resolve(first, look(server, first.cursor)) == {"7": {Status.RETRACTED}}


def test_a_notice_told_twice_is_one_tombstone(server: ScriptedServer) -> None:
    notice = Paper(number=9, references=(("RetractionOf", "7"), ("RetractionOf", "7")))
    Library(papers=[notice]).script(server)
    first = look(server)
    assert find_documents(first) == ["7", "9"]
    assert look(server, first.cursor, overlap_days=60).revisions == first.revisions


def test_a_deleted_paper_is_withdrawn_and_its_text_not_told(server: ScriptedServer) -> None:
    Library(papers=EARLIER[:2]).script(server)
    first = look(server)
    Library(papers=EARLIER[:2], deleted=[101]).script(server)
    second = look(server, first.cursor, start=date(2026, 1, 1), overlap_days=60)
    assert [revision.text for revision in second.revisions if revision.document_id == "101"] == [""]
    assert resolve(first, second) == {"101": {Status.WITHDRAWN}, "102": {Status.ACTIVE}}


def test_the_key_is_sent_with_every_request_and_kept_in_no_address(server: ScriptedServer) -> None:
    Library(papers=EARLIER).script(server)
    detection = look(server, key=KEY)
    assert {asked.params.get("api_key") for asked in server.asked} == {KEY}
    assert not [response for response in detection.responses if KEY in response.url]
    look(server)
    assert "api_key" not in server.asked[-1].params


@pytest.mark.parametrize(("key", "spacing_s", "expected"), [("", None, 0.34), (KEY, None, 0.1), (KEY, 1.5, 1.5), ("", 0.0, 0.0)])
def test_is_as_polite_as_ncbi_asks(
    key: str, spacing_s: float | None, expected: float, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    monkeypatch.setattr("pipelines.detect.pubmed.time.sleep", pauses.append)
    Library(papers=EARLIER).script(server)
    look(server, key=key, spacing_s=spacing_s)
    assert pauses == [expected] * len(server.asked)


def test_refuses_a_history_that_has_expired(server: ScriptedServer) -> None:
    Library(papers=EARLIER).script(server)
    server.answer(FETCH, Answer(body=b"<eFetchResult><ERROR>Unable to obtain query #1</ERROR></eFetchResult>"))
    with pytest.raises(ResponseError, match="PubmedArticleSet"):
        look(server)


def test_refuses_an_address_that_is_not_the_api(server: ScriptedServer) -> None:
    with pytest.raises(ResponseError, match="no esearch"):
        look(server)


def read_recordings() -> dict[str, bytes]:
    """The elements of recorded papers, by their ids, as they were received."""
    folder: Path = find_data("api_recordings/pubmed_efetch/pmid_xml")
    found = {}
    for path in sorted(folder.iterdir()):
        article = re.search(rb"<PubmedArticle>.*</PubmedArticle>", read_bytes(path), re.DOTALL)
        if article:
            found[path.name.split(".")[0]] = article.group()
    return found


@pytest.mark.data
def test_reads_recorded_papers_through_search_and_fetch(server: ScriptedServer) -> None:
    papers = read_recordings()

    def search(_asked: Asked) -> Answer:
        ids = "".join(f"<Id>{number}</Id>" for number in papers)
        body = f"<Count>{len(papers)}</Count><QueryKey>1</QueryKey><WebEnv>MCID_1</WebEnv><IdList>{ids}</IdList>"
        return Answer(body=f"<eSearchResult>{body}</eSearchResult>".encode())

    def fetch(asked: Asked) -> Answer:
        start = int(asked.params["retstart"])
        page = list(papers.values())[start : start + int(asked.params["retmax"])]
        return Answer(body=b"<PubmedArticleSet>" + b"".join(page) + b"</PubmedArticleSet>")

    server.answer(SEARCH, search)
    server.answer(FETCH, fetch)
    detection = look(server, page_size=50, labels={"mesh:Humans": "human", "mesh:Animals": "animal"})
    assert find_documents(detection) == sorted(papers)
    assert find_owed(detection) == []
    assert {label for revision in detection.revisions for label in revision.labels} == {"human", "animal"}
