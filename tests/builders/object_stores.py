"""A real S3 server (SeaweedFS) on loopback for the length of a test: conditional writes, refusals and ETags as in earnest."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

BUCKET = "addendum"
ACCESS_KEY = "rehearsal"
SECRET_KEY = "only for loopback"
READY_WITHIN_S = 30.0
"""The server is up in about a second; a busy machine may take longer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectStore:
    """A running server and how to reach it."""

    endpoint: str
    bucket: str = BUCKET

    @property
    def storage_options(self) -> dict[str, str]:
        """What the corpus takes."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AWS_REGION": "us-east-1",
            "AWS_ALLOW_HTTP": "true",
        }

    @property
    def secrets(self) -> dict[str, str]:
        """What the source takes."""
        return {"s3_access_key_id": ACCESS_KEY, "s3_secret_access_key": SECRET_KEY}

    def uri(self, key: str) -> str:
        return f"s3://{self.bucket}/{key}"

    @contextmanager
    def client(self) -> Iterator[Any]:
        import boto3

        client = boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            aws_access_key_id=ACCESS_KEY,
            aws_secret_access_key=SECRET_KEY,
            region_name="us-east-1",
        )
        try:
            yield client
        finally:
            client.close()

    def put(self, key: str, body: bytes) -> None:
        with self.client() as client:
            client.put_object(Bucket=self.bucket, Key=key, Body=body)

    def remove(self, key: str) -> None:
        with self.client() as client:
            client.delete_object(Bucket=self.bucket, Key=key)


def has_weed() -> bool:
    return _weed().is_file()


@contextmanager
def run_object_store(folder: Path) -> Iterator[ObjectStore]:
    """Start a server with one bucket, its files in ``folder``, and stop it by its process id."""
    names = ("s3", "s3.grpc", "master", "master.grpc", "volume", "volume.grpc", "filer", "filer.grpc", "admin", "admin.grpc")
    ports = dict(zip(names, _free_ports(len(names)), strict=True))
    flags = [f"-{name.split('.')[0]}.port{name[name.find('.') :] if '.' in name else ''}={port}" for name, port in ports.items()]
    command = [str(_weed()), "mini", f"-dir={folder}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", f"-bucket={BUCKET}", *flags]
    command += ["-master.telemetry=false", "-webdav=false", "-admin.ui=false", "-s3.port.iceberg=0", "-s3.port.lance=0"]
    environment = {**os.environ, "AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY}
    with (folder / "server.log").open("wb") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log, env=environment, cwd=folder, start_new_session=True)
        try:
            store = ObjectStore(endpoint=f"http://127.0.0.1:{ports['s3']}")
            _wait_until_ready(store, server, folder / "server.log")
            yield store
        finally:
            os.kill(server.pid, signal.SIGKILL)
            server.wait()


def _wait_until_ready(store: ObjectStore, server: subprocess.Popen[bytes], log: Path) -> None:
    from botocore.exceptions import BotoCoreError, ClientError

    deadline = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with store.client() as client:
                client.put_object(Bucket=store.bucket, Key="_ready", Body=b"")
        except (BotoCoreError, ClientError):
            time.sleep(0.1)
        else:
            store.remove("_ready")
            return
    raise RuntimeError(f"the object store did not start: {log.read_text(errors='replace')[-2000:]}")


def _weed() -> Path:
    return Path(sys.executable).parent / "weed"


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()
