"""The Federal Register's API v1: ``documents.json`` with conditions and pages, and ``documents/<number>.json``.

See https://www.federalregister.gov/developers/documentation/api/v1.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlencode

from infra.rehearsal.apis.exchanges import Reply, Request, cut_page, not_found, reply_json
from infra.rehearsal.notices import Notice
from infra.rehearsal.sections import TITLE
from infra.rehearsal.worlds import Published
from pipelines.domain.identities import Json

_TYPES = {"Rule": "RULE", "Proposed Rule": "PRORULE", "Notice": "NOTICE"}
_MOST_ROWS = 2000
_DOCUMENT = re.compile(r"/documents/([0-9A-Za-z-]+)(?:\.json)?")

_SITE = "https://federal-register.invalid"
_ABSENT: Mapping[str, Json] = {
    "comments_close_on": None,
    "correction_of": None,
    "corrections": [],
    "disposition_notes": None,
    "dockets": [],
    "regulation_id_numbers": [],
    "signing_date": None,
    "subtype": None,
    "toc_subject": None,
    "topics": [],
}
"""Fields of the real answer that no synthetic notice fills."""


def answer(request: Request, published: Published) -> Reply:
    """Return what the API answers."""
    if request.path in {"/documents.json", "/documents"}:
        return _search(request, published)
    found = _DOCUMENT.fullmatch(request.path)
    notice = published.notices.get(found[1]) if found else None
    return reply_json(_render(notice, request)) if notice else not_found()


def _search(request: Request, published: Published) -> Reply:
    rows = sorted(
        (notice for notice in published.notices.values() if _matches(notice, request)),
        key=lambda notice: (notice.published, notice.number),
        reverse=request.text("order") != "oldest",
    )
    size = max(1, min(1000, request.number("per_page", 20)))
    page = max(1, request.number("page", 1))
    answered: dict[str, Json] = {"count": len(rows), "description": "Synthetic documents of a rehearsal"}
    if not rows:
        return reply_json(answered)
    pages = -(-min(len(rows), _MOST_ROWS) // size)
    answered["total_pages"] = pages
    if page < pages:
        query = {name: values for name, values in request.query.items() if name != "page"}
        link = urlencode([(name, value) for name, values in query.items() for value in values] + [("page", str(page + 1))])
        answered["next_page_url"] = f"{request.base_url}{request.path}?{link}"
    shown = cut_page(rows, (page - 1) * size, size, request)
    answered["results"] = [_render(notice, request) for notice in shown]
    return reply_json(answered)


def _matches(notice: Notice, request: Request) -> bool:
    day, types, agencies = (
        notice.published.isoformat(),
        request.texts("conditions[type][]"),
        request.texts("conditions[agencies][]"),
    )
    exact, year = request.text("conditions[publication_date][is]"), request.text("conditions[publication_date][year]")
    checks = (
        day >= request.text("conditions[publication_date][gte]", "0"),
        day <= request.text("conditions[publication_date][lte]", "9"),
        not exact or day == exact,
        not year or day.startswith(year),
        not types or _TYPES[notice.kind] in types,
        not agencies or _slug(notice.agency) in agencies,
        _speaks_of(notice, request.text("conditions[term]")),
    )
    return all(checks)


def _speaks_of(notice: Notice, term: str) -> bool:
    words = f"{notice.title} {notice.abstract}".lower()
    return not term or any(part.strip(' "').lower() in words for part in term.split("|"))


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def _render(notice: Notice, request: Request) -> Mapping[str, Json]:
    whole = {**_describe(notice), **_link(notice), **_ABSENT}
    fields = request.texts("fields[]")
    return {name: value for name, value in whole.items() if name in fields} if fields else whole


def _describe(notice: Notice) -> dict[str, Json]:
    return {
        "abstract": notice.abstract,
        "action": notice.action,
        "agencies": [_name_agency(notice.agency)],
        "agency_names": [notice.agency],
        "cfr_references": [{"chapter": None, "citation_url": None, "part": int(notice.part), "title": TITLE}],
        "citation": f"{notice.published.year - 1935} FR {int(notice.number.split('-')[1])}",
        "dates": f"Effective {notice.effective}." if notice.effective else "",
        "docket_id": f"Docket No. {notice.docket}",
        "docket_ids": [f"Docket No. {notice.docket}"],
        "document_number": notice.number,
        "effective_on": notice.effective.isoformat() if notice.effective else None,
        "excerpts": notice.abstract,
        "publication_date": notice.published.isoformat(),
        "significant": False,
        "title": notice.title,
        "toc_doc": notice.title,
        "type": notice.kind,
        "volume": notice.published.year - 1935,
    }


def _link(notice: Notice) -> dict[str, Json]:
    place = f"{notice.published:%Y/%m/%d}/{notice.number}"
    return {
        "body_html_url": f"{_SITE}/documents/full_text/html/{place}.html",
        "full_text_xml_url": f"{_SITE}/documents/full_text/xml/{place}.xml",
        "html_url": f"{_SITE}/documents/{place}/{_slug(notice.title)}",
        "json_url": f"{_SITE}/api/v1/documents/{notice.number}",
        "raw_text_url": f"{_SITE}/documents/full_text/text/{place}.txt",
    }


def _name_agency(agency: str) -> Json:
    return {
        "raw_name": agency.upper(),
        "name": agency,
        "id": 9900 + len(agency),
        "url": f"{_SITE}/agencies/{_slug(agency)}",
        "json_url": f"{_SITE}/api/v1/agencies/{9900 + len(agency)}",
        "parent_id": None,
        "slug": _slug(agency),
    }
