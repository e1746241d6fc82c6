"""A reviewer's correction on its way: from a file in a folder, past admission, into the corpus and the answer for a day."""

from __future__ import annotations

import json
from datetime import date

import pytest

from flows.histories import read_as_of
from flows.landing import look_at_source
from flows.places import Place
from pipelines.detect.folder import Folder
from pipelines.domain.corrections import find_reviewer
from pipelines.domain.errors import ResponseError
from pipelines.domain.identities import DocumentId
from tests.builders.installations import build_records
from tests.builders.places import DOMAIN, inbox_of, with_section
from tests.builders.shelves import write_lines

FAR = date(2100, 1, 1)
HEADER = b"source,document,field,value,reviewer,reason\n"


@pytest.fixture
def desk(place: Place) -> Place:
    """Records from one folder, corrections from another."""
    (inbox_of(place) / "a.jsonl").write_bytes(write_lines(*build_records(9)))
    look_at_source(place, DOMAIN, "folder")
    review = place.home.root.parent / "review"
    review.mkdir()
    watched = place.of(DOMAIN).watch
    folder = Folder(label="review", path=review, corrections="corrections.csv", reviewers=("r.okafor",))
    return with_section(place, watch=watched.model_copy(update={"sources": (*watched.sources, folder)}))


def correct(desk: Place, document: str, value: str) -> str:
    file = desk.home.root.parent / "review" / "corrections.csv"
    lines = file.read_bytes() if file.exists() else HEADER
    file.write_bytes(lines + f"folder,{document},label,{value},r.okafor,a reason in words\n".encode())
    return look_at_source(desk, DOMAIN, "review").sentence


def ask(desk: Place, document: str) -> tuple[tuple[str, ...], str | None]:
    (entry,) = read_as_of(desk, DOMAIN, FAR, document=DocumentId(document))
    return entry.revision.labels, find_reviewer(entry.revision)


def test_another_source_s_document_has_the_label_that_a_reviewer_gave_it(desk: Place) -> None:
    before = {str(record["document_id"]): tuple(record["labels"]) for record in build_records(9)}
    assert ask(desk, "R-00000") == (before["R-00000"], None)
    assert "1 admitted, 0 quarantined" in correct(desk, "R-00000", "Class III")
    assert ask(desk, "R-00000") == (("Class III",), "r.okafor")
    assert look_at_source(desk, DOMAIN, "review").sentence == "nothing new"
    assert all(ask(desk, document) == (labels, None) for document, labels in before.items() if document != "R-00000")


def test_neither_reviewer_nor_reason_nor_text_is_in_the_ledger(desk: Place) -> None:
    correct(desk, "R-00000", "Class III")
    said = json.dumps([dict(event.payload) for event in desk.ledger.events(DOMAIN)], default=str)
    assert "okafor" not in said
    assert "a reason in words" not in said


def test_the_file_itself_is_archived_with_its_drop(desk: Place) -> None:
    correct(desk, "R-00000", "Class III")
    (kept,) = [path for path in desk.home.root.rglob("*.csv") if path.read_bytes().startswith(HEADER)]
    assert b"a reason in words" in kept.read_bytes()


@pytest.mark.parametrize(("document", "value", "field"), [("R-99999", "Class I", "document"), ("R-00001", "Class IX", "value")])
def test_a_line_that_names_what_is_not_there_lets_no_line_in(desk: Place, document: str, value: str, field: str) -> None:
    correct(desk, "R-00000", "Class III")
    with pytest.raises(ResponseError, match=rf"review: document corrections\.csv:3: field {field}"):
        correct(desk, document, value)
    assert ask(desk, "R-00001")[1] is None
