"""The reviewer's file: every line is checked before any is taken, and a line stands as long as it is there."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from pipelines.corpus.lookups import find_standing
from pipelines.corpus.tables import Corpus
from pipelines.detect.corrections import COLUMNS, CorrectionFile, add_corrections
from pipelines.detect.folder import Folder
from pipelines.detect.sources import Access
from pipelines.domain.corrections import MARK, find_reviewer
from pipelines.domain.drops import Cursor, Detection
from pipelines.domain.errors import ResponseError
from pipelines.domain.identities import DocumentId, DropId
from pipelines.domain.revisions import Revision, Status
from tests.builders.corpora import build_corpus
from tests.builders.revisions import build_revision
from tests.builders.shelves import FolderShelf, build_record, write_lines
from tests.builders.source_cases import NOW
from tests.domain.test_revisions import BUSY

LABELS = ("Class I", "Class II", "Class III")
NOTHING = Detection(revisions=(), responses=(), cursor=Cursor("0"))


def line(document: str = "doc-1", value: str = "Class I", **fields: str) -> dict[str, str]:
    said = {"source": "folder", "field": "label", "reviewer": "r.okafor", "reason": "read again", **fields}
    return {**said, "document": document, "value": value}


def write(*lines: dict[str, str]) -> bytes:
    sink = io.StringIO()
    writer = csv.DictWriter(sink, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    return sink.getvalue().encode()


def correct(body: bytes, *standing: Revision, told: Detection = NOTHING, labels: tuple[str, ...] = LABELS) -> Detection:
    def find(documents: Collection[DocumentId]) -> Sequence[Revision]:
        return [each for each in standing if each.document_id in documents]

    file = CorrectionFile(source=build_revision().source, name="corrections.csv", body=body, reviewers=("r.okafor", "s.l"))
    return add_corrections(file, told, Access(now=NOW, labels=labels, find_standing=find))


def refuse(body: bytes, *standing: Revision) -> ResponseError:
    with pytest.raises(ResponseError) as refusal:
        correct(body, *standing)
    return refusal.value


def test_a_line_gives_a_document_in_force_another_label() -> None:
    revision = build_revision(labels=("Class II",), effective_from=build_revision().published_at + timedelta(days=3))
    found = correct(write(line()), revision)
    (corrected,) = found.revisions
    assert (corrected.labels, corrected.effective_from, corrected.recorded_at) == (("Class I",), revision.effective_from, NOW)
    assert (corrected.text, find_reviewer(corrected)) == (revision.text, "r.okafor")
    assert [(kept.url, kept.body) for kept in found.responses] == [("folder:corrections.csv", write(line()))]


def test_a_document_of_another_source_is_corrected_under_its_own_name() -> None:
    here, there = build_revision(labels=("Class II",)), build_revision(source="openfda", labels=("Class II",))
    (corrected,) = correct(write(line(source="openfda")), here, there).revisions
    assert corrected.source == "openfda"


def test_what_has_the_label_already_is_left_alone() -> None:
    assert correct(write(line()), build_revision(labels=("Class I",))) == NOTHING


def test_of_several_lines_the_last_counts() -> None:
    lines = [line(value="Class III"), line(value="Class I", reviewer="s.l")]
    (corrected,) = correct(write(*lines), build_revision(labels=("Class II",))).revisions
    assert (corrected.labels, find_reviewer(corrected)) == (("Class I",), "s.l")


def test_a_document_that_this_look_tells_waits_for_the_next_one() -> None:
    told = replace(NOTHING, revisions=(build_revision(labels=("Class II",)),))
    assert correct(write(line()), told=told) == told


@pytest.mark.parametrize("status", [Status.WITHDRAWN, Status.RETRACTED, Status.ERASED])
def test_what_has_ended_since_is_left_as_it_is(status: Status) -> None:
    assert correct(write(line()), build_revision(labels=("Class II",), status=status)) == NOTHING


@pytest.mark.parametrize(
    ("lines", "place", "field"),
    [
        ([line(), line("nobody's")], "corrections.csv:3", "document"),
        ([line(source="pubmed")], "corrections.csv:2", "document"),
        ([line(value="Class IV")], "corrections.csv:2", "value"),
        ([line(), line(field="text")], "corrections.csv:3", "field"),
        ([line(reviewer="mallory")], "corrections.csv:2", "reviewer"),
        ([line(reviewer="r.okafor@example.org")], "corrections.csv:2", "reviewer"),
        ([line(reason=" ")], "corrections.csv:2", "reason"),
        ([line(document="")], "corrections.csv:2", "document"),
    ],
)
def test_names_the_line_and_the_field_that_are_wrong(lines: list[dict[str, str]], place: str, field: str) -> None:
    error = refuse(write(*lines), build_revision(labels=("Class II",)))
    assert (error.source, error.document, error.field) == ("folder", place, field)


@pytest.mark.parametrize(
    ("body", "place"),
    [
        (b"", "corrections.csv:1"),
        (b"document,value\n", "corrections.csv:1"),
        (write(line()) + b"folder,doc-1,label,Class I\n", "corrections.csv:3"),
        (write(line()) + b'folder,doc-1,label,"Class I"x,r.okafor,y\n', "corrections.csv:3"),
        (write(line()) + b"folder,doc-1,label,Class I,r.okafor,\xff\n", "corrections.csv:3"),
        (write(line(reason="two\nlines"), line(value="no")), "corrections.csv:4"),
    ],
)
def test_names_the_line_that_is_no_line(body: bytes, place: str) -> None:
    assert refuse(body, build_revision(labels=("Class II",))).document == place


def test_an_error_quotes_nothing_that_a_reviewer_wrote() -> None:
    for lines in ([line("Jane Roe, 555-0100")], [line(value="Jane Roe")], [line(reviewer="Jane Roe")], [line(field="Jane Roe")]):
        assert "Jane" not in str(refuse(write(*lines), build_revision()))


def test_any_label_may_be_given_where_the_domain_names_none() -> None:
    (corrected,) = correct(write(line(value="anything")), build_revision(), labels=()).revisions
    assert corrected.labels == ("anything",)


def read_or_refuse(body: bytes) -> Detection | str:
    try:
        return correct(body, build_revision())
    except ResponseError as error:
        return error.document


@BUSY
@given(content=st.binary(max_size=80) | st.text(max_size=80).map(lambda text: text.encode()))
def test_whatever_the_file_holds_is_read_or_refused_by_line(content: bytes) -> None:
    for body in (content, write() + content):
        found = read_or_refuse(body)
        assert found == NOTHING or str(found).startswith("corrections.csv:")


# Through a folder and a real corpus.


@dataclass
class Desk:
    """A folder with a file of corrections, looked at again and again, and the corpus that it feeds."""

    shelf: FolderShelf
    corpus: Corpus
    cursor: Cursor | None = None
    drops: list[str] = field(default_factory=list)

    def look(self) -> list[Revision]:
        """Look, append what is new, and return it."""
        access = replace(self.shelf.access, labels=LABELS, find_standing=lambda documents: find_standing(self.corpus, documents))
        found = self.shelf.source(corrections="corrections.csv", reviewers=("r.okafor",)).detect(self.cursor, access)
        self.cursor = found.cursor
        known = self.corpus.known_digests()
        news = [each for each in found.revisions if each.digest not in known]
        if news:
            self.drops.append(f"look-{len(self.drops)}")
            self.corpus.append(DropId(self.drops[-1]), news)
        return news

    @property
    def labels(self) -> list[str]:
        return [label for each in find_standing(self.corpus, [DocumentId("one")]) for label in each.labels]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = Desk(FolderShelf(tmp_path / "in"), build_corpus(tmp_path))
    desk.shelf.put("a.jsonl", write_lines(build_record("one", labels=["Class II"]), build_record("two", labels=["Class I"])))
    desk.look()
    return desk


def test_a_correction_lands_once_and_what_it_corrects_stays(desk: Desk) -> None:
    desk.shelf.put("corrections.csv", write(line("one")))
    assert [each.document_id for each in desk.look()] == ["one"]
    assert (desk.look(), desk.labels) == ([], ["Class I"])
    assert [entry.revision.labels for entry in desk.corpus.arrived(DocumentId("one"))] == [("Class II",), ("Class I",)]


def test_it_stands_when_the_source_tells_the_document_anew(desk: Desk) -> None:
    desk.shelf.put("corrections.csv", write(line("one")))
    desk.look()
    desk.shelf.put("b.jsonl", write_lines(build_record("one", text="Amended.", labels=["Class II"], effective_from="2026-02-01")))
    desk.look()
    assert desk.labels == ["Class II"], "as the source has it, until the next look"
    desk.look()
    assert desk.labels == ["Class I"]
    desk.shelf.put("corrections.csv", write())
    assert (desk.look(), desk.labels) == ([], ["Class I"]), "taking the line out takes nothing back"


def test_there_and_back_again_is_three_lines(desk: Desk) -> None:
    lines: list[dict[str, str]] = []
    for value in ("Class I", "Class II", "Class I"):
        lines.append(line("one", value))
        desk.shelf.put("corrections.csv", write(*lines))
        desk.look()
        assert desk.labels == [value]


def test_a_drop_of_corrections_is_taken_out_like_any_other(desk: Desk) -> None:
    desk.shelf.put("corrections.csv", write(line("one")))
    desk.look()
    desk.corpus.withdraw_drop(DropId(desk.drops[-1]))
    assert (desk.labels, desk.look(), desk.labels) == (["Class II"], [], ["Class II"])


def test_a_document_that_vanished_after_its_correction_stops_nobody(desk: Desk) -> None:
    desk.shelf.put("corrections.csv", write(line("one")))
    desk.look()
    desk.shelf.put("a.jsonl", write_lines(build_record("two", labels=["Class I"])))
    assert [each.status for each in desk.look()] == [Status.WITHDRAWN]
    assert desk.look() == []


def test_a_folder_without_the_file_has_no_corrections(desk: Desk) -> None:
    assert desk.look() == []


def test_a_link_is_no_file_of_corrections(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "outside.csv").write_bytes(write(line("one")))
    (desk.shelf.folder / "corrections.csv").symlink_to(tmp_path / "outside.csv")
    assert desk.look() == []


def test_a_file_beyond_the_limit_is_refused(desk: Desk) -> None:
    desk.shelf.put("corrections.csv", write(line("one")))
    source = desk.shelf.source(corrections="corrections.csv", reviewers=("r.okafor",), max_bytes=10)
    with pytest.raises(ResponseError, match="larger than 10 bytes"):
        source._read_corrections()


def test_a_record_cannot_pass_for_a_correction(desk: Desk) -> None:
    desk.shelf.put("b.jsonl", write_lines(build_record("three", url=f"https://example.org/{MARK}r.okafor~0123456789ab")))
    with pytest.raises(ResponseError, match=r"b\.jsonl:1: field url"):
        desk.look()


@pytest.mark.parametrize(
    "fields",
    [
        {"corrections": "corrections.csv"},
        {"reviewers": ["r.okafor"]},
        {"corrections": "corrections.jsonl", "reviewers": ["r.okafor"]},
        {"corrections": "../corrections.csv", "reviewers": ["r.okafor"]},
    ],
)
def test_refuses_a_file_without_reviewers_and_one_that_is_not_in_the_folder(fields: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Folder(path="in", **fields)  # type: ignore[arg-type]
