"""Each source's replies have the shapes that its documentation describes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from lxml import etree

from infra.rehearsal.apis import clinicaltrials_gov, ecfr, federal_register, openfda_enforcement, pubmed, regulations_gov
from infra.rehearsal.apis.exchanges import Answer, Reply, cut_page
from infra.rehearsal.worlds import Act, World
from tests.builders.rehearsals import build_request, build_world

KEY = {"X-Api-Key": "any"}


@pytest.fixture(scope="module")
def world() -> World:
    return build_world(Act.BACKLOG, Act.AMENDMENT)


def ask(answer: Answer, world: World, path: str, headers: dict[str, str] | None = None, **query: str) -> Reply:
    return answer(build_request(path, headers, **query), world.published)


def read(reply: Reply) -> Any:
    return json.loads(reply.body)


def test_a_shifted_page_shows_the_list_with_its_first_row_moved_to_the_end() -> None:
    rows = list("abcdef")
    still = build_request("/")
    moved = still.__class__(path="/", shift=1)
    assert cut_page(rows, 2, 2, still) == ["c", "d"]
    assert cut_page(rows, 2, 2, moved) == ["d", "e"]
    assert cut_page(rows, 4, 2, moved) == ["f", "a"]


class TestFederalRegister:
    def test_pages_are_linked_and_hold_every_document_once(self, world: World) -> None:
        first = read(ask(federal_register.answer, world, "/documents.json", per_page="4", order="oldest"))
        assert first["count"] == len(world.published.notices)
        assert first["total_pages"] == -(-first["count"] // 4)
        numbers: list[str] = []
        for page in range(1, first["total_pages"] + 1):
            body = read(ask(federal_register.answer, world, "/documents.json", per_page="4", order="oldest", page=str(page)))
            assert ("next_page_url" in body) == (page < first["total_pages"])
            numbers += [row["document_number"] for row in body["results"]]
        assert sorted(numbers) == sorted(world.published.notices)
        assert first["next_page_url"].startswith("http://loopback/source/documents.json?")

    def test_conditions_bound_the_day_of_publication(self, world: World) -> None:
        query = {"conditions[publication_date][gte]": "2025-01-01", "conditions[publication_date][lte]": "2025-12-31"}
        body = read(ask(federal_register.answer, world, "/documents.json", per_page="100", **query))
        days = [row["publication_date"] for row in body["results"]]
        assert days
        assert all(day.startswith("2025") for day in days)
        assert days == sorted(days, reverse=True)

    def test_types_terms_and_fields_narrow_the_answer(self, world: World) -> None:
        query = {"conditions[type][]": "RULE", "fields[]": "type", "conditions[term]": '"part 9901"'}
        body = read(ask(federal_register.answer, world, "/documents.json", **query))
        assert body["results"]
        assert all(row == {"type": "Rule"} for row in body["results"])

    def test_nothing_found_has_a_count_and_no_results(self, world: World) -> None:
        query = {"conditions[publication_date][gte]": "2040-01-01"}
        body = read(ask(federal_register.answer, world, "/documents.json", **query))
        assert body["count"] == 0
        assert "results" not in body

    def test_one_document_is_found_by_its_number(self, world: World) -> None:
        number = next(iter(world.published.notices))
        assert read(ask(federal_register.answer, world, f"/documents/{number}.json"))["document_number"] == number
        assert ask(federal_register.answer, world, "/documents/1999-1.json").status == 404


class TestEcfr:
    def test_versions_list_an_amended_section_twice(self, world: World) -> None:
        question = world.questions()[0]
        identifier = question.document_id.split()[-1]
        body = read(ask(ecfr.answer, world, "/versions/title-12.json", section=identifier))
        assert [row["identifier"] for row in body["content_versions"]] == [identifier, identifier]
        assert body["meta"]["result_count"] == "2"
        days = [row["date"] for row in body["content_versions"]]
        assert days == sorted(set(days))

    def test_the_full_text_is_that_of_its_day(self, world: World) -> None:
        question = world.questions()[0]
        identifier = question.document_id.split()[-1]
        for day, answer in (("2026-03-10", question.old_answer), ("2026-04-06", question.new_answer)):
            root = etree.fromstring(ask(ecfr.answer, world, f"/full/{day}/title-12.xml", section=identifier).body)
            assert (root.tag, root.get("N"), root.get("TYPE")) == ("DIV8", identifier, "SECTION")
            assert answer in " ".join(root.itertext())

    def test_a_part_holds_its_sections_and_the_title_its_parts(self, world: World) -> None:
        part = etree.fromstring(ask(ecfr.answer, world, "/full/2026-04-01/title-12.xml", part="9901").body)
        assert part.tag == "DIV5"
        assert all(section.get("N", "").startswith("9901.") for section in part.iter("DIV8"))
        title = etree.fromstring(ask(ecfr.answer, world, "/full/2026-04-01/title-12.xml").body)
        assert [one.get("N") for one in title.iter("DIV5")] == ["9901", "9902"]

    @pytest.mark.parametrize(
        "path", ["/full/2030-01-01/title-12.xml", "/full/2020-01-01/title-12.xml", "/versions/title-13.json"]
    )
    def test_what_is_not_there_is_not_found(self, path: str, world: World) -> None:
        assert ask(ecfr.answer, world, path).status == 404

    def test_issue_dates_can_be_bounded(self, world: World) -> None:
        query = {"issue_date[gte]": "2026-03-03"}
        assert len(read(ask(ecfr.answer, world, "/versions/title-12.json", **query))["content_versions"]) == 2
        assert read(ask(ecfr.answer, world, "/titles.json"))["titles"][0]["up_to_date_as_of"] == "2026-04-06"


class TestRegulationsGov:
    def test_refuses_without_a_key(self, world: World) -> None:
        reply = ask(regulations_gov.answer, world, "/documents")
        assert reply.status == 403
        assert read(reply)["error"]["code"] == "API_KEY_MISSING"

    def test_pages_tell_where_they_are_and_what_is_left_of_the_allowance(self, world: World) -> None:
        query = {"page[size]": "5", "page[number]": "2", "sort": "lastModifiedDate,documentId"}
        reply = ask(regulations_gov.answer, world, "/documents", KEY, **query)
        meta = read(reply)["meta"]
        assert (meta["pageNumber"], meta["hasPreviousPage"], meta["hasNextPage"]) == (2, True, False)
        assert meta["totalElements"] == len(world.published.dockets) == 10
        assert int(reply.headers["X-RateLimit-Remaining"]) < int(reply.headers["X-RateLimit-Limit"])

    def test_filters_read_times_as_eastern(self, world: World) -> None:
        newest = max(world.published.dockets.values(), key=lambda document: document.modified)
        eastern = f"{newest.modified.date()} {newest.modified.hour - 4:02d}:{newest.modified:%M:%S}"
        found = read(ask(regulations_gov.answer, world, "/documents", KEY, **{"filter[lastModifiedDate][ge]": eastern}))
        assert [row["id"] for row in found["data"]] == [newest.document_id]

    @pytest.mark.parametrize("query", [{"page[size]": "4"}, {"page[size]": "251"}, {"page[number]": "21"}])
    def test_refuses_pages_out_of_bounds(self, query: dict[str, str], world: World) -> None:
        assert ask(regulations_gov.answer, world, "/documents", KEY, **query).status == 400

    def test_a_document_in_detail_has_its_abstract(self, world: World) -> None:
        document = next(iter(world.published.dockets.values()))
        body = read(ask(regulations_gov.answer, world, f"/documents/{document.document_id}", KEY))
        assert body["data"]["attributes"]["docAbstract"] == document.abstract
        assert ask(regulations_gov.answer, world, "/documents/none", KEY).status == 404


class TestClinicalTrialsGov:
    def test_tokens_lead_through_all_pages(self, world: World) -> None:
        seen: list[str] = []
        query = {"pageSize": "10", "countTotal": "true", "sort": "LastUpdatePostDate:asc"}
        body = read(ask(clinicaltrials_gov.answer, world, "/studies", **query))
        total = body["totalCount"]
        while True:
            seen += [study["protocolSection"]["identificationModule"]["nctId"] for study in body["studies"]]
            if "nextPageToken" not in body:
                break
            body = read(ask(clinicaltrials_gov.answer, world, "/studies", pageToken=body["nextPageToken"], **query))
            assert "totalCount" not in body
        assert len(seen) == total == len(set(seen)) == len(world.published.trials)

    def test_a_range_of_updates_is_honoured(self, world: World) -> None:
        term = {"query.term": "AREA[LastUpdatePostDate]RANGE[2026-03-03,MAX]", "pageSize": "1000"}
        studies = read(ask(clinicaltrials_gov.answer, world, "/studies", **term))["studies"]
        assert len(studies) == len(world.news(Act.AMENDMENT).trials)

    def test_words_beside_a_range_must_occur(self, world: World) -> None:
        term = {"query.term": "AREA[LastUpdatePostDate]RANGE[MIN,MAX] AND (neoplasms OR nonsense)", "pageSize": "1000"}
        studies = read(ask(clinicaltrials_gov.answer, world, "/studies", **term))["studies"]
        assert 0 < len(studies) < len(world.published.trials)

    def test_refuses_a_token_that_it_never_gave(self, world: World) -> None:
        assert ask(clinicaltrials_gov.answer, world, "/studies", pageToken="§§").status == 400
        assert ask(clinicaltrials_gov.answer, world, "/studies", pageToken="MTIz").status == 400
        assert ask(clinicaltrials_gov.answer, world, "/studies/NCT00000000").status == 404

    def test_headings_lead_from_the_condition_to_the_desk(self, world: World) -> None:
        trial = next(iter(world.published.trials.values()))
        browse = read(ask(clinicaltrials_gov.answer, world, f"/studies/{trial.nct_id}"))["derivedSection"][
            "conditionBrowseModule"
        ]
        assert browse["ancestors"][0]["term"] == trial.top_heading


class TestOpenFda:
    def test_links_by_search_after_lead_through_all_records(self, world: World) -> None:
        query = {"search": "report_date:[20240101 TO 20260331]", "limit": "4", "sort": "report_date:asc"}
        reply = ask(openfda_enforcement.answer, world, "/food/enforcement.json", **query)
        numbers = [row["recall_number"] for row in read(reply)["results"]]
        while "Link" in reply.headers:
            assert reply.headers["Link"].endswith('rel="next"')
            after = reply.headers["Link"].split("search_after=")[1].split(">")[0]
            reply = ask(openfda_enforcement.answer, world, "/food/enforcement.json", search_after=after, **query)
            numbers += [row["recall_number"] for row in read(reply)["results"]]
        assert len(numbers) == len(set(numbers)) == read(reply)["meta"]["results"]["total"]

    def test_a_skipped_page_has_no_cursor(self, world: World) -> None:
        assert "Link" not in ask(openfda_enforcement.answer, world, "/drug/enforcement.json", limit="1", skip="1").headers

    def test_nothing_found_is_a_404_that_says_so(self, world: World) -> None:
        reply = ask(openfda_enforcement.answer, world, "/drug/enforcement.json", search="report_date:[2030-01-01 TO 2030-01-02]")
        assert reply.status == 404
        assert read(reply)["error"] == {"code": "NOT_FOUND", "message": "No matches found!"}

    def test_clauses_are_joined_by_and(self, world: World) -> None:
        search = 'report_date:[20240101 TO 20261231] AND classification:"Class I"'
        rows = read(ask(openfda_enforcement.answer, world, "/device/enforcement.json", search=search, limit="1000"))["results"]
        assert {row["classification"] for row in rows} == {"Class I"}

    @pytest.mark.parametrize("query", [{"limit": "1001"}, {"skip": "25001"}, {"search": "report_date:[a%2BTO%2Bb"}])
    def test_refuses_what_it_cannot_read(self, query: dict[str, str], world: World) -> None:
        assert ask(openfda_enforcement.answer, world, "/drug/enforcement.json", **query).status == 400
        assert ask(openfda_enforcement.answer, world, "/toy/enforcement.json").status == 404


class TestPubMed:
    DAYS: Mapping[str, str] = {
        "db": "pubmed",
        "term": "all[sb]",
        "datetype": "edat",
        "mindate": "2026/03/03",
        "maxdate": "2026/04/06",
    }

    def test_a_kept_search_is_fetched_page_by_page(self, world: World) -> None:
        found = read(ask(pubmed.answer, world, "/esearch.fcgi", usehistory="y", retmode="json", retmax="0", **self.DAYS))
        kept = found["esearchresult"]
        ids: list[str] = []
        for start in range(0, int(kept["count"]), 2):
            query = {"WebEnv": kept["webenv"], "query_key": kept["querykey"], "retstart": str(start), "retmax": "2"}
            root = etree.fromstring(ask(pubmed.answer, world, "/efetch.fcgi", db="pubmed", retmode="xml", **query).body)
            ids += [element.text or "" for element in root.findall("PubmedArticle/MedlineCitation/PMID")]
        assert len(ids) == len(set(ids)) == int(kept["count"]) == 5

    def test_xml_and_json_name_the_same_papers(self, world: World) -> None:
        root = etree.fromstring(ask(pubmed.answer, world, "/esearch.fcgi", **self.DAYS).body)
        body = read(ask(pubmed.answer, world, "/esearch.fcgi", retmode="json", **self.DAYS))
        assert [element.text for element in root.iter("Id")] == body["esearchresult"]["idlist"]
        assert root.find("WebEnv") is None

    def test_a_modified_paper_is_found_by_the_day_of_its_revision(self, world: World) -> None:
        query = {**self.DAYS, "datetype": "mdat", "term": '"Retracted Publication"[pt]'}
        body = read(ask(pubmed.answer, world, "/esearch.fcgi", retmode="json", **query))
        assert body["esearchresult"]["idlist"] == [world.retraction().paper]

    @pytest.mark.parametrize(
        ("term", "count"),
        [
            ("99000001[uid]", 1),
            ("99000001[uid] OR 99000002[uid]", 2),
            ("99000001[uid] AND nonsense", 0),
            ('("2024/01/01"[edat] : "2026/03/01"[edat]) AND (99000001[uid])', 1),
            ('"1990"[edat] : "1991"[edat]', 0),
        ],
    )
    def test_terms_are_joined_by_and_and_or(self, term: str, count: int, world: World) -> None:
        body = read(ask(pubmed.answer, world, "/esearch.fcgi", db="pubmed", retmode="json", term=term))
        assert body["esearchresult"]["count"] == str(count)

    def test_papers_are_fetched_by_id_too(self, world: World) -> None:
        root = etree.fromstring(ask(pubmed.answer, world, "/efetch.fcgi", id="99000001,99000003").body)
        assert len(root) == 2
        retraction = world.retraction()
        reply = ask(pubmed.answer, world, "/efetch.fcgi", id=retraction.notice)
        reference = etree.fromstring(reply.body).find(".//CommentsCorrections[@RefType='RetractionOf']/PMID")
        assert reference is not None
        assert reference.text == retraction.paper

    def test_refuses_a_history_that_it_never_kept_and_another_database(self, world: World) -> None:
        assert ask(pubmed.answer, world, "/efetch.fcgi", WebEnv="MCID_!", query_key="1").status == 400
        assert ask(pubmed.answer, world, "/esearch.fcgi", db="gene").status == 400
        assert ask(pubmed.answer, world, "/einfo.fcgi").status == 404
