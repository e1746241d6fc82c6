"""What was in force and when we knew it, for each kind of change that a source makes: on real records where they hold the case.

Recordings hold corrections, amendments, revised trials and withdrawn rules. They hold no retraction and no notice that names
the rule it withdraws, so those are played by the rehearsal's server, which speaks the interfaces as they are documented.
"""

from __future__ import annotations

import gzip
import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import stamina

from infra.rehearsal.acts import BACKLOG_START, time_of
from infra.rehearsal.server import RehearsalServer
from infra.rehearsal.worlds import Act, Published
from pipelines.detect.ecfr import Ecfr
from pipelines.detect.federal_register import FederalRegister
from pipelines.detect.pubmed import PubMed
from pipelines.detect.regulations_gov import RegulationsGov
from pipelines.detect.sources import Access, Source
from pipelines.domain.drops import Cursor
from tests.builders.cases_federal_register import respond_with
from tests.builders.histories import Memory, build_memory
from tests.builders.recordings import find_data, read_bytes
from tests.builders.rehearsals import build_access, build_world
from tests.builders.servers import Answer, ScriptedServer, serve
from tests.builders.shelves import FolderShelf, write_lines

DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _without_waiting() -> Iterator[None]:
    with stamina.set_testing(True, attempts=3):
        yield


@pytest.fixture
def memory(tmp_path: Path) -> Memory:
    return build_memory(tmp_path)


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with serve() as running:
        yield running


# Corrections, as the Federal Register made them in January 2024.

BEFORE, AFTER = datetime(2024, 1, 12, 9, tzinfo=UTC), datetime(2024, 2, 1, 9, tzinfo=UTC)


@pytest.fixture
def january(memory: Memory, server: ScriptedServer) -> Memory:
    """The recorded month, looked at in its middle and after its end."""
    recording = find_data("api_recordings/federalregister_vcr/fr_api_documents_page1_2024-01.json.gz")
    rows = json.loads(read_bytes(recording))["results"]
    server.answer("/documents.json", respond_with(rows))
    for row in rows:
        server.answer(f"/documents/{row['document_number']}.json", Answer.of_json(row))
    source, cursor = FederalRegister(start=date(2024, 1, 1), types=(), per_page=400), None
    for now in (BEFORE, AFTER):
        found = source.detect(cursor, Access(now=now, base_urls={"federal_register": server.url}))
        cursor = found.cursor
        assert memory.learn(now, found.revisions) > 100
    return memory


@pytest.mark.data
def test_a_real_correction_takes_over_on_the_day_of_its_publication(january: Memory) -> None:
    published, corrected = date(2024, 1, 10), date(2024, 1, 16)
    (wrong,) = january.ask("2024-00339", corrected - DAY)
    (right,) = january.ask("2024-00339", corrected)
    assert (wrong.effective_from, wrong.effective_to) == (published, corrected)
    assert (right.effective_from, right.effective_to, right.published_at) == (corrected, None, corrected)
    assert "C1-2024-00339" in right.url
    assert "C1-" not in wrong.url
    assert (right.family_id, right.labels) == (wrong.family_id, wrong.labels)


@pytest.mark.data
def test_before_a_real_correction_was_known_the_error_was_in_force_for_good(january: Memory) -> None:
    (known_then,) = january.ask("2024-00339", date(2024, 1, 20), BEFORE)
    (known_now,) = january.ask("2024-00339", date(2024, 1, 20), AFTER)
    assert known_then.effective_to is None
    assert known_then.digest != known_now.digest


@pytest.mark.data
def test_correcting_real_documents_deleted_none(january: Memory) -> None:
    arrived = january.corpus.arrived()
    assert len(arrived) == 1_000
    documents = {entry.revision.document_id for entry in arrived}
    assert january.ask_all(date(2025, 1, 1)).keys() == documents
    assert len(documents) == 998, "two of the thousand rows correct another of them"


# Amendments: real ones of the CFPB's regulations, paragraph by paragraph, and the eCFR's interface as it is documented.


def read_lines(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in gzip.open(find_data(name), "rt", encoding="utf-8")]


@pytest.mark.data
def test_every_real_amendment_is_in_force_from_its_own_day_and_its_predecessor_until_then(memory: Memory, tmp_path: Path) -> None:
    """Each pair that the data names, asked on the amendment's first day and on the day before."""
    versions = [version for version in read_lines("cfpb_revisions/paragraph_versions.jsonl.gz") if version["text"].strip()]
    by_year: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for version in versions:
        by_year[version["published"][:4]].append(_as_record(version))
    shelf, cursor = FolderShelf(tmp_path / "in"), None
    for year in sorted(by_year):
        shelf.put(f"{year}.jsonl", write_lines(*by_year[year]))
        found = shelf.source().detect(cursor, shelf.access)
        cursor = found.cursor
        memory.learn(datetime(int(year), 12, 31, tzinfo=UTC), found.revisions)
    held: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for version in versions:
        held[_name(version), version["effective"]].add(version["text"].strip())
    pairs = [pair for pair in read_lines("cfpb_revisions/revision_pairs.jsonl.gz") if pair["change"] == "modified"]
    asked = 0
    for effective in sorted({pair["new_effective"] for pair in pairs}):
        day = date.fromisoformat(effective)
        before, after = memory.ask_all(day - DAY), memory.ask_all(day)
        # two rules can take effect on one day: then the later published one holds, and the pair's own text never did
        for pair in (one for one in pairs if one["new_effective"] == effective and len(held[_name(one), effective]) == 1):
            assert after[_name(pair)].text == pair["new_text"].strip()
            assert before[_name(pair)].effective_to == day
            assert before[_name(pair)].text != after[_name(pair)].text
            asked += 1
    assert asked > 200


def _name(version: dict[str, Any]) -> str:
    return f"{version['part']} {version['label']}"


def _as_record(version: dict[str, Any]) -> dict[str, Any]:
    return {
        "document_id": _name(version),
        "family_id": str(version["part"]),
        "title": str(version["label"]),
        "text": version["text"],
        "published_at": version["published"],
        "effective_from": version["effective"],
        "licence": "US government work",
    }


def test_an_amended_section_is_told_by_its_day_and_by_what_was_known(memory: Memory) -> None:
    with RehearsalServer(build_world()) as server:
        learn_acts(memory, server, Ecfr(title=12, parts=("9901", "9902"), start=BACKLOG_START))
        questions = server.world.questions()
        days = {f"12 CFR {one.identifier}": one.effective for one in server.world.news(Act.AMENDMENT).sections}
    assert questions
    for question in questions:
        effective = days[question.document_id]
        (before,), (after,) = (memory.ask(question.document_id, day) for day in (effective - DAY, effective))
        assert (question.old_answer in before.text, question.new_answer in after.text) == (True, True)
        assert (before.effective_to, after.effective_from) == (effective, effective)
        (unaware,) = memory.ask(question.document_id, effective, time_of(Act.BACKLOG))
        assert unaware.digest == replace(before, effective_to=None).digest


def learn_acts(memory: Memory, server: RehearsalServer, source: Source) -> None:
    cursor: Cursor | None = None
    for act in (Act.BACKLOG, Act.AMENDMENT):
        server.world.play(act)
        found = source.detect(cursor, build_access(server, act))
        cursor = found.cursor
        memory.learn(time_of(act), found.revisions)


# Revised trials: real versions of real studies.


@pytest.mark.data
def test_a_real_trial_is_as_its_last_update_had_it(memory: Memory, tmp_path: Path) -> None:
    studies: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for version in read_lines("ctgov_covid/study_versions.jsonl.gz"):
        if version["Last Update Posted"]:
            studies[version["nct_id"]].append(version)
    chosen = dict(sorted((name, told) for name, told in studies.items() if len({_updated(one) for one in told}) > 2)[:40])
    shelf, cursor = FolderShelf(tmp_path / "in"), None
    for snapshot in sorted({version["snapshot_date"] for told in chosen.values() for version in told}):
        news = [_as_trial(version) for told in chosen.values() for version in told if version["snapshot_date"] == snapshot]
        shelf.put(f"{snapshot}.jsonl", write_lines(*news))
        found = shelf.source().detect(cursor, shelf.access)
        cursor = found.cursor
        memory.learn(datetime.fromisoformat(f"{snapshot}T12:00:00+00:00"), found.revisions)
    asked = 0
    for name, told in chosen.items():
        latest = {_updated(version): version for version in sorted(told, key=lambda one: one["snapshot_date"])}
        for day, version in latest.items():
            (found_then,) = memory.ask(name, day)
            assert (found_then.effective_from, found_then.text) == (day, _as_trial(version)["text"])
            asked += 1
        first = min(told, key=lambda one: one["snapshot_date"])
        (known,) = memory.ask(name, date(2021, 1, 1), datetime.fromisoformat(f"{first['snapshot_date']}T13:00:00+00:00"))
        assert known.text == _as_trial(first)["text"]
    assert asked > 100


def _updated(version: dict[str, Any]) -> date:
    return datetime.strptime(version["Last Update Posted"], "%B %d, %Y").replace(tzinfo=UTC).date()


def _as_trial(version: dict[str, Any]) -> dict[str, Any]:
    told = ("Status", "Conditions", "Interventions", "Outcome Measures", "Enrollment", "Completion Date")
    day = _updated(version).isoformat()
    return {
        "document_id": version["nct_id"],
        "title": version["Title"],
        "text": " ".join("\n".join(f"{name}: {version[name]}" for name in told).split()),
        "published_at": day,
        "effective_from": day,
    }


# Retractions: told by a notice that names another paper, and by that paper's own record.


@pytest.mark.parametrize("hidden", ["", "notice", "paper"])
def test_a_paper_is_retracted_by_the_notice_that_names_it_and_by_its_own_record(memory: Memory, hidden: str) -> None:
    with RehearsalServer(build_world()) as server:
        learn_acts_of(memory, server, PubMed(start=BACKLOG_START, spacing_s=0), hidden)
        retraction = server.world.retraction()
    today = time_of(Act.AMENDMENT).date()
    assert memory.ask(retraction.paper, today) == []
    (believed,) = memory.ask(retraction.paper, today, time_of(Act.BACKLOG))
    assert believed.text
    assert len(memory.corpus.arrived(believed.document_id)) >= 2, "what was believed is kept"
    assert bool(memory.ask(retraction.notice, today)) is (hidden != "notice"), "the notice itself stands"


def learn_acts_of(memory: Memory, server: RehearsalServer, source: Source, hidden: str) -> None:
    """Play the acts as a source that has only one of the two words that retract a paper."""
    retraction = server.world.retraction()
    cursor: Cursor | None = None
    for act in (Act.BACKLOG, Act.AMENDMENT):
        server.world.play(act)
        if act is Act.AMENDMENT and hidden:
            published = server.world.published
            gone = {"notice": retraction.notice, "paper": retraction.paper}[hidden]
            papers = {pmid: paper for pmid, paper in published.papers.items() if pmid != gone}
            server.world = Shown(replace(published, papers=papers))  # type: ignore[assignment]
        found = source.detect(cursor, Access(now=time_of(act), base_urls=server.base_urls))
        cursor = found.cursor
        memory.learn(time_of(act), found.revisions)
    if hidden:
        server.world = build_world(Act.BACKLOG, Act.AMENDMENT)


@dataclass
class Shown:
    """A world that shows just this."""

    published: Published


# Withdrawn rules.


def test_a_rule_that_regulations_gov_marks_as_withdrawn_was_in_force_until_we_learned_of_it(memory: Memory) -> None:
    with RehearsalServer(build_world(Act.BACKLOG)) as server:
        published, later = server.world.published, time_of(Act.AMENDMENT)
        rule = next(one for one in published.dockets.values() if one.kind == "Rule")
        ended = replace(rule, is_withdrawn=True, modified=later - timedelta(hours=2))
        source, cursor = RegulationsGov(start=BACKLOG_START), None
        for time, shown in (
            (time_of(Act.BACKLOG), published),
            (later, replace(published, dockets=published.dockets | {rule.document_id: ended})),
        ):
            server.world = Shown(shown)  # type: ignore[assignment]
            found = source.detect(cursor, Access(now=time, base_urls=server.base_urls, secrets={"regulations_gov": "any"}))
            cursor = found.cursor
            memory.learn(time, found.revisions)
    assert memory.ask(rule.document_id, later.date()) == []
    (before,) = memory.ask(rule.document_id, later.date() - DAY)
    assert (before.title, before.effective_to) == (rule.title, later.date())
    assert memory.ask(rule.document_id, later.date(), time_of(Act.BACKLOG)), "nobody knew then"


def test_a_notice_that_names_the_rule_it_withdraws_ends_it_on_the_notice_s_own_day(memory: Memory) -> None:
    with RehearsalServer(build_world(Act.BACKLOG)) as server:
        published, later = server.world.published, time_of(Act.AMENDMENT)
        rule = next(one for one in published.notices.values() if one.kind == "Proposed Rule")
        notice = replace(
            rule,
            number="2026-90001",
            action="Proposed rule; withdrawal.",
            abstract=f"The agency withdraws the proposed rule published as FR Doc. {rule.number} in this docket.",
            published=later.date() - 2 * DAY,
            effective=None,
        )
        source, cursor = FederalRegister(start=BACKLOG_START), None
        for time, shown in (
            (time_of(Act.BACKLOG), published),
            (later, replace(published, notices=published.notices | {notice.number: notice})),
        ):
            server.world = Shown(shown)  # type: ignore[assignment]
            found = source.detect(cursor, Access(now=time, base_urls=server.base_urls))
            cursor = found.cursor
            memory.learn(time, found.revisions)
    (before,) = memory.ask(rule.number, notice.published - DAY)
    assert before.effective_to == notice.published
    assert memory.ask(rule.number, notice.published) == []
    assert memory.ask(rule.number, notice.published, time_of(Act.BACKLOG))
    assert memory.ask(notice.number, notice.published), "the notice itself stands"


@pytest.mark.data
def test_real_rules_that_were_withdrawn_were_in_force_and_are_so_no_longer(memory: Memory, tmp_path: Path) -> None:
    """Titles of regulations.gov with its own flag; their first look had them without it, as they were posted."""
    rules = [row for row in read_lines("regulatory_titles/agency.jsonl.gz") if row["withdrawn"]][:50]
    learned, ended = datetime(2021, 1, 1, tzinfo=UTC), datetime(2021, 6, 1, tzinfo=UTC)
    shelf, cursor = FolderShelf(tmp_path / "in"), None
    for time, status in ((learned, "active"), (ended, "withdrawn")):
        shelf.put("titles.jsonl", write_lines(*(_as_title(row, status) for row in rules)))
        source = shelf.source()
        found = source.detect(cursor, replace(shelf.access, now=time))
        cursor = found.cursor
        memory.learn(time, found.revisions)
    assert memory.ask_all(ended.date()) == {}
    assert len(memory.ask_all(ended.date() - DAY)) == len({row["id"] for row in rules})
    assert memory.ask_all(ended.date(), learned).keys() == memory.ask_all(ended.date() - DAY).keys()


def _as_title(row: dict[str, Any], status: str) -> dict[str, Any]:
    return {
        "document_id": row["id"],
        "family_id": row["docket_id"],
        "title": row["text"],
        "text": row["text"],
        "labels": [row["label"]],
        "published_at": row["date"],
        "status": status,
    }
