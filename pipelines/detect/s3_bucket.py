"""A prefix of any S3 bucket that somebody writes files to: new, changed and deleted objects told apart by ETag and time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from pipelines.detect.changes import Item, Place, detect_changes
from pipelines.detect.pages import Selectors
from pipelines.detect.sources import Access
from pipelines.domain.drops import Cursor, Detection
from pipelines.domain.errors import ResponseError, UnreachableError
from pipelines.domain.identities import SourceName

_PRECONDITION_FAILED = 412
_SERVER_ERROR = 500


class S3Bucket(BaseModel):
    """Objects below ``prefix``, in the same shape as the files of a folder.

    Keys come from the secrets ``s3_access_key_id`` and ``s3_secret_access_key``; without them boto3 finds its own.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["s3_bucket"] = "s3_bucket"
    label: str | None = Field(default=None, description="the source's name, where a domain has several buckets")
    bucket: str
    prefix: str = ""
    endpoint: str | None = Field(default=None, description="URL of an S3 server that is not Amazon's")
    region: str = "us-east-1"
    labels: dict[str, str] = Field(default_factory=dict, description="label in a record: class of the domain")
    licence: str = Field(default="unknown", description="of records that name none")
    boilerplate: Selectors = Field(default=(), description="CSS selectors of what is left out of a record's html")
    max_bytes: int = Field(default=256 * 2**20, gt=0, description="of one object, packed and unpacked")
    max_objects: int = Field(default=100_000, gt=0, description="below the prefix")
    may_be_empty: bool = Field(default=False, description="an emptied prefix withdraws everything, instead of being an error")
    timeout_s: float = Field(default=60, gt=0)
    attempts: int = Field(default=5, gt=0)

    @property
    def name(self) -> SourceName:
        """The label, or the kind."""
        return SourceName(self.label or self.kind)

    def detect(self, since: Cursor | None, access: Access) -> Detection:
        """Return what is new, changed or gone; see :func:`~pipelines.detect.changes.detect_changes` for what it refuses.

        Raises :class:`~pipelines.domain.errors.UnreachableError` when the bucket cannot be listed or an object not be read.
        """
        place = Place(
            source=self.name,
            address=f"s3://{self.bucket}/{self.prefix}",
            now=access.now,
            labels=self.labels,
            licence=self.licence,
            max_bytes=self.max_bytes,
            may_be_empty=self.may_be_empty,
            boilerplate=self.boilerplate,
        )
        with self._connect(access) as client:
            return detect_changes(place, since, self._list_objects(client), lambda item: self._fetch(client, item))

    @contextmanager
    def _connect(self, access: Access) -> Iterator[Any]:
        import boto3
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError, ClientError

        client = boto3.client(
            "s3",
            endpoint_url=access.base_urls.get(self.kind, self.endpoint),
            region_name=self.region,
            config=Config(
                connect_timeout=self.timeout_s,
                read_timeout=self.timeout_s,
                retries={"total_max_attempts": self.attempts, "mode": "standard"},
            ),
            **_name_keys(access.secrets),
        )
        try:
            yield client
        except (BotoCoreError, ClientError) as error:
            raise UnreachableError(f"{self.name}: bucket {self.bucket}: {_describe(error)}") from error
        finally:
            client.close()

    def _list_objects(self, client: Any) -> list[Item]:  # noqa: ANN401  # boto3 makes its classes at run time
        items: list[Item] = []
        for page in client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=self.prefix):
            # boto3 takes an empty body, or a page of HTML, for a listing of nothing
            if page.get("Name") != self.bucket:
                raise ResponseError(self.name, "", "Name", "the listing does not say that it is of this bucket")
            items.extend(self._list_object(shown) for shown in page.get("Contents", []))
            if len(items) > self.max_objects:
                raise ResponseError(
                    self.name, "", "", f"more than {self.max_objects} objects: narrow the prefix, or raise max_objects"
                )
        return items

    def _list_object(self, shown: Mapping[str, Any]) -> Item:
        modified = shown["LastModified"].astimezone(UTC)
        return Item(
            name=str(shown["Key"]).removeprefix(self.prefix),
            stamp=f"{shown['ETag']} {modified.isoformat()}",
            size=int(shown["Size"]),
            modified_on=modified.date(),
        )

    def _fetch(self, client: Any, item: Item) -> bytes | None:  # noqa: ANN401  # boto3 makes its classes at run time
        # one that was replaced since the listing may have grown: read no more than was listed, and take the rest next time
        try:
            answer = client.get_object(Bucket=self.bucket, Key=self.prefix + item.name, IfMatch=item.stamp.split(" ")[0])
        except client.exceptions.NoSuchKey:
            return None
        body = answer["Body"]
        try:
            return bytes(body.read())
        finally:
            body.close()


def _name_keys(secrets: Mapping[str, str]) -> dict[str, str]:
    names = {"aws_access_key_id": "s3_access_key_id", "aws_secret_access_key": "s3_secret_access_key"}
    return {theirs: secrets[ours] for theirs, ours in names.items() if ours in secrets}


def _describe(error: Exception) -> str:
    """Say what went wrong by its code alone: the full message can hold the key's id."""
    response: Mapping[str, Any] = getattr(error, "response", None) or {}
    code = response.get("Error", {}).get("Code")
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if not code:
        return f"{type(error).__name__}: is the endpoint right, and up?"
    if status == _PRECONDITION_FAILED:
        return f"answered {code}: an object was replaced while it was read; the next look takes the new one"
    return f"answered {code}: " + ("try again later" if status >= _SERVER_ERROR else "check the bucket and the credentials")
