"""Regulations.gov's API v4: ``documents`` as JSON:API with filters, sorting and pages, and ``documents/<id>``; needs a key.

See https://open.gsa.gov/api/regulationsgov/. Times in filters are US Eastern, times in answers UTC.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from zoneinfo import ZoneInfo

from infra.rehearsal.apis.exchanges import Reply, Request, cut_page, reply_json
from infra.rehearsal.dockets import DocketDocument
from infra.rehearsal.worlds import Published
from pipelines.domain.identities import Json

_EASTERN = ZoneInfo("America/New_York")
_MOST_PAGES = 20
_ALLOWANCE = "1000"
_MEDIA_TYPE = "application/vnd.api+json;charset=utf-8"


def answer(request: Request, published: Published) -> Reply:
    """Return what the API answers: without a key a refusal, whatever is asked."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    if not (headers.get("x-api-key") or request.text("api_key")):
        problem = {"code": "API_KEY_MISSING", "message": "No api_key was supplied."}
        return reply_json({"error": problem}, HTTPStatus.FORBIDDEN)
    if request.path == "/documents":
        return _list(request, published)
    document = published.dockets.get(request.path.removeprefix("/documents/"))
    if document is None:
        return _reply({"errors": [{"status": "404", "title": "The document does not exist"}]}, HTTPStatus.NOT_FOUND)
    return _reply({"data": _render_detail(document)})


def _list(request: Request, published: Published) -> Reply:
    size, page = request.number("page[size]", 25), request.number("page[number]", 1)
    if not (5 <= size <= 250 and 1 <= page <= _MOST_PAGES):
        return _reply({"errors": [{"status": "400", "title": "Invalid page"}]}, HTTPStatus.BAD_REQUEST)
    rows = sorted((one for one in published.dockets.values() if _matches(one, request)), key=lambda one: one.document_id)
    for key in reversed([part for part in request.text("sort").split(",") if part]):
        rows.sort(key=lambda one: _sort_value(one, key), reverse=key.startswith("-"))
    shown = cut_page(rows, (page - 1) * size, size, request)
    pages = min(_MOST_PAGES, -(-len(rows) // size))
    meta: dict[str, Json] = {
        "aggregations": {},
        "filters": {},
        "hasNextPage": page < pages,
        "hasPreviousPage": page > 1,
        "numberOfElements": len(shown),
        "pageNumber": page,
        "pageSize": size,
        "totalElements": len(rows),
        "totalPages": pages,
        "firstPage": page == 1,
        "lastPage": page >= pages,
    }
    return _reply({"data": [_render(document) for document in shown], "meta": meta})


def _matches(document: DocketDocument, request: Request) -> bool:
    agencies, kinds = request.text("filter[agencyId]"), request.text("filter[documentType]")
    least, most = request.text("filter[lastModifiedDate][ge]"), request.text("filter[lastModifiedDate][le]")
    posted = document.posted.isoformat()
    checks = (
        not agencies or document.agency in agencies.split(","),
        not kinds or document.kind in kinds.split(","),
        request.text("filter[docketId]") in {"", document.docket_id},
        not least or document.modified >= _read_eastern(least),
        not most or document.modified <= _read_eastern(most),
        posted >= request.text("filter[postedDate][ge]", "0"),
        posted <= request.text("filter[postedDate][le]", "9"),
    )
    return all(checks)


def _read_eastern(written: str) -> datetime:
    return datetime.strptime(written, "%Y-%m-%d %H:%M:%S").replace(tzinfo=_EASTERN).astimezone(UTC)


def _sort_value(document: DocketDocument, key: str) -> str:
    known = {
        "lastModifiedDate": document.modified.isoformat(),
        "postedDate": document.posted.isoformat(),
        "title": document.title,
    }
    return known.get(key.lstrip("-"), document.document_id)


def _render(document: DocketDocument) -> Mapping[str, Json]:
    return {
        "id": document.document_id,
        "type": "documents",
        "attributes": _attributes(document),
        "links": {"self": f"https://regulations.invalid/v4/documents/{document.document_id}"},
    }


def _attributes(document: DocketDocument) -> Mapping[str, Json]:
    return {
        "documentType": document.kind,
        "lastModifiedDate": f"{document.modified:%Y-%m-%dT%H:%M:%SZ}",
        "highlightedContent": "",
        "frDocNum": None,
        "withdrawn": document.is_withdrawn,
        "agencyId": document.agency,
        "commentEndDate": None,
        "title": document.title,
        "postedDate": f"{document.posted:%Y-%m-%d}T05:00:00Z",
        "docketId": document.docket_id,
        "subtype": None,
        "commentStartDate": None,
        "openForComment": False,
        "objectId": f"09000064{document.document_id.replace('-', '').lower()[-8:]}",
    }


def _render_detail(document: DocketDocument) -> Mapping[str, Json]:
    more: dict[str, Json] = {
        "cfrPart": f"12 CFR Part {document.part}",
        "docAbstract": document.abstract,
        "modifyDate": f"{document.modified:%Y-%m-%dT%H:%M:%SZ}",
        "fileFormats": None,
        "reasonWithdrawn": None,
        "topics": None,
    }
    return {**_render(document), "attributes": {**_attributes(document), **more}, "relationships": {}}


def _reply(value: Json, status: int = HTTPStatus.OK) -> Reply:
    plain = reply_json(value, status)
    allowance = {"X-RateLimit-Limit": _ALLOWANCE, "X-RateLimit-Remaining": str(int(_ALLOWANCE) - 1)}
    return Reply(body=plain.body, status=status, media_type=_MEDIA_TYPE, headers=allowance)
