"""A small openFDA: enforcement reports by the day of the report, paged by ``search_after`` or, without a header, by ``skip``."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any
from urllib.parse import urlencode

from pipelines.detect.openfda_enforcement import OpenFdaEnforcement
from tests.builders.servers import Answer, Asked, Respond, ScriptedServer, edit_json
from tests.builders.source_cases import SourceCase

Report = dict[str, Any]
Reports = Sequence[Report] | Callable[[], Sequence[Report]]
KEY = "a-key-for-openfda"
NOTHING = Answer.of_json({"error": {"code": "NOT_FOUND", "message": "No matches found!"}}, status=404)
_RANGE = re.compile(r"report_date:\[(\d{8}) TO (\d{8})\]")


def build_report(number: int = 1, reported: str = "20260201", **changes: Any) -> Report:
    report: Report = {
        "recall_number": f"D-{number:04d}-2026",
        "event_id": str(90000 + number // 2),
        "product_type": "Drugs",
        "classification": "Class II",
        "status": "Ongoing",
        "report_date": reported,
        "reason_for_recall": f"Failed dissolution specifications in {number} lots.",
        "product_description": f"Metformin tablets, 500 mg, bottle of {number}00.",
        "recalling_firm": "A Firm",
        "openfda": {},
    }
    return {**report, **changes}


def answer_reports(reports: Reports, *, has_links: bool = True, host: str = "http://elsewhere.example") -> Respond:
    """Answer as openFDA does; its links name a ``host`` that must never be asked."""

    def respond(asked: Asked) -> Answer:
        window = _RANGE.search(asked.params["search"])
        assert window is not None
        every = reports() if callable(reports) else reports
        found = sorted((r for r in every if window[1] <= r["report_date"] <= window[2]), key=lambda r: str(r["report_date"]))
        offset = int(asked.params.get("search_after", asked.params.get("skip", "0")))
        limit = int(asked.params["limit"])
        if not found[offset:]:
            return NOTHING
        meta = {"results": {"skip": offset, "limit": limit, "total": len(found)}}
        following = urlencode({**asked.params, "skip": "0", "search_after": offset + limit})
        link = {"Link": f'<{host}{asked.path}?{following}>; rel="next"'}
        is_last = offset + limit >= len(found)
        return Answer.of_json(
            {"meta": meta, "results": found[offset : offset + limit]}, headers={} if is_last or not has_links else link
        )

    return respond


EARLIER = [build_report(number, f"202602{number:02d}") for number in range(1, 6)]
FOOD = [build_report(7, "20260203", recall_number="F-0007-2026", product_type="Food", classification="Class I")]
LATER = [build_report(8, "20260309", classification="Class III")]


def script(server: ScriptedServer, step: int) -> None:
    server.answer("/drug/enforcement.json", answer_reports([*EARLIER, *LATER] if step else EARLIER))
    server.answer("/food/enforcement.json", answer_reports(FOOD))


def shift(server: ScriptedServer) -> frozenset[str]:
    """After the first page a report of it is taken back, so that the third slides to where we have been."""
    worlds = iter([EARLIER])
    server.answer("/drug/enforcement.json", answer_reports(lambda: next(worlds, EARLIER[1:]), has_links=False))
    server.answer("/food/enforcement.json", NOTHING)
    return frozenset(str(report["recall_number"]) for report in EARLIER)


def spoil(name: str, value: object = None) -> Any:
    def change(page: Any) -> None:
        for report in page["results"]:
            if value is None:
                del report[name]
            else:
                report[name] = value

    return edit_json(change)


def build_case() -> SourceCase:
    return SourceCase(
        name="openfda_enforcement",
        source=OpenFdaEnforcement(start=date(2026, 1, 1), product_types=("drug", "food"), page_size=2),
        script=script,
        known=frozenset(str(report["recall_number"]) for report in [*EARLIER, *FOOD]),
        appearing=frozenset(str(report["recall_number"]) for report in LATER),
        redelivered=len(EARLIER) + len(FOOD),
        spoilt={
            "results": edit_json(lambda page: page.pop("results")),
            "meta.results.total": edit_json(lambda page: page.update(meta={"results": {"total": "many"}})),
            "recall_number": spoil("recall_number"),
            "event_id": spoil("event_id", 90001),
            "classification": spoil("classification"),
            "report_date": spoil("report_date", "2026-02-01"),
            "reason_for_recall": spoil("reason_for_recall"),
            "product_description": spoil("product_description", ["Metformin"]),
        },
        shifting=shift,
        secrets={"openfda": KEY},
    )
