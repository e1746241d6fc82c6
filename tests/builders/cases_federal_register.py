"""The Federal Register as a scripted server: windows by day, pages, and addresses of next pages that lead elsewhere."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from pipelines.detect.federal_register import FederalRegister
from tests.builders.servers import Answer, Asked, Respond, ScriptedServer, edit_json
from tests.builders.source_cases import SourceCase

Row = dict[str, Any]
ELSEWHERE = "https://elsewhere.invalid/api/v1/documents?page=2"


def build_row(number: str = "2026-00001", **fields: Any) -> Row:
    row: Row = {
        "document_number": number,
        "title": f"Safety Standards for Device {number}",
        "abstract": f"The agency amends what a maker of device {number} must report, and when.",
        "action": "Final rule.",
        "agencies": [{"raw_name": "FDA", "slug": "food-and-drug-administration"}],
        "cfr_references": [{"title": 21, "part": 803}],
        "correction_of": None,
        "corrections": [],
        "docket_ids": ["Docket No. FDA-2025-N-0001"],
        "dockets": [],
        "effective_on": None,
        "html_url": f"https://www.federalregister.gov/d/{number}",
        "publication_date": "2026-03-02",
        "topics": ["Medical devices"],
        "type": "Rule",
    }
    return {**row, **fields}


def respond_with(rows: Sequence[Row] | Callable[[Asked], Sequence[Row]]) -> Respond:
    """Answer ``documents.json`` as the API does: the rows of the window, oldest first, a page of them."""

    def respond(asked: Asked) -> Answer:
        first, last = asked.params["conditions[publication_date][gte]"], asked.params["conditions[publication_date][lte]"]
        listed = rows(asked) if callable(rows) else rows
        found = sorted(
            (row for row in listed if first <= row["publication_date"] <= last), key=lambda row: row["publication_date"]
        )
        size, page = int(asked.params["per_page"]), int(asked.params["page"])
        if not found:
            return Answer.of_json({"count": 0, "description": "Documents"})
        answer: Row = {"count": len(found), "total_pages": math.ceil(len(found) / size)}
        if page * size < len(found):
            answer["next_page_url"] = ELSEWHERE
        return Answer.of_json({**answer, "results": found[(page - 1) * size : page * size]})

    return respond


def script_rows(server: ScriptedServer, *rows: Row) -> None:
    server.answer("/documents.json", respond_with(rows))
    for row in rows:
        server.answer(f"/documents/{row['document_number']}.json", Answer.of_json(row))


def build_source(**fields: Any) -> FederalRegister:
    return FederalRegister(**{"start": date(2026, 3, 1), "per_page": 2, **fields})


FIRST = tuple(build_row(f"2026-0000{index}", publication_date=f"2026-03-0{index}") for index in range(1, 6))
LATER = (build_row("2026-00009", publication_date="2026-03-09"), build_row("2026-00008", publication_date="2026-03-03"))


def build_case() -> SourceCase:
    def script(server: ScriptedServer, step: int) -> None:
        script_rows(server, *FIRST, *(LATER if step else ()))

    def shift(server: ScriptedServer) -> frozenset[str]:
        def rows(_asked: Asked) -> Sequence[Row]:
            return FIRST if len(server.asked) <= 1 else FIRST[1:]

        server.answer("/documents.json", respond_with(rows))
        return frozenset(row["document_number"] for row in FIRST)

    return SourceCase(
        name="federal_register",
        source=build_source(),
        script=script,
        known=frozenset(row["document_number"] for row in FIRST),
        appearing=frozenset(row["document_number"] for row in LATER),
        redelivered=len(FIRST),
        spoilt={
            "publication_date": edit_json(lambda value: [row.pop("publication_date") for row in value["results"]]),
            "count": edit_json(lambda value: value.pop("count")),
            "results": edit_json(lambda value: value.update(results={})),
            "title": edit_json(lambda value: [row.update(title=7) for row in value["results"]]),
            "agencies": edit_json(lambda value: [row.update(agencies="FDA") for row in value["results"]]),
        },
        shifting=shift,
    )
