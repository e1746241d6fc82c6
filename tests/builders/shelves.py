"""Places that hold files of records (a folder, a bucket) behind one small face, so that the same laws are put to each of them."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.detect.folder import Folder
from pipelines.detect.s3_bucket import S3Bucket
from pipelines.detect.sources import Access, Source
from tests.builders.object_stores import ObjectStore

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


class Shelf(Protocol):
    """A place to put files on and take them off, and the source that looks at it."""

    access: Access

    def put(self, name: str, body: bytes) -> None: ...

    def remove(self, name: str) -> None: ...

    def source(self, **params: Any) -> Source: ...


@dataclass(frozen=True, slots=True)
class FolderShelf:
    folder: Path
    access: Access = field(default_factory=lambda: Access(now=NOW))

    def put(self, name: str, body: bytes) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)

    def remove(self, name: str) -> None:
        (self.folder / name).unlink()

    def source(self, **params: Any) -> Folder:
        return Folder(path=self.folder, **params)


@dataclass(frozen=True, slots=True)
class BucketShelf:
    store: ObjectStore
    prefix: str

    @property
    def access(self) -> Access:
        return Access(now=NOW, base_urls={"s3_bucket": self.store.endpoint}, secrets=self.store.secrets)

    def put(self, name: str, body: bytes) -> None:
        self.store.put(self.prefix + name, body)

    def remove(self, name: str) -> None:
        self.store.remove(self.prefix + name)

    def source(self, **params: Any) -> S3Bucket:
        return S3Bucket(bucket=self.store.bucket, prefix=self.prefix, **params)


def build_record(document: str = "doc-1", **fields: Any) -> dict[str, Any]:
    """A record with dates, so that no file's time of change shows."""
    return {
        "document_id": document,
        "title": f"Title of {document}",
        "text": f"The text of {document}.",
        "published_at": "2026-01-02",
        **fields,
    }


def write_lines(*records: Mapping[str, Any]) -> bytes:
    return b"".join(json.dumps(record, ensure_ascii=False).encode() + b"\n" for record in records)


def write_parquet(*records: Mapping[str, Any], dates: Sequence[str] = ("published_at",)) -> bytes:
    rows = [{name: date.fromisoformat(value) if name in dates else value for name, value in record.items()} for record in records]
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), sink)
    return sink.getvalue()
