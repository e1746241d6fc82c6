"""A folder of files that somebody drops by hand: JSON lines or Parquet, new, changed and removed ones told apart by content."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from pipelines.detect.changes import Item, Place, detect_changes
from pipelines.detect.corrections import CorrectionFile, add_corrections
from pipelines.detect.pages import Selectors
from pipelines.detect.records import media_type_of
from pipelines.detect.sources import Access
from pipelines.domain.drops import Cursor, Detection
from pipelines.domain.errors import ResponseError, UnreachableError
from pipelines.domain.identities import SourceName, digest_bytes


class Folder(BaseModel):
    """Files below ``path``; hidden ones, links and other suffixes than .jsonl, .ndjson and .parquet are left alone.

    ``corrections`` names a CSV file in it in which ``reviewers`` (handles) correct the labels of any source's documents.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["folder"] = "folder"
    label: str | None = Field(default=None, description="the source's name, where a domain has several folders")
    path: Path
    labels: dict[str, str] = Field(default_factory=dict, description="label in a record: class of the domain")
    licence: str = Field(default="unknown", description="of records that name none")
    boilerplate: Selectors = Field(default=(), description="CSS selectors of what is left out of a record's html")
    max_bytes: int = Field(default=256 * 2**20, gt=0, description="of one file, packed and unpacked")
    may_be_empty: bool = Field(default=False, description="an emptied folder withdraws everything, instead of being an error")

    corrections: str | None = Field(default=None, pattern=r"^[\w-][\w.-]*\.csv$", description="a file of corrections in it")
    reviewers: tuple[str, ...] = Field(default=(), description="who may correct; handles, not names")

    @model_validator(mode="after")
    def _check_reviewers(self) -> Self:
        if bool(self.corrections) != bool(self.reviewers):
            raise ValueError("corrections and reviewers need each other: name the file, and the handles of who may write it")
        return self

    @property
    def name(self) -> SourceName:
        """The label, or the kind."""
        return SourceName(self.label or self.kind)

    def detect(self, since: Cursor | None, access: Access) -> Detection:
        """Return what is new, changed, gone or corrected.

        :func:`~pipelines.detect.changes.detect_changes` and :func:`~pipelines.detect.corrections.add_corrections` say what they
        refuse.
        """
        if not self.path.is_dir():
            raise UnreachableError(f"{self.name}: {self.path} is no folder: create it, or mount it")
        place = Place(
            source=self.name,
            address=f"{self.name}:",
            now=access.now,
            labels=self.labels,
            licence=self.licence,
            max_bytes=self.max_bytes,
            may_be_empty=self.may_be_empty,
            boilerplate=self.boilerplate,
        )
        detection = detect_changes(place, since, list(self._list_files()), self._fetch)
        body = self._read_corrections()
        if body is None:
            return detection
        file = CorrectionFile(source=self.name, name=self.corrections or "", body=body, reviewers=self.reviewers)
        return add_corrections(file, detection, access)

    def _read_corrections(self) -> bytes | None:
        file = self.path / (self.corrections or "")
        if file.is_symlink() or not file.is_file():
            return None
        try:
            if file.stat().st_size > self.max_bytes:
                raise ResponseError(self.name, file.name, "", f"is larger than {self.max_bytes} bytes: raise max_bytes")
            return file.read_bytes()
        except OSError as error:
            raise UnreachableError(f"{self.name}: {file} cannot be read: {error.strerror}") from error

    def _files(self) -> list[Path]:
        found = (file for file in self.path.rglob("*") if file.is_file() and not file.is_symlink())
        return sorted(file for file in found if media_type_of(file.relative_to(self.path).as_posix()))

    def _list_files(self) -> Iterator[Item]:
        for file in self._files():
            try:
                yield self._list_file(file)
            except FileNotFoundError:
                continue  # it was taken away while we looked
            except OSError as error:
                raise UnreachableError(f"{self.name}: {file} cannot be read: {error.strerror}") from error

    def _list_file(self, file: Path) -> Item:
        state = file.stat()
        # a file too large to take is too large to read; it is refused by its size
        stamp = digest_bytes(file.read_bytes()) if state.st_size <= self.max_bytes else "too large"
        return Item(
            name=file.relative_to(self.path).as_posix(), stamp=stamp, size=state.st_size, modified_on=_day_of(state.st_mtime)
        )

    def _fetch(self, item: Item) -> bytes | None:
        try:
            return (self.path / item.name).read_bytes()
        except FileNotFoundError:
            return None


def _day_of(seconds: float) -> date:
    return datetime.fromtimestamp(seconds, UTC).date()
