"""A bucket's world for the contract of all sources, and as much of S3's protocol as a scripted server needs to speak for it."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import md5
from xml.sax.saxutils import escape

from pipelines.detect.s3_bucket import S3Bucket
from tests.builders.cases_folder import FILES_AFTER, FILES_BEFORE
from tests.builders.servers import Answer, ScriptedServer
from tests.builders.source_cases import SourceCase

SECRETS = {"s3_access_key_id": "the-id-of-a-key", "s3_secret_access_key": "the-secret-of-a-key"}
MODIFIED = "2026-03-01T00:00:00.000Z"


def script_bucket(server: ScriptedServer, bucket: str, files: Mapping[str, bytes]) -> None:
    """Make the server list and give ``files``, addressed by path, as S3 does (ListObjectsV2, GetObject)."""
    shown = "".join(
        f"<Contents><Key>{escape(name)}</Key><LastModified>{MODIFIED}</LastModified>"
        f"<ETag>&quot;{_etag(body)}&quot;</ETag><Size>{len(body)}</Size></Contents>"
        for name, body in sorted(files.items())
    )
    listing = f"<ListBucketResult><Name>{bucket}</Name><KeyCount>{len(files)}</KeyCount>{shown}</ListBucketResult>"
    server.answer(f"/{bucket}", Answer(body=listing.encode(), media_type="application/xml"))
    for name, body in files.items():
        answer = Answer(body=body, media_type="binary/octet-stream", headers={"ETag": f'"{_etag(body)}"'})
        server.answer(f"/{bucket}/{name}", answer)


def build_case() -> SourceCase:
    return SourceCase(
        name="s3_bucket",
        source=S3Bucket(bucket="addendum"),
        script=lambda server, step: script_bucket(server, "addendum", FILES_AFTER if step else FILES_BEFORE),
        known=frozenset({"one", "two", "three"}),
        appearing=frozenset({"four", "five"}),
        redelivered=0,
        secrets=SECRETS,
        is_http=False,  # its client is boto3, whose own faults are put to it in its own tests
    )


def _etag(body: bytes) -> str:
    return md5(body, usedforsecurity=False).hexdigest()
