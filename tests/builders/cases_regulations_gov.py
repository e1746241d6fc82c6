"""Regulations.gov as a scripted server: filtered by modification in Eastern time, sorted, in pages, with an allowance."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from pipelines.detect.regulations_gov import RegulationsGov
from pipelines.detect.regulations_gov_times import MOMENT
from tests.builders.servers import Answer, Asked, Respond, ScriptedServer, edit_json
from tests.builders.source_cases import SourceCase

Row = dict[str, Any]
KEY = "a-key-that-nobody-may-see"


def build_row(document: str = "FDA-2026-N-0001-0001", modified: str = "2026-03-02T10:00:00Z", **attributes: Any) -> Row:
    default: Row = {
        "documentType": "Rule",
        "lastModifiedDate": modified,
        "frDocNum": None,
        "withdrawn": False,
        "agencyId": "FDA",
        "title": f"Reporting by Makers of Devices ({document})",
        "postedDate": "2026-03-02T05:00:00Z",
        "commentStartDate": None,
        "docketId": document.rsplit("-", 1)[0],
    }
    return {"id": document, "type": "documents", "attributes": {**default, **attributes}}


def respond_with(rows: Sequence[Row] | Callable[[Asked], Sequence[Row]], size: int = 2, allowance: int = 1_000) -> Respond:
    """Answer as the API does, with pages of ``size`` and an allowance that every answer takes one from."""
    left = [allowance]

    def respond(asked: Asked) -> Answer:
        left[0] -= 1
        eastern = datetime.fromisoformat(asked.params["filter[lastModifiedDate][ge]"]).replace(
            tzinfo=ZoneInfo("America/New_York")
        )
        moment = eastern.astimezone(UTC).strftime(MOMENT)
        kind, number = asked.params["filter[documentType]"], int(asked.params["page[number]"])
        listed = [row for row in (rows(asked) if callable(rows) else rows) if row["attributes"]["documentType"] == kind]
        found = sorted(
            (row for row in listed if row["attributes"]["lastModifiedDate"] >= moment),
            key=lambda row: (row["attributes"]["lastModifiedDate"], row["id"]),
        )
        meta = {"hasNextPage": number * size < len(found), "totalElements": len(found), "pageNumber": number}
        page = found[(number - 1) * size : number * size]
        return Answer.of_json({"data": page, "meta": meta}, headers={"X-RateLimit-Remaining": str(max(left[0], 0))})

    return respond


def build_source(**fields: Any) -> RegulationsGov:
    return RegulationsGov(**{"start": date(2026, 3, 1), **fields})


FIRST = tuple(build_row(f"FDA-2026-N-000{index}-0001", f"2026-03-0{index}T10:00:00Z") for index in range(1, 6))
LATER = (
    build_row("EPA-2026-0001-0001", "2026-03-09T10:00:00Z", agencyId="EPA", documentType="Proposed Rule"),
    build_row("FDA-2026-N-0009-0001", "2026-03-05T09:00:00Z"),
)


def build_case() -> SourceCase:
    def script(server: ScriptedServer, step: int) -> None:
        server.answer("/documents", respond_with([*FIRST, *(LATER if step else ())]))

    def shift(server: ScriptedServer) -> frozenset[str]:
        touched = build_row(FIRST[0]["id"], "2026-03-09T10:00:00Z")

        def rows(_asked: Asked) -> Sequence[Row]:
            return FIRST if len(server.asked) <= 2 else [*FIRST[1:], touched]

        server.answer("/documents", respond_with(rows))
        return frozenset(row["id"] for row in FIRST)

    return SourceCase(
        name="regulations_gov",
        source=build_source(),
        script=script,
        known=frozenset(row["id"] for row in FIRST),
        appearing=frozenset(row["id"] for row in LATER),
        redelivered=3,
        spoilt={
            "data": edit_json(lambda value: value.pop("data")),
            "meta.hasNextPage": edit_json(lambda value: value["meta"].update(hasNextPage="no")),
            "attributes.lastModifiedDate": edit_json(_for_attributes(lambda found: found.pop("lastModifiedDate"))),
            "attributes.withdrawn": edit_json(_for_attributes(lambda found: found.update(withdrawn=0))),
            "attributes.title": edit_json(_for_attributes(lambda found: found.update(title=None))),
        },
        shifting=shift,
        secrets={"regulations_gov": KEY},
    )


def _for_attributes(change: Callable[[Row], object]) -> Callable[[Any], None]:
    def apply(value: Any) -> None:
        for row in value["data"]:
            change(row["attributes"])

    return apply
