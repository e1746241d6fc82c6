"""What was in force and when we knew it, on real records: corrections, amendments, revised trials and withdrawn rules.

What no recording holds is put to the rehearsal's server, in ``test_histories_of_sources.py``.
"""

from __future__ import annotations

import gzip
import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import stamina

from pipelines.detect.federal_register import FederalRegister
from pipelines.detect.sources import Access
from tests.builders.cases_federal_register import respond_with
from tests.builders.histories import Memory, build_memory
from tests.builders.recordings import find_data, read_bytes
from tests.builders.servers import Answer, ScriptedServer, serve
from tests.builders.shelves import FolderShelf, write_lines

pytestmark = pytest.mark.data

DAY = timedelta(days=1)
FAR = date(2100, 1, 1)


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


def test_a_real_correction_takes_over_on_the_day_of_its_publication(january: Memory) -> None:
    published, corrected = date(2024, 1, 10), date(2024, 1, 16)
    (wrong,) = january.ask("2024-00339", corrected - DAY)
    (right,) = january.ask("2024-00339", corrected)
    assert (wrong.effective_from, wrong.effective_to) == (published, corrected)
    assert (right.effective_from, right.effective_to, right.published_at) == (corrected, None, corrected)
    assert "C1-2024-00339" in right.url
    assert "C1-" not in wrong.url
    assert (right.family_id, right.labels) == (wrong.family_id, wrong.labels)


def test_before_a_real_correction_was_known_the_error_was_in_force_for_good(january: Memory) -> None:
    (known_then,) = january.ask("2024-00339", date(2024, 1, 20), BEFORE)
    (known_now,) = january.ask("2024-00339", date(2024, 1, 20), AFTER)
    assert known_then.effective_to is None
    assert known_then.digest != known_now.digest


def test_correcting_real_documents_deleted_none(january: Memory) -> None:
    arrived = january.corpus.arrived()
    assert len(arrived) == 1_000
    documents = {entry.revision.document_id for entry in arrived}
    assert january.ask_all(FAR).keys() == documents
    assert len(documents) == 998, "two of the thousand rows correct another of them"


# Amendments of the CFPB's regulations, paragraph by paragraph.


def read_lines(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in gzip.open(find_data(name), "rt", encoding="utf-8")]


@pytest.mark.slow
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
    assert asked > 150


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


# Revised trials: real versions of real studies.


@pytest.mark.slow
def test_a_real_trial_is_as_its_last_update_had_it(memory: Memory, tmp_path: Path) -> None:
    studies: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for version in read_lines("ctgov_covid/study_versions.jsonl.gz"):
        if version["Last Update Posted"]:
            studies[version["nct_id"]].append(version)
    chosen = dict(sorted((name, told) for name, told in studies.items() if len({_updated(one) for one in told}) > 2)[:25])
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
    assert asked > 60


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


# Withdrawn rules.


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
