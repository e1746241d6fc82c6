"""What can go wrong between a source and its reader, done to the next reply on purpose."""

from __future__ import annotations

import json
import re
from collections import defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from http import HTTPStatus
from threading import Lock

from infra.rehearsal.apis.exchanges import Reply, reply_json


class Fault(StrEnum):
    """A way to fail. ``SLOW`` holds the reply back; ``PAGE_CHANGED`` moves the list's first row to its end meanwhile."""

    RATE_LIMIT = "rate_limit"
    SERVER_ERROR = "server_error"
    SLOW = "slow"
    TRUNCATED = "truncated"
    EMPTY_BODY = "empty_body"
    PAGE_CHANGED = "page_changed"
    FIELD_GONE = "field_gone"
    TYPE_CHANGED = "type_changed"


# The field that each kind of reply cannot do without.
_VITAL_KEYS = {
    "federal_register": ("document_number", "count"),
    "ecfr": ("identifier",),
    "regulations_gov": ("id", "hasNextPage"),
    "clinicaltrials_gov": ("nctId", "studies"),
    "openfda_enforcement": ("recall_number", "error"),
    "pubmed": ("PMID", "Count"),
}
_RETRY_AFTER_S = "1"


@dataclass(slots=True)
class FaultPlan:
    """The faults still to come, in order, a queue a source; safe to read from several threads."""

    _waiting: defaultdict[str, deque[Fault]] = field(default_factory=lambda: defaultdict(deque))
    _lock: Lock = field(default_factory=Lock)

    def add(self, source: str, fault: Fault, times: int) -> None:
        """Let the next ``times`` replies of ``source`` fail."""
        with self._lock:
            self._waiting[source].extend([fault] * times)

    def take(self, source: str) -> Fault | None:
        """Return the fault that the reply now due has, if any."""
        with self._lock:
            return self._waiting[source].popleft() if self._waiting[source] else None


def spoil(reply: Reply, source: str, fault: Fault | None) -> Reply:
    """Return ``reply`` with ``fault``; what takes time or moves pages is the server's and the source's business."""
    if fault is Fault.RATE_LIMIT:
        problem = reply_json({"error": {"code": "OVER_RATE_LIMIT"}}, HTTPStatus.TOO_MANY_REQUESTS)
        return replace(problem, headers={"Retry-After": _RETRY_AFTER_S})
    if fault is Fault.SERVER_ERROR:
        return Reply(body=b"Internal Server Error", status=HTTPStatus.INTERNAL_SERVER_ERROR, media_type="text/plain")
    if fault is Fault.TRUNCATED:
        return replace(reply, body=reply.body[: len(reply.body) // 2])
    if fault is Fault.EMPTY_BODY:
        return replace(reply, body=b"")
    if fault in {Fault.FIELD_GONE, Fault.TYPE_CHANGED}:
        return _change_vital_field(reply, source, is_gone=fault is Fault.FIELD_GONE)
    return reply


def _change_vital_field(reply: Reply, source: str, *, is_gone: bool) -> Reply:
    keys = _VITAL_KEYS[source]
    if "json" not in reply.media_type:
        return replace(reply, body=_change_element(reply.body.decode(), keys, is_gone=is_gone).encode())
    value = json.loads(reply.body)
    any(_change_first(value, key, is_gone=is_gone) for key in keys)
    return replace(reply, body=json.dumps(value, ensure_ascii=False).encode())


def _change_first(value: object, key: str, *, is_gone: bool) -> bool:
    """Change the first ``key`` found going down; return whether there was one."""
    if isinstance(value, dict):
        if key in value:
            value[key] = [value[key]]
            if is_gone:
                del value[key]
            return True
        return any(_change_first(inside, key, is_gone=is_gone) for inside in value.values())
    return isinstance(value, list) and any(_change_first(inside, key, is_gone=is_gone) for inside in value)


def _change_element(xml: str, tags: Sequence[str], *, is_gone: bool) -> str:
    """Change the first element of ``tags``, or where there is none the first ``N`` of a section (as eCFR texts have)."""
    for tag in tags:
        element = re.compile(rf"<{tag}(\s[^>]*)?>[^<]*</{tag}>")
        if element.search(xml):
            return element.sub("" if is_gone else f"<{tag}><Value/></{tag}>", xml, count=1)
    attribute = re.compile(r"(<DIV8)\s+N=\"[^\"]*\"")
    return attribute.sub(r"\1" if is_gone else r'\1 N="#"', xml, count=1)
