"""Out of the archive and the quarantine goes what was erased and no more, and what is left is still known to be what came."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pipelines.admit.archives import read_archived_drop
from pipelines.admit.erasures import AdmissionErasure, erase_received, find_received, leave_out_erased, spell_names
from pipelines.admit.landing import land_drop
from pipelines.admit.quarantines import list_rows, quarantined_digests
from pipelines.corpus.erasures import name_document
from pipelines.domain.drops import Cursor, Detection, Drop, RawResponse
from pipelines.domain.errors import WorkspaceError
from pipelines.domain.identities import DocumentId, DomainName
from pipelines.domain.revisions import Revision
from pipelines.tables import REVISION_SCHEMA, read_revisions, read_table, tabulate_revisions, write_table
from pipelines.workspace import Home
from tests.builders.admissions import build_received_drop, build_revisions, decide

DOMAIN = DomainName("clinical")
OWN, STRANGE, THIRD = build_revisions(3)
WAITING = replace(build_revisions(1, first=9)[0], labels=("no class of ours",))


def respond(name: str, *revisions: Revision) -> RawResponse:
    body = " | ".join(revision.text for revision in revisions).encode()
    return RawResponse(url=f"https://example.org/{name}", media_type="text/plain", body=body)


def land(home: Home) -> Drop:
    """A drop in two answers, with one row that waits in quarantine."""
    drop = build_received_drop(OWN, STRANGE, THIRD, WAITING, responses=(respond("1", OWN, STRANGE), respond("2", THIRD, WAITING)))
    land_drop(drop, decide(drop), home)
    return drop


def erase(home: Home, revision: Revision) -> AdmissionErasure:
    return erase_received(home, DOMAIN, frozenset({revision.digest}), lambda body: revision.text.encode() in body)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def test_every_revision_of_a_document_is_found_once(home: Home) -> None:
    land(home)
    assert find_received(home, DOMAIN, OWN.document_id) == [OWN]
    assert find_received(home, DOMAIN, WAITING.document_id) == [WAITING]
    assert find_received(home, DOMAIN, DocumentId("nobody")) == []


def test_its_row_and_the_answer_that_tells_of_it_go_and_the_rest_reads_as_before(home: Home) -> None:
    drop = land(home)
    assert erase(home, OWN) == AdmissionErasure(archived=1, quarantined=0, responses=1)
    left = read_archived_drop(home, DOMAIN, drop.drop_id)
    assert left.drop.revisions == (STRANGE, THIRD, WAITING)
    assert [one.body for one in left.drop.responses] == [drop.responses[1].body]
    assert not any(OWN.text.encode() in path.read_bytes() for path in home.root.rglob("*") if path.is_file())


def test_erasing_again_finds_nothing_more(home: Home) -> None:
    land(home)
    erase(home, OWN)
    before = {path: path.read_bytes() for path in home.root.rglob("*") if path.is_file()}
    assert erase(home, OWN) == AdmissionErasure(archived=0, quarantined=0, responses=0)
    assert {path: path.read_bytes() for path in home.root.rglob("*") if path.is_file()} == before


def test_one_document_after_the_other_can_be_erased(home: Home) -> None:
    drop = land(home)
    for revision in (OWN, THIRD):
        erase(home, revision)
    left = read_archived_drop(home, DOMAIN, drop.drop_id).drop
    assert (left.revisions, left.responses) == ((STRANGE, WAITING), ())


def test_a_row_of_the_quarantine_goes_and_is_not_taken_for_lost(home: Home) -> None:
    drop = land(home)
    assert [row.digest for row in list_rows(home, DOMAIN)] == [WAITING.digest]
    assert erase(home, WAITING).quarantined == 1
    assert list_rows(home, DOMAIN) == ()
    assert quarantined_digests(home, DOMAIN) == {WAITING.digest}
    assert land_drop(drop, decide(drop), home).is_new is False


def test_a_quarantine_that_lost_a_row_otherwise_is_still_refused(home: Home) -> None:
    drop = land(home)
    write_table(home.quarantine(DOMAIN) / f"{drop.drop_id}.parquet", tabulate_revisions([]))
    with pytest.raises(WorkspaceError, match="lacks row"):
        list_rows(home, DOMAIN)


@pytest.mark.parametrize("altered", ["lost", "turned", "added"])
def test_an_archive_that_was_altered_beside_the_erasure_is_still_refused(home: Home, altered: str) -> None:
    drop = land(home)
    erase(home, OWN)
    path = home.drop(DOMAIN, drop.drop_id) / "revisions.parquet"
    rows = read_revisions(read_table(path, REVISION_SCHEMA))
    changed = {"turned": rows[::-1], "added": [*rows, *build_revisions(1, first=50)], "lost": rows}[altered]
    write_table(path, tabulate_revisions(changed))
    if altered == "lost":
        (home.drop(DOMAIN, drop.drop_id) / "responses" / "00002.txt").unlink()
    with pytest.raises(WorkspaceError, match="restore it from a backup"):
        read_archived_drop(home, DOMAIN, drop.drop_id)


def test_a_drop_that_had_landed_gives_the_rows_that_are_left(home: Home) -> None:
    drop = land(home)
    erase(home, OWN)
    assert land_drop(drop, decide(drop), home).admitted == (STRANGE, THIRD)


def test_a_source_that_brings_it_again_is_not_listened_to() -> None:
    detection = Detection(revisions=(OWN, STRANGE), responses=(respond("1", OWN), respond("2", STRANGE)), cursor=Cursor("after"))
    kept = leave_out_erased(detection, frozenset({name_document(OWN).tombstone}))
    assert kept == Detection(revisions=(STRANGE,), responses=(detection.responses[1],), cursor=Cursor("after"))
    assert leave_out_erased(kept, frozenset({name_document(OWN).tombstone})) == kept


def test_a_detection_without_anything_erased_is_left_as_it_is() -> None:
    detection = Detection(revisions=(OWN,), responses=(respond("1", OWN),), cursor=Cursor("after"))
    assert leave_out_erased(detection, frozenset({name_document(STRANGE).tombstone})) is detection


def test_an_answer_goes_that_names_the_document_by_an_id_long_enough_to_be_no_chance() -> None:
    assert spell_names([DocumentId("12"), DocumentId("NCT01234567"), DocumentId("NCT01234567")]) == (b"NCT01234567",)
