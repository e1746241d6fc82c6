"""A drop lands once, whole, wherever a crash cuts it short, and shows nobody what its rows say."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import pipelines.files
from pipelines.admit.admission import admit_drop
from pipelines.admit.archives import read_archived_drop, read_decision
from pipelines.admit.landing import LandedDrop, land_drop
from pipelines.admit.quarantines import list_rows, quarantined_digests, release_rows
from pipelines.domain.drops import Drop, RawResponse
from pipelines.domain.errors import WorkspaceError
from pipelines.domain.identities import DropId
from pipelines.workspace import Home
from tests.builders.admissions import (
    DEFECTS,
    PLANTED,
    build_context,
    build_params,
    build_received_drop,
    build_revisions,
    decide,
)

DROP = build_received_drop(*build_revisions(10), *build_revisions(2, first=10, text="short"))
CROWDED = build_received_drop(*build_revisions(7), *build_revisions(5, first=7, text="short"))


@pytest.fixture(name="home")
def make_home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def land(home: Home, drop: Drop = DROP, **params: Any) -> LandedDrop:
    return land_drop(drop, decide(drop, build_params(**params)), home)


def read_bytes(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_lays_down_what_was_said_what_was_read_and_what_was_decided(home: Home) -> None:
    landed = land(home)
    assert sorted(read_bytes(landed.folder)) == [
        "admission.json",
        "checks.html",
        "responses/00001.json",
        "responses/index.json",
        "revisions.parquet",
    ]
    assert (landed.is_new, landed.is_refused, landed.admitted) == (True, False, DROP.revisions[:10])
    assert [row.digest for row in landed.record.quarantined] == [revision.digest for revision in DROP.revisions[10:]]


def test_reads_back_what_landed(home: Home) -> None:
    landed = land(home)
    archived = read_archived_drop(home, DROP.domain, DROP.drop_id)
    assert archived.drop == DROP
    assert archived.record == landed.record


def test_landing_twice_is_landing_once(home: Home) -> None:
    first = land(home)
    before = read_bytes(home.root)
    again = land(home)
    assert read_bytes(home.root) == before
    assert (again.is_new, again.record, again.admitted) == (False, first.record, first.admitted)


def test_two_homes_get_the_same_bytes(tmp_path: Path) -> None:
    homes = [Home(tmp_path / name) for name in ("one", "two")]
    for home in homes:
        land(home)
    assert read_bytes(homes[0].root) == read_bytes(homes[1].root)


def test_what_was_decided_stands_when_the_corpus_knows_the_rows_by_now(home: Home) -> None:
    land(home)
    known = frozenset(revision.digest for revision in DROP.revisions)
    landed = land_drop(DROP, admit_drop(DROP, build_params(), build_context(known_digests=known)), home)
    assert landed.admitted == DROP.revisions[:10]
    assert landed.record.already_known == 0


def test_a_refused_drop_keeps_everything_in_the_archive_and_nothing_in_quarantine(home: Home) -> None:
    landed = land(home, CROWDED)
    assert (landed.is_refused, landed.admitted) == (True, ())
    assert list_rows(home, CROWDED.domain) == ()
    assert read_archived_drop(home, CROWDED.domain, CROWDED.drop_id).drop == CROWDED
    assert not land(home, CROWDED).is_new


def test_a_refusal_gives_way_to_an_admission_under_better_limits(home: Home) -> None:
    land(home, CROWDED)
    landed = land(home, CROWDED, max_bad_share=0.5)
    assert (landed.is_new, landed.is_refused, landed.admitted) == (True, False, CROWDED.revisions[:7])
    assert len(list_rows(home, CROWDED.domain)) == 5
    assert not land(home, CROWDED).is_refused


class Crash(Exception):  # noqa: N818  # it stands for a killed process, not for an error
    """The process ends here."""


@pytest.fixture(name="crash_after")
def make_crash_after(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Let only so many files be put in place; the next one ends the process before its rename."""
    left = [10**9]
    replace = pipelines.files.os.replace

    def replace_or_crash(source: str, target: Path) -> None:
        if left[0] == 0:
            raise Crash
        left[0] -= 1
        replace(source, target)

    monkeypatch.setattr(pipelines.files.os, "replace", replace_or_crash)
    yield left
    left[0] = 10**9


@pytest.mark.parametrize("files", range(7))
def test_a_crash_at_any_file_leaves_what_the_next_try_completes(tmp_path: Path, crash_after: list[int], files: int) -> None:
    land(Home(tmp_path / "unhurt"))
    home = Home(tmp_path / "hurt")
    crash_after[0] = files
    with pytest.raises(Crash):
        land(home)
    assert read_decision(home, DROP.domain, DROP.drop_id) is None
    assert quarantined_digests(home, DROP.domain) == frozenset()
    crash_after[0] = 10**9
    assert land(home).is_new
    assert read_bytes(home.root) == read_bytes(tmp_path / "unhurt")


def test_a_landing_is_seven_files_and_no_more(home: Home, crash_after: list[int]) -> None:
    crash_after[0] = 7
    assert land(home).is_new


def test_nobody_reads_a_drop_that_has_not_landed(home: Home) -> None:
    with pytest.raises(WorkspaceError, match="has landed"):
        read_archived_drop(home, DROP.domain, DropId("0" * 64))


@pytest.mark.parametrize(
    ("file", "content"), [("responses/00001.json", b"{}"), ("responses/00001.json", None), ("revisions.parquet", None)]
)
def test_notices_a_damaged_archive(home: Home, file: str, content: bytes | None) -> None:
    path = land(home).folder / file
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(WorkspaceError, match=path.name):
        read_archived_drop(home, DROP.domain, DROP.drop_id)


def test_notices_revisions_that_are_not_those_that_landed(home: Home) -> None:
    folder, other = land(home).folder, land(home, CROWDED).folder
    (folder / "revisions.parquet").write_bytes((other / "revisions.parquet").read_bytes())
    with pytest.raises(WorkspaceError, match="is not what drop"):
        read_archived_drop(home, DROP.domain, DROP.drop_id)


def test_refuses_the_admission_of_another_drop(home: Home) -> None:
    with pytest.raises(WorkspaceError, match="is not about drop"):
        land_drop(DROP, decide(CROWDED), home)


def test_keeps_every_response_as_received_whatever_its_type(home: Home) -> None:
    types = ["application/json; charset=utf-8", "text/xml", "application/vnd.api+json", "text/html", "image/png", "", "text/csv"]
    responses = tuple(
        RawResponse(url=f"https://example.org/{number}", media_type=kind, body=bytes([number, 0, 255]))
        for number, kind in enumerate(types)
    )
    drop = build_received_drop(*build_revisions(1), responses=responses)
    folder = land(home, drop).folder / "responses"
    assert sorted(path.name for path in folder.iterdir()) == [
        "00001.json",
        "00002.xml",
        "00003.json",
        "00004.html",
        "00005.bin",
        "00006.bin",
        "00007.csv",
        "index.json",
    ]
    assert read_archived_drop(home, drop.domain, drop.drop_id).drop.responses == responses


def plant(expectation: str) -> Drop:
    """A drop with personal data in every field of its failing rows that can hold some."""
    texts = {
        "title": PLANTED,
        "text": f"The notice about {PLANTED} says what was found.",
        "document_id": PLANTED,
        "family_id": PLANTED,
    }
    fields = {**texts, "url": f"https://example.org/{PLANTED}", **DEFECTS[expectation]}
    if expectation == "label is declared":
        fields["labels"] = (PLANTED,)
    if expectation == "title has no encoding damage":
        fields["title"] = f"{PLANTED} \ufffd"
    if expectation == "text has no encoding damage":
        fields["text"] = f"{PLANTED} \ufffd {PLANTED}"
    return build_received_drop(*build_revisions(10), *build_revisions(1, first=10, **fields))


@pytest.mark.parametrize("expectation", DEFECTS)
def test_personal_data_of_a_failing_row_is_shown_nowhere(home: Home, caplog: pytest.LogCaptureFixture, expectation: str) -> None:
    caplog.set_level(logging.DEBUG)
    drop = plant(expectation)
    landed = land(home, drop)
    assert len(landed.record.quarantined) == 1
    digest = landed.record.quarantined[0].digest
    release_rows(home, drop.domain, (digest,))
    with pytest.raises(WorkspaceError) as refused:
        release_rows(home, drop.domain, ("no such row",))
    shown = [path.read_text() for path in home.root.rglob("*") if path.suffix in {".json", ".html"}]
    assert len(shown) == 6
    for text in (*shown, caplog.text, str(refused.value), repr(landed.record)):
        for part in ("Testmann", "4711", "1951"):
            assert part not in text


def test_errors_about_damaged_files_quote_nothing(home: Home) -> None:
    drop = plant("title has no encoding damage")
    folder = land(home, drop).folder
    (folder / "admission.json").write_text(f'{{"drop_id": 3, "{PLANTED}": "{PLANTED}"}}')
    with pytest.raises(WorkspaceError) as refused:
        read_decision(home, drop.domain, drop.drop_id)
    assert "Testmann" not in str(refused.value).replace(str(folder), "")


def test_a_refused_drop_shows_no_personal_data_either(home: Home) -> None:
    rows = build_revisions(10, title=f"{PLANTED}\ufffd", labels=(PLANTED,))
    landed = land(home, build_received_drop(*rows))
    assert landed.is_refused
    for path in (landed.folder / "admission.json", landed.folder / "checks.html"):
        assert "Testmann" not in path.read_text()


def test_an_empty_drop_lands_too(home: Home) -> None:
    drop = build_received_drop()
    assert land(home, drop).admitted == ()
    assert read_archived_drop(home, drop.domain, drop.drop_id).drop == drop
