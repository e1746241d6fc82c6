"""The eCFR's versioner v1: ``titles.json``, ``versions/title-N.json`` and ``full/<date>/title-N.xml``.

See https://www.ecfr.gov/developers/documentation/api/v1.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from http import HTTPStatus
from itertools import groupby
from xml.sax.saxutils import escape

from infra.rehearsal.apis.exchanges import Reply, Request, cut_page, not_found, reply_json
from infra.rehearsal.sections import TITLE, Section
from infra.rehearsal.worlds import Published
from pipelines.domain.identities import Json

_VERSIONS = re.compile(rf"/versions/title-{TITLE}(?:\.json)?")
_FULL = re.compile(rf"/full/(\d{{4}}-\d\d-\d\d)/title-{TITLE}\.xml")
_PAGE = 1000
_HEADINGS = {"9901": "SYNTHETIC SETTLEMENT RULES", "9902": "SYNTHETIC PLATFORM RULES"}


def answer(request: Request, published: Published) -> Reply:
    """Return what the API answers."""
    if request.path == "/titles.json":
        return _list_titles(published)
    if _VERSIONS.fullmatch(request.path):
        return _list_versions(request, published)
    full = _FULL.fullmatch(request.path)
    return _show_text(request, published, full[1]) if full else not_found()


def _list_titles(published: Published) -> Reply:
    days = [section.issued.isoformat() for section in published.sections] or ["2024-01-02"]
    title: dict[str, Json] = {
        "number": TITLE,
        "name": "Synthetic Banks and Banking",
        "latest_amended_on": max(days),
        "latest_issue_date": max(days),
        "up_to_date_as_of": f"{published.now:%Y-%m-%d}",
        "reserved": False,
    }
    return reply_json({"titles": [title], "meta": {"date": f"{published.now:%Y-%m-%d}", "import_in_progress": False}})


def _list_versions(request: Request, published: Published) -> Reply:
    rows = [section for section in published.sections if _is_asked_for(section, request)]
    rows.sort(key=lambda section: (section.part, int(section.number), section.effective))
    page = max(1, request.number("page", 1))
    shown = cut_page(rows, (page - 1) * _PAGE, _PAGE, request)
    meta: dict[str, Json] = {"title": str(TITLE), "result_count": str(len(rows))}
    if rows:
        meta["latest_amendment_date"] = max(section.effective for section in rows).isoformat()
        meta["latest_issue_date"] = max(section.issued for section in rows).isoformat()
    return reply_json({"content_versions": [_render_version(section) for section in shown], "meta": meta})


def _is_asked_for(section: Section, request: Request) -> bool:
    issued = section.issued.isoformat()
    checks = (
        request.text("part") in {"", section.part},
        request.text("section") in {"", section.identifier},
        issued >= request.text("issue_date[gte]", "0"),
        issued <= request.text("issue_date[lte]", "9"),
        request.text("issue_date[on]") in {"", issued},
    )
    return all(checks)


def _render_version(section: Section) -> Mapping[str, Json]:
    return {
        "date": section.effective.isoformat(),
        "amendment_date": section.effective.isoformat(),
        "issue_date": section.issued.isoformat(),
        "identifier": section.identifier,
        "name": _name(section),
        "part": section.part,
        "substantive": True,
        "removed": False,
        "subpart": None,
        "title": str(TITLE),
        "type": "section",
    }


def _show_text(request: Request, published: Published, day: str) -> Reply:
    if day > f"{published.now:%Y-%m-%d}":
        return not_found()
    in_force = _in_force(published.sections, date.fromisoformat(day))
    wanted = [
        section
        for section in in_force
        if request.text("part") in {"", section.part} and request.text("section") in {"", section.identifier}
    ]
    if not wanted:
        problem = {"error": "No matching content found."}
        return reply_json(problem, HTTPStatus.NOT_FOUND)
    if request.text("section"):
        return _reply_xml(_render_section(wanted[0]))
    parts = "".join(_render_part(part, list(group)) for part, group in groupby(wanted, key=lambda section: section.part))
    return _reply_xml(parts if request.text("part") else f'<DIV1 N="{TITLE}" TYPE="TITLE">{parts}</DIV1>')


def _in_force(sections: Iterable[Section], day: date) -> list[Section]:
    versions: defaultdict[str, list[Section]] = defaultdict(list)
    for section in sections:
        if section.effective <= day:
            versions[section.identifier].append(section)
    latest = [max(history, key=lambda section: section.effective) for history in versions.values()]
    return sorted(latest, key=lambda section: (section.part, int(section.number)))


def _name(section: Section) -> str:
    return f"§ {section.identifier} {section.topic.heading}."


def _render_part(part: str, sections: Sequence[Section]) -> str:
    inside = "\n".join(_render_section(section) for section in sections)
    return f'<DIV5 N="{part}" TYPE="PART" VOLUME="1">\n<HEAD>PART {part}—{_HEADINGS[part]}\n</HEAD>\n{inside}\n</DIV5>\n'


def _render_section(section: Section) -> str:
    paragraphs = "\n".join(f"<P>{escape(paragraph)}</P>" for paragraph in section.paragraphs)
    cited = f"[Synthetic, {section.effective:%b. %d, %Y}]"
    return (
        f'<DIV8 N="{section.identifier}" TYPE="SECTION" VOLUME="1">\n<HEAD>{escape(_name(section))}</HEAD>\n'
        f'{paragraphs}\n<CITA TYPE="N">{cited}\n</CITA>\n</DIV8>'
    )


def _reply_xml(inside: str) -> Reply:
    body = f'<?xml version="1.0"?>\n{inside}\n'.encode()
    return Reply(body=body, media_type="application/xml; charset=utf-8")
