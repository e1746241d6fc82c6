"""The eCFR's versioner as a scripted server: histories of parts, and texts as of a day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from pipelines.detect.ecfr import Ecfr
from tests.builders.servers import Answer, Asked, Respond, ScriptedServer, edit_json
from tests.builders.source_cases import SourceCase

Line = dict[str, Any]
HISTORY = "/versions/title-21.json"


def build_line(identifier: str = "50.25", day: str = "2026-03-02", **fields: Any) -> Line:
    line: Line = {
        "date": day,
        "amendment_date": day,
        "issue_date": day,
        "identifier": identifier,
        "name": f"§ {identifier}   Elements of consent.",
        "part": "50",
        "removed": False,
        "subpart": "B",
        "substantive": True,
        "title": "21",
        "type": "section",
    }
    return {**line, **fields}


def respond_history(lines: Sequence[Line], size: int = 1_000) -> Respond:
    def respond(asked: Asked) -> Answer:
        page = int(asked.params.get("page", "1"))
        meta = {"title": "21", "result_count": str(len(lines)), "latest_issue_date": "2026-03-09"}
        return Answer.of_json({"content_versions": lines[(page - 1) * size : page * size], "meta": meta})

    return respond


def write_section(identifier: str, words: str, kind: str = "SECTION") -> str:
    tag = "DIV8" if kind == "SECTION" else "DIV9"
    return (
        f'<{tag} N="{identifier}" TYPE="{kind}"><HEAD>§ {identifier} Elements of consent.</HEAD>'
        f"<P>(a) {words} <I>in writing</I>.</P><CITA>[45 FR 36390]</CITA></{tag}>"
    )


def write_part(*sections: str) -> Answer:
    body = f'<?xml version="1.0"?>\n<DIV5 N="50" TYPE="PART"><HEAD>PART 50</HEAD>{"".join(sections)}</DIV5>'
    return Answer(body=body.encode(), media_type="application/xml")


def script_history(server: ScriptedServer, *lines: Line, size: int = 1_000) -> None:
    """Make the server tell this history, and give every section, on every day, a text that names both."""
    server.answer(HISTORY, respond_history(lines, size))
    identifiers = sorted({line["identifier"] for line in lines})
    for day in sorted({line["date"] for line in lines} | {"2026-03-01"}):
        sections = [write_section(identifier, f"Consent to {identifier} as of {day} is given") for identifier in identifiers]
        server.answer(f"/full/{day}/title-21.xml", write_part(*sections))


def build_source(**fields: Any) -> Ecfr:
    return Ecfr(**{"title": 21, "parts": ("50",), "start": date(2026, 3, 1), **fields})


FIRST = (build_line("50.20", "2016-12-29"), build_line("50.25", "2016-12-29"), build_line("50.25", "2026-03-04"))
LATER = (build_line("50.27", "2026-03-08"),)


def build_case() -> SourceCase:
    def script(server: ScriptedServer, step: int) -> None:
        script_history(server, *FIRST, *(LATER if step else ()), size=2)

    return SourceCase(
        name="ecfr",
        source=build_source(),
        script=script,
        known=frozenset({"21 CFR 50.20", "21 CFR 50.25"}),
        appearing=frozenset({"21 CFR 50.27"}),
        redelivered=1,
        spoilt={
            "content_versions": edit_json(lambda value: value.pop("content_versions")),
            "issue_date": edit_json(lambda value: [line.pop("issue_date") for line in value["content_versions"]]),
            "removed": edit_json(lambda value: [line.update(removed="no") for line in value["content_versions"]]),
        },
    )
