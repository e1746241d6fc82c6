"""Records that people lay down themselves: a JSON object a line, or a row of Parquet, in one shape for all kinds of place.

A record has ``document_id``, ``title`` and ``text`` (or ``html``, a page whose text is read), and may have ``family_id``,
``labels``, ``published_at``, ``effective_from``, ``effective_to``, ``url``, ``licence`` and ``status``.
One that withdraws or retracts needs no title and no text.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import PurePosixPath

from pipelines.detect.fields import Fields
from pipelines.detect.pages import read_page
from pipelines.domain.corrections import MARK
from pipelines.domain.errors import ResponseError
from pipelines.domain.identities import Digest, digest_value
from pipelines.domain.revisions import Status

JSON_LINES = "application/jsonl"
PARQUET = "application/vnd.apache.parquet"
_MEDIA_TYPES = {".jsonl": JSON_LINES, ".ndjson": JSON_LINES, ".parquet": PARQUET}
_STATUSES = (Status.ACTIVE, Status.WITHDRAWN, Status.RETRACTED)
_TIME_FORMATS = ("%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S.%f%z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One record as it was laid down; dates that it does not give are ``None``."""

    document_id: str
    family_id: str
    title: str
    text: str
    labels: tuple[str, ...]
    published_at: date | None
    effective_from: date | None
    effective_to: date | None
    url: str
    licence: str
    status: Status

    @property
    def digest(self) -> Digest:
        """The content address of the record as it was given."""
        return digest_value(json.loads(json.dumps(asdict(self), default=str)))


def media_type_of(name: str) -> str | None:
    """Return what kind of records a file of this name holds, or ``None`` where it is not for us (hidden, or another suffix)."""
    path = PurePosixPath(name)
    if any(part.startswith((".", "_")) for part in path.parts):
        return None
    return _MEDIA_TYPES.get(path.suffix.lower())


def parse_file(source: str, name: str, body: bytes, max_bytes: int, boilerplate: Sequence[str] = ()) -> tuple[Record, ...]:
    """Return the records of a file, in its order; ``boilerplate`` are CSS selectors of what is left out of a page of HTML.

    Raises:
        ResponseError: for the first thing that does not parse, naming the source, ``file:line`` (``file:row`` in Parquet, both
            counted from 1) and the field; also for a file that unpacks to more than ``max_bytes``.
    """
    if not body.strip():
        # a file that is just being written anew looks like this, and must not withdraw everything in it
        raise ResponseError(source, name, "", "is empty: remove the file to withdraw what it held")
    rows = _read_lines(source, name, body) if media_type_of(name) == JSON_LINES else _read_rows(source, name, body, max_bytes)
    return tuple(_read_record(Fields.read(source, f"{name}:{number}", row), boilerplate) for number, row in rows)


def _read_lines(source: str, name: str, body: bytes) -> Iterator[tuple[int, object]]:
    # split on line feeds only: a text may hold any of the other separators that Python knows
    for number, line in enumerate(body.removeprefix(b"\xef\xbb\xbf").split(b"\n"), start=1):
        if line.strip():
            try:
                yield number, json.loads(line)
            except (ValueError, RecursionError) as error:
                raise ResponseError(source, f"{name}:{number}", "", "is no JSON object in UTF-8 on a line of its own") from error


def _read_rows(source: str, name: str, body: bytes, max_bytes: int) -> Iterator[tuple[int, object]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(pa.BufferReader(body))
        groups = [file.metadata.row_group(index) for index in range(file.metadata.num_row_groups)]
        if sum(group.total_byte_size for group in groups) > max_bytes:
            raise ResponseError(source, name, "", f"unpacks to more than {max_bytes} bytes: split it, or raise max_bytes")
        rows = file.read().to_pylist()
    except (pa.ArrowException, OSError) as error:
        raise ResponseError(source, name, "", "is no readable Parquet") from error
    for number, row in enumerate(rows, start=1):
        yield number, {column: _write_date(value) for column, value in row.items()}


def _write_date(value: object) -> object:
    if isinstance(value, datetime):
        return value.date().isoformat()
    return value.isoformat() if isinstance(value, date) else value


def _read_record(fields: Fields, boilerplate: Sequence[str]) -> Record:
    document_id = fields.text("document_id")
    status = _read_status(fields)
    is_active = status is Status.ACTIVE
    record = Record(
        document_id=document_id,
        family_id=fields.text_or("family_id", document_id),
        title=fields.text("title") if is_active else fields.text_or("title"),
        text=_read_text(fields, boilerplate, is_active=is_active),
        labels=fields.texts_or("labels"),
        published_at=fields.date_or_none("published_at", _TIME_FORMATS),
        effective_from=fields.date_or_none("effective_from", _TIME_FORMATS),
        effective_to=fields.date_or_none("effective_to", _TIME_FORMATS),
        url=fields.text_or("url"),
        licence=fields.text_or("licence"),
        status=status,
    )
    if MARK in record.url:
        raise fields.error("url", f"holds {MARK}, by which a correction is known: a record does not correct")
    if record.effective_from and record.effective_to and record.effective_to < record.effective_from:
        raise fields.error("effective_to", "is before effective_from")
    return record


def _read_text(fields: Fields, boilerplate: Sequence[str], *, is_active: bool) -> str:
    if not fields.has("html"):
        return fields.text("text") if is_active else fields.text_or("text")
    if fields.has("text"):
        raise fields.error("html", "is there beside a text: give one of the two")
    text = read_page(fields.text_or("html"), boilerplate)
    if is_active and not text:
        raise fields.error("html", "holds no text besides what is left out")
    return text


def _read_status(fields: Fields) -> Status:
    written = fields.text_or("status", Status.ACTIVE)
    if written not in _STATUSES:
        raise fields.error("status", f"is none of {', '.join(_STATUSES)}")
    return Status(written)
