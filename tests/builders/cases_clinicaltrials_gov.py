"""A small ClinicalTrials.gov: studies, found by the day of their last update, a page at a time."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from pipelines.detect.clinicaltrials_gov import ClinicalTrialsGov
from tests.builders.servers import Answer, Asked, Respond, ScriptedServer, edit_json
from tests.builders.source_cases import SourceCase

Study = dict[str, Any]
_RANGE = re.compile(r"AREA\[LastUpdatePostDate\]RANGE\[(\S+?),(\S+?)\]")


def build_study(number: int = 1, updated: str = "2026-02-01", **changes: Any) -> Study:
    """A study as the API gives it; ``changes`` replace modules or, by ``status``, ``why``, ``title``, what tests vary most."""
    status: Study = {
        "overallStatus": changes.pop("status", "RECRUITING"),
        "studyFirstPostDateStruct": {"date": "2025-05-05", "type": "ACTUAL"},
        "lastUpdatePostDateStruct": {"date": updated, "type": "ACTUAL"},
    }
    if "why" in changes:
        status["whyStopped"] = changes.pop("why")
    protocol: Study = {
        "identificationModule": {
            "nctId": f"NCT{number:08d}",
            "briefTitle": changes.pop("title", f"Trial {number} of a new drug"),
        },
        "statusModule": status,
        "descriptionModule": {"briefSummary": f"Study {number} asks whether the new drug helps more than the old one."},
        "conditionsModule": {"conditions": ["Asthma", "Wheezing"]},
        "designModule": {"studyType": "INTERVENTIONAL", "phases": ["PHASE2"]},
        "armsInterventionsModule": {
            "interventions": [{"type": "DRUG", "name": "Budesonide"}, {"type": "DRUG", "name": "Placebo"}]
        },
        "outcomesModule": {"primaryOutcomes": [{"measure": "Attacks", "timeFrame": "12 weeks"}]},
        "eligibilityModule": {"eligibilityCriteria": "Inclusion Criteria:\n\n* Adults\n\nExclusion Criteria:\n\n* Smokers"},
        "contactsLocationsModule": {"centralContacts": [{"name": "Somebody Private", "email": "private@example.org"}]},
    }
    derived = {
        "conditionBrowseModule": {
            "meshes": [{"id": "D001249", "term": "Asthma"}],
            "ancestors": [{"id": "D012140", "term": "Respiratory Tract Diseases"}],
        }
    }
    return {"protocolSection": {**protocol, **changes}, "derivedSection": derived, "hasResults": False}


def updated_on(study: Study) -> str:
    return str(study["protocolSection"]["statusModule"]["lastUpdatePostDateStruct"]["date"])


def number_of(study: Study) -> str:
    return str(study["protocolSection"]["identificationModule"]["nctId"])


def answer_studies(studies: Sequence[Study] | Callable[[], Sequence[Study]]) -> Respond:
    """Answer ``/studies`` as the API does: filtered by the window, oldest update first, the total on the first page only."""

    def respond(asked: Asked) -> Answer:
        window = _RANGE.search(asked.params["query.term"])
        assert window is not None
        first, last = (date.fromisoformat(day) for day in window.groups())
        every = studies() if callable(studies) else studies
        found = sorted((s for s in every if first <= date.fromisoformat(updated_on(s)) <= last), key=updated_on)
        offset, size = int(asked.params.get("pageToken", "0")), int(asked.params["pageSize"])
        page: Study = {"studies": found[offset : offset + size]}
        if offset + size < len(found):
            page["nextPageToken"] = str(offset + size)
        return Answer.of_json(page if offset else {"totalCount": len(found), **page})

    return respond


EARLIER = [build_study(number, f"2026-02-{number:02d}") for number in range(1, 6)]
LATER = [build_study(6, "2026-03-09"), build_study(2, "2026-03-08", status="TERMINATED", why="No funding")]


def script(server: ScriptedServer, step: int) -> None:
    changed = {number_of(study) for study in LATER}
    world = [study for study in EARLIER if number_of(study) not in changed] + LATER if step else EARLIER
    server.answer("/studies", answer_studies(world))


def shift(server: ScriptedServer) -> frozenset[str]:
    """After the first page its first study is updated: it moves to the end, and the third slides to where we have been."""
    moved = [build_study(1, "2026-03-09"), *EARLIER[1:]]
    worlds = iter([EARLIER])
    server.answer("/studies", answer_studies(lambda: next(worlds, moved)))
    return frozenset(map(number_of, EARLIER))


def spoil(module: str, name: str, value: object = None) -> Any:
    """Remove a field of each study's module, or give it ``value``."""

    def change(page: Any) -> None:
        for study in page["studies"]:
            if value is None:
                del study["protocolSection"][module][name]
            else:
                study["protocolSection"][module][name] = value

    return edit_json(change)


def build_case() -> SourceCase:
    return SourceCase(
        name="clinicaltrials_gov",
        source=ClinicalTrialsGov(start=date(2026, 1, 1), page_size=2),
        script=script,
        known=frozenset(map(number_of, EARLIER)),
        appearing=frozenset(map(number_of, LATER)),
        redelivered=len(EARLIER),
        spoilt={
            "totalCount": edit_json(lambda page: page.pop("totalCount")),
            "studies": edit_json(lambda page: page.update(studies={})),
            "nextPageToken": edit_json(lambda page: page.update(nextPageToken=7)),
            "nctId": spoil("identificationModule", "nctId"),
            "briefTitle": spoil("identificationModule", "briefTitle"),
            "overallStatus": spoil("statusModule", "overallStatus"),
            "lastUpdatePostDateStruct": spoil("statusModule", "lastUpdatePostDateStruct"),
            "studyFirstPostDateStruct": spoil("statusModule", "studyFirstPostDateStruct", {"date": "May 2025"}),
            "briefSummary": spoil("descriptionModule", "briefSummary"),
            "conditions": spoil("conditionsModule", "conditions", "Asthma"),
            "phases": spoil("designModule", "phases", "PHASE2"),
            "interventions": spoil("armsInterventionsModule", "interventions", ["Budesonide"]),
            "eligibilityCriteria": spoil("eligibilityModule", "eligibilityCriteria", ["Adults"]),
        },
        shifting=shift,
    )
