"""openFDA's enforcement reports: ``<drug|food|device>/enforcement.json`` with its query language, pages and 404 for no match.

See https://open.fda.gov/apis/. ``skip`` and ``search_after`` exclude each other, as there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from urllib.parse import urlencode

from infra.rehearsal.apis.exchanges import Reply, Request, cut_page, reply_json
from infra.rehearsal.recalls import Recall
from infra.rehearsal.worlds import Published
from pipelines.domain.identities import Json

_ENDPOINTS = {"/drug/enforcement.json": "Drugs", "/food/enforcement.json": "Food", "/device/enforcement.json": "Devices"}
_RANGE = re.compile(r"(\w+):\[\s*(\S+)\s+TO\s+(\S+)\s*\]")
_EXACT = re.compile(r"(\w+)(?:\.exact)?:\"?([^\"\[\]]+?)\"?")
_MOST_ROWS, _MOST_SKIPPED = 1000, 25_000


class _QueryError(ValueError):
    """The search does not parse."""


def answer(request: Request, published: Published) -> Reply:
    """Return what the API answers."""
    kind = _ENDPOINTS.get(request.path)
    if kind is None:
        return _refuse(HTTPStatus.NOT_FOUND, "NOT_FOUND", "No such endpoint")
    limit, skip = request.number("limit", 1), request.number("skip", 0)
    if limit > _MOST_ROWS or skip > _MOST_SKIPPED:
        return _refuse(HTTPStatus.BAD_REQUEST, "BAD_REQUEST", "limit or skip is too large")
    try:
        rows = _find(kind, request, published)
    except _QueryError:
        return _refuse(HTTPStatus.BAD_REQUEST, "BAD_REQUEST", "Search not supported")
    offset = max(skip, request.number("search_after", 0))
    if offset >= len(rows):
        return _refuse(HTTPStatus.NOT_FOUND, "NOT_FOUND", "No matches found!")
    meta: dict[str, Json] = {
        "disclaimer": "Synthetic records of a rehearsal; none of them is real.",
        "license": "https://open.fda.gov/license/",
        "last_updated": f"{published.now:%Y-%m-%d}",
        "results": {"skip": skip, "limit": limit, "total": len(rows)},
    }
    shown: list[Json] = list(cut_page(rows, offset, limit, request))
    links = _link(request, offset + limit) if offset + limit < len(rows) and not skip else {}
    return reply_json({"meta": meta, "results": shown}, headers=links)


def _find(kind: str, request: Request, published: Published) -> Sequence[Mapping[str, Json]]:
    records = [_render(recall) for recall in published.recalls.values() if recall.product_type == kind]
    for clause in re.split(r"\s+AND\s+", request.text("search")):
        if clause:
            records = [record for record in records if _matches(record, clause.strip("() "))]
    records.sort(key=lambda record: str(record["recall_number"]))
    field, _, order = request.text("sort").partition(":")
    if field:
        records.sort(key=lambda record: str(record.get(field, "")), reverse=order == "desc")
    return records


def _matches(record: Mapping[str, Json], clause: str) -> bool:
    between, exact = _RANGE.fullmatch(clause), _EXACT.fullmatch(clause)
    if between:
        field, low, high = between.groups()
        return _plain(low) <= str(record.get(field, "")) <= _plain(high)
    if exact:
        return str(record.get(exact[1], "")).lower() == exact[2].lower()
    raise _QueryError


def _plain(day: str) -> str:
    return day.replace("-", "").strip('"')


def _link(request: Request, after: int) -> Mapping[str, str]:
    kept = [(name, value) for name, values in request.query.items() for value in values if name not in {"search_after", "skip"}]
    query = urlencode([*kept, ("skip", "0"), ("search_after", str(after))])
    return {"Link": f'<{request.base_url}{request.path}?{query}>; rel="next"'}


def _render(recall: Recall) -> Mapping[str, Json]:
    return {
        "status": recall.status,
        "city": recall.town,
        "state": recall.state,
        "country": "United States",
        "classification": recall.classification,
        "openfda": {},
        "product_type": recall.product_type,
        "event_id": recall.event_id,
        "recalling_firm": recall.firm,
        "address_1": "1 Synthetic Way",
        "address_2": "",
        "postal_code": "00000",
        "voluntary_mandated": "Voluntary: Firm initiated",
        "initial_firm_notification": "Letter",
        "distribution_pattern": f"Distributed in {recall.region}.",
        "recall_number": recall.recall_number,
        "product_description": recall.product,
        "product_quantity": "",
        "reason_for_recall": recall.reason,
        "recall_initiation_date": f"{recall.initiation_date:%Y%m%d}",
        "center_classification_date": f"{recall.report_date:%Y%m%d}",
        "report_date": f"{recall.report_date:%Y%m%d}",
        "code_info": f"Lots {recall.event_id}A to {recall.event_id}F",
        "more_code_info": "",
    }


def _refuse(status: int, code: str, message: str) -> Reply:
    return reply_json({"error": {"code": code, "message": message}}, status)
