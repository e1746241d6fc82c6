"""What waits in quarantine is listed without its text, shown with it, and released once."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.admit.landing import land_drop
from pipelines.admit.quarantines import (
    list_rows,
    quarantined_digests,
    release_row,
    release_rows,
    show_row,
    write_quarantine,
)
from pipelines.domain.errors import WorkspaceError
from pipelines.domain.identities import DomainName
from pipelines.domain.revisions import Revision
from pipelines.workspace import Home
from tests.builders.admissions import build_received_drop, build_revisions, decide

DOMAIN = DomainName("clinical")
BAD = build_revisions(3, first=20, text="short")


@pytest.fixture(name="home")
def make_home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def land(home: Home, *revisions: Revision) -> None:
    drop = build_received_drop(*revisions)
    land_drop(drop, decide(drop), home)


def test_lists_nothing_where_nothing_waits(home: Home) -> None:
    assert list_rows(home, DOMAIN) == ()
    land(home, *build_revisions(2))
    assert list_rows(home, DOMAIN) == ()
    assert not home.quarantine(DOMAIN).exists()


def test_lists_each_row_with_its_reasons(home: Home) -> None:
    land(home, *build_revisions(20), *BAD)
    rows = list_rows(home, DOMAIN)
    assert [(row.digest, row.document_id, row.source) for row in rows] == [
        (bad.digest, bad.document_id, bad.source) for bad in BAD
    ]
    assert {reason.observed for row in rows for reason in row.reasons} == {"length 5"}
    assert not any(row.is_released for row in rows)
    assert quarantined_digests(home, DOMAIN) == frozenset(bad.digest for bad in BAD)


def test_shows_a_row_with_its_text_by_the_beginning_of_its_digest(home: Home) -> None:
    land(home, *build_revisions(20), *BAD)
    row = show_row(home, DOMAIN, BAD[1].digest[:12])
    assert row.revision == BAD[1]
    assert [reason.expectation for reason in row.reasons] == ["text has a sane length"]


def test_releases_rows_in_the_order_asked_for_and_marks_them(home: Home) -> None:
    land(home, *build_revisions(20), *BAD)
    assert release_rows(home, DOMAIN, (BAD[2].digest, BAD[0].digest)) == (BAD[2], BAD[0])
    assert [row.is_released for row in list_rows(home, DOMAIN)] == [True, False, True]


def test_releasing_twice_is_releasing_once(home: Home) -> None:
    land(home, *build_revisions(20), *BAD)
    first = release_row(home, DOMAIN, BAD[0].digest)
    before = {path: path.read_bytes() for path in home.root.rglob("*") if path.is_file()}
    assert release_row(home, DOMAIN, BAD[0].digest) == first == BAD[0]
    assert {path: path.read_bytes() for path in home.root.rglob("*") if path.is_file()} == before


def test_landing_again_does_not_take_a_release_back(home: Home) -> None:
    land(home, *build_revisions(20), *BAD)
    release_row(home, DOMAIN, BAD[0].digest)
    land(home, *build_revisions(20), *BAD)
    assert [row.is_released for row in list_rows(home, DOMAIN)] == [True, False, False]


def test_a_row_that_two_drops_brought_waits_once(home: Home) -> None:
    land(home, *build_revisions(20), *BAD)
    land(home, *build_revisions(19), *BAD)
    assert [row.digest for row in list_rows(home, DOMAIN)].count(BAD[0].digest) == 1
    assert release_row(home, DOMAIN, BAD[0].digest) == BAD[0]


def test_releases_all_or_none(home: Home) -> None:
    land(home, *build_revisions(20), *BAD)
    with pytest.raises(WorkspaceError, match="there is none"):
        release_rows(home, DOMAIN, (BAD[0].digest, "f" * 64))
    assert not any(row.is_released for row in list_rows(home, DOMAIN))


def test_refuses_a_beginning_that_many_share(home: Home) -> None:
    land(home, *build_revisions(20), *BAD)
    with pytest.raises(WorkspaceError, match="3 rows begin so"):
        show_row(home, DOMAIN, "")


def test_domains_keep_apart(home: Home) -> None:
    land(home, *build_revisions(20), *BAD)
    assert list_rows(home, DomainName("other")) == ()
    with pytest.raises(WorkspaceError):
        show_row(home, DomainName("other"), BAD[0].digest)


def test_ignores_the_quarantine_of_a_drop_that_never_landed(home: Home) -> None:
    admission = decide(build_received_drop(*build_revisions(20), *BAD))
    write_quarantine(home, DOMAIN, admission.drop_id, admission.quarantined)
    assert list_rows(home, DOMAIN) == ()
    assert quarantined_digests(home, DOMAIN) == frozenset()


def test_names_a_damaged_quarantine(home: Home) -> None:
    land(home, *build_revisions(20), *BAD)
    (table,) = home.quarantine(DOMAIN).glob("*.parquet")
    admission = decide(build_received_drop(*build_revisions(20), BAD[0]))
    write_quarantine(home, DOMAIN, admission.drop_id, admission.quarantined)
    table.write_bytes((home.quarantine(DOMAIN) / f"{admission.drop_id}.parquet").read_bytes())
    with pytest.raises(WorkspaceError, match=f"lacks row {BAD[1].digest[:12]}"):
        list_rows(home, DOMAIN)
