"""ClinicalTrials.gov's API v2: ``studies`` with search areas, sorting and page tokens, and ``studies/<nctId>``.

See https://clinicaltrials.gov/data-api/api.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from http import HTTPStatus

from infra.rehearsal.apis.exchanges import Reply, Request, cut_page, reply_json
from infra.rehearsal.trials import Trial
from infra.rehearsal.worlds import Published
from pipelines.domain.identities import Json

_RANGE = re.compile(r"AREA\[(\w+)\]RANGE\[\s*([^,\s]+)\s*,\s*([^\]\s]+)\s*\]")
_DEFAULT_PAGE, _LARGEST_PAGE = 10, 1000
_PLACE_MARK = "synthetic-"
_PLAIN = "text/plain"


def answer(request: Request, published: Published) -> Reply:
    """Return what the API answers; its refusals are plain text."""
    if request.path == "/studies":
        return _search(request, published)
    trial = published.trials.get(request.path.removeprefix("/studies/"))
    if trial is None:
        return Reply(body=b"NCT number not found", status=HTTPStatus.NOT_FOUND, media_type=_PLAIN)
    return reply_json(_render(trial))


def _search(request: Request, published: Published) -> Reply:
    token = request.text("pageToken")
    offset = _read_token(token)
    if offset is None:
        return Reply(body=b"Invalid page token", status=HTTPStatus.BAD_REQUEST, media_type=_PLAIN)
    rows = sorted((trial for trial in published.trials.values() if _matches(trial, request)), key=lambda trial: trial.nct_id)
    field, _, order = request.text("sort").partition(":")
    if field:
        rows.sort(key=lambda trial: _day(trial, field), reverse=order == "desc")
    size = max(1, min(_LARGEST_PAGE, request.number("pageSize", _DEFAULT_PAGE)))
    body: dict[str, Json] = {"studies": [_render(trial) for trial in cut_page(rows, offset, size, request)]}
    if offset + size < len(rows):
        body["nextPageToken"] = _write_token(offset + size)
    if request.text("countTotal") == "true" and not token:
        body["totalCount"] = len(rows)
    return reply_json(body)


def _write_token(offset: int) -> str:
    return base64.urlsafe_b64encode(f"{_PLACE_MARK}{offset}".encode()).decode().rstrip("=")


def _read_token(token: str) -> int | None:
    """Return the place that a token stands for (the start, without one), or ``None`` for a token that was never given."""
    if not token:
        return 0
    try:
        written = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode()
    except ValueError:
        return None
    mark, place = written[: len(_PLACE_MARK)], written[len(_PLACE_MARK) :]
    return int(place) if mark == _PLACE_MARK and place.isdigit() else None


def _matches(trial: Trial, request: Request) -> bool:
    term = f"{request.text('query.term')} {request.text('filter.advanced')}"
    for area, low, high in _RANGE.findall(term):
        if not (low == "MIN" or _day(trial, area) >= low) or not (high == "MAX" or _day(trial, area) <= high):
            return False
    wanted = [word.strip(' ()"') for word in re.split(r"\bAND\b|\bOR\b", _RANGE.sub("", term))]
    words = f"{trial.title} {trial.summary} {trial.condition} {trial.top_heading}".lower()
    return not any(wanted) or any(word.lower() in words for word in wanted if word)


def _day(trial: Trial, area: str) -> str:
    return (trial.first_posted if area == "StudyFirstPostDate" else trial.last_updated).isoformat()


def _render(trial: Trial) -> Mapping[str, Json]:
    protocol: dict[str, Json] = {
        "identificationModule": {
            "nctId": trial.nct_id,
            "orgStudyIdInfo": {"id": f"SYNTHETIC-{trial.nct_id[-4:]}"},
            "briefTitle": trial.title,
        },
        "statusModule": {
            "overallStatus": trial.status,
            "startDateStruct": {"date": f"{trial.first_posted:%Y-%m}"},
            "studyFirstPostDateStruct": {"date": trial.first_posted.isoformat(), "type": "ACTUAL"},
            "lastUpdatePostDateStruct": {"date": trial.last_updated.isoformat(), "type": "ACTUAL"},
        },
        "sponsorCollaboratorsModule": {"leadSponsor": {"name": trial.sponsor, "class": "INDUSTRY"}},
        "descriptionModule": {"briefSummary": trial.summary},
        "conditionsModule": {"conditions": [trial.condition.capitalize()]},
        "designModule": {
            "studyType": "INTERVENTIONAL",
            "phases": [trial.phase],
            "enrollmentInfo": {"count": trial.enrolment, "type": "ESTIMATED"},
        },
        "armsInterventionsModule": {"interventions": [{"type": "DRUG", "name": trial.drug}]},
        "eligibilityModule": {"healthyVolunteers": False, "sex": "ALL", "minimumAge": "18 Years", "stdAges": ["ADULT"]},
    }
    browse: dict[str, Json] = {
        "meshes": [{"id": "D900001", "term": trial.condition.title()}],
        "ancestors": [{"id": "D900002", "term": trial.top_heading}],
    }
    return {"protocolSection": protocol, "derivedSection": {"conditionBrowseModule": browse}, "hasResults": False}
