"""The reviewer's correction file of a folder: lines that give documents another label, each checked before any is taken.

A correction stands as long as its line does: when the source tells the document anew, with the label that was wrong, it is made
again. Of several lines about one document the last counts. What was corrected stays in the corpus, superseded.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from pipelines.detect.sources import Access
from pipelines.domain.corrections import REVIEWER, Correction
from pipelines.domain.drops import Detection, RawResponse
from pipelines.domain.errors import ResponseError
from pipelines.domain.identities import DocumentId, SourceName
from pipelines.domain.revisions import Status

COLUMNS = ("source", "document", "field", "value", "reviewer", "reason")
FIELD = "label"
MEDIA_TYPE = "text/csv"

Document: TypeAlias = tuple[SourceName, DocumentId]


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectionFile:
    """A file of corrections as received: of which source's folder it is, its name there, and who may correct."""

    source: SourceName
    name: str
    body: bytes
    reviewers: Collection[str]

    def error(self, line: int, field: str, problem: str) -> ResponseError:
        """Return the error that names the line and the field; never quotes what a reviewer wrote."""
        return ResponseError(self.source, f"{self.name}:{line}", field, problem)


def add_corrections(file: CorrectionFile, detection: Detection, access: Access) -> Detection:
    """Return the detection with a revision for each document whose label is not yet what the file says.

    A document that this very look tells is corrected by the next one, when the corpus holds what is corrected. One that has
    been withdrawn or retracted since is left as it is.

    Raises:
        ResponseError: for the first line that is not in order, or names a document that never arrived or a label that the domain
            does not have; then no line is taken.
    """
    lines = list(_read_lines(file, access.labels))
    found = access.find_standing({one.document_id for _, one in lines})
    standing = {(each.source, each.document_id): each for each in found}
    told = {(each.source, each.document_id) for each in detection.revisions}
    _check_documents(file, lines, standing.keys() | told)
    last = {(one.source, one.document_id): one for _, one in lines}
    open_now = (document for document in sorted(last.keys() - told) if standing[document].status is Status.ACTIVE)
    corrected = tuple(
        last[document].apply(standing[document], access.now)
        for document in open_now
        if not last[document].settles(standing[document])
    )
    if not corrected:
        return detection
    kept = RawResponse(url=f"{file.source}:{file.name}", media_type=MEDIA_TYPE, body=file.body)
    return replace(detection, revisions=(*detection.revisions, *corrected), responses=(*detection.responses, kept))


def _check_documents(file: CorrectionFile, lines: Iterable[tuple[int, Correction]], known: Collection[Document]) -> None:
    for line, one in lines:
        if (one.source, one.document_id) not in known:
            problem = "is not in this domain's corpus under that source: mend source or document, or take the line out"
            raise file.error(line, "document", problem)


def _read_lines(file: CorrectionFile, labels: Collection[str]) -> Iterator[tuple[int, Correction]]:
    counts: dict[Document, int] = {}
    for line, row in _read_rows(file):
        _check_row(file, line, row, labels)
        document = SourceName(row["source"]), DocumentId(row["document"])
        counts[document] = counts.get(document, 0) + 1
        yield (
            line,
            Correction(
                source=document[0],
                document_id=document[1],
                label=row["value"],
                reviewer=row["reviewer"],
                reason=row["reason"],
                ordinal=counts[document],
            ),
        )


def _read_rows(file: CorrectionFile) -> Iterator[tuple[int, Mapping[str, str]]]:
    reader = csv.reader(io.StringIO(_decode(file), newline=""), strict=True)
    line = 1
    try:
        if tuple(cell.strip() for cell in next(reader, [])) != COLUMNS:
            raise file.error(1, "(header)", f"should be {','.join(COLUMNS)}")
        line = reader.line_num + 1
        for cells in reader:
            if cells:
                yield line, _name_cells(file, line, cells)
            line = reader.line_num + 1
    except csv.Error as error:
        raise file.error(line, "", "is no line of CSV: look at its quotation marks") from error


def _decode(file: CorrectionFile) -> str:
    try:
        return file.body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise file.error(file.body[: error.start].count(b"\n") + 1, "", "is not UTF-8: save it as such") from error


def _name_cells(file: CorrectionFile, line: int, cells: Sequence[str]) -> Mapping[str, str]:
    if len(cells) != len(COLUMNS):
        raise file.error(line, "", f"has {len(cells)} fields, and should have {len(COLUMNS)}")
    return {name: cell.strip() for name, cell in zip(COLUMNS, cells, strict=True)}


def _check_row(file: CorrectionFile, line: int, row: Mapping[str, str], labels: Collection[str]) -> None:
    for name in COLUMNS:
        if not row[name]:
            raise file.error(line, name, "is empty")
    if row["field"] != FIELD:
        raise file.error(line, "field", f"is not {FIELD}, and nothing else can be corrected here")
    if labels and row["value"] not in labels:
        raise file.error(line, "value", f"is no label of the domain: it has {', '.join(sorted(labels))}")
    if not REVIEWER.fullmatch(row["reviewer"]) or row["reviewer"] not in file.reviewers:
        raise file.error(line, "reviewer", "is not among the reviewers of this source in params.yaml")
