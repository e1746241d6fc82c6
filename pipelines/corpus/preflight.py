"""Does this S3 server honour conditional writes? One that does not loses acknowledged appends silently, so we ask first.

The question is put as an object written twice with ``If-None-Match: *``: the second must be answered 412 (RFC 9110, 13.1.2).
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from pipelines.domain.errors import CorpusError

_PRECONDITION_FAILED = 412


def check_conditional_writes(uri: str, options: Mapping[str, str]) -> None:
    """Raise :class:`CorpusError` unless the server behind an ``s3://`` URI refuses to overwrite; other URIs need no check.

    Writes and removes one small object of its own name below the table's prefix, so that checks at the same time do not meet.
    """
    place = urlsplit(uri)
    if place.scheme not in {"s3", "s3a"}:
        return
    key = f"{place.path.strip('/')}/_preflight/{os.getpid()}-{uuid.uuid4().hex}".lstrip("/")
    client = _open_client(options)
    try:
        _put_if_absent(client, place.netloc, key)
        second = _put_if_absent(client, place.netloc, key)
        client.delete_object(Bucket=place.netloc, Key=key)
    finally:
        client.close()
    if second != _PRECONDITION_FAILED:
        raise CorpusError(
            f"{uri}: the S3 server ignores If-None-Match (a second conditional write was answered {second}, not 412), so that "
            "concurrent writers would lose each other's rows: use a server that honours conditional writes"
        )


def _put_if_absent(client: Any, bucket: str, key: str) -> int:  # noqa: ANN401  # boto3 makes its classes at run time
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        answer = client.put_object(Bucket=bucket, Key=key, Body=b"preflight", IfNoneMatch="*")
    except ClientError as error:
        status = int(error.response["ResponseMetadata"]["HTTPStatusCode"])
        if status == _PRECONDITION_FAILED:
            return status
        raise CorpusError(f"bucket {bucket}: a write is answered {status}: check the bucket and the credentials") from error
    except BotoCoreError as error:
        raise CorpusError(f"bucket {bucket}: the S3 server cannot be reached ({type(error).__name__})") from error
    return int(answer["ResponseMetadata"]["HTTPStatusCode"])


def _open_client(options: Mapping[str, str]) -> Any:  # noqa: ANN401  # boto3 makes its classes at run time
    import boto3
    from botocore.config import Config

    # the Delta library takes its options with and without the prefix, in either case
    plain = {name.lower().removeprefix("aws_"): value for name, value in options.items()}
    return boto3.client(
        "s3",
        endpoint_url=plain.get("endpoint_url") or plain.get("endpoint"),
        aws_access_key_id=plain.get("access_key_id"),
        aws_secret_access_key=plain.get("secret_access_key"),
        aws_session_token=plain.get("session_token") or plain.get("token"),
        region_name=plain.get("region") or plain.get("default_region"),
        config=Config(connect_timeout=10, read_timeout=30, retries={"max_attempts": 3}),
    )
