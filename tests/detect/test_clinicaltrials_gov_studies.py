"""What a study says, and that no person is in it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from pipelines.detect.clinicaltrials_gov_studies import read_study
from pipelines.detect.fields import Fields
from pipelines.domain.errors import ResponseError
from pipelines.domain.identities import SourceName
from pipelines.domain.revisions import Revision, Status
from tests.builders.cases_clinicaltrials_gov import Study, build_study, number_of

NOW = datetime(2026, 3, 10, tzinfo=UTC)


def read(study: Study, classes: dict[str, str] | None = None) -> Revision | None:
    return read_study(Fields("clinicaltrials_gov", number_of(study), study), SourceName("clinicaltrials_gov"), classes or {}, NOW)


def read_one(**changes: Any) -> Revision:
    revision = read(build_study(**changes))
    assert revision is not None
    return revision


def test_a_study_is_its_own_family() -> None:
    revision = read_one(number=7)
    assert revision.document_id == revision.family_id == "NCT00000007"
    assert revision.url == "https://clinicaltrials.gov/study/NCT00000007"
    assert revision.licence == "public registry"


def test_a_revision_takes_effect_with_its_update() -> None:
    revision = read_one(updated="2026-02-03")
    assert (revision.published_at, revision.effective_from) == (date(2025, 5, 5), date(2026, 2, 3))
    assert revision.recorded_at == NOW


def test_an_update_never_precedes_the_publication() -> None:
    revision = read_one(updated="2025-05-04")
    assert revision.published_at <= revision.effective_from


def test_tells_the_summary_conditions_interventions_outcomes_and_eligibility() -> None:
    assert read_one(number=3).text == (
        "Study 3 asks whether the new drug helps more than the old one.\n\n"
        "Conditions: Asthma; Wheezing\n\n"
        "Interventions: Drug: Budesonide; Drug: Placebo\n\n"
        "Primary outcomes: Attacks (12 weeks)\n\n"
        "Eligibility: Inclusion Criteria:\n\n* Adults\n\nExclusion Criteria:\n\n* Smokers"
    )


def test_a_terminated_trial_stays_and_says_why() -> None:
    revision = read_one(status="TERMINATED", why="Slow accrual")
    assert revision.status is Status.ACTIVE
    assert "\n\nTerminated: Slow accrual\n\n" in revision.text


def test_a_withdrawn_trial_is_withdrawn() -> None:
    assert read_one(status="WITHDRAWN", why="No funding").status is Status.WITHDRAWN


@pytest.mark.parametrize("status", ["RECRUITING", "COMPLETED", "SUSPENDED", "UNKNOWN", "NO_LONGER_AVAILABLE"])
def test_every_other_trial_is_active(status: str) -> None:
    assert read_one(status=status).status is Status.ACTIVE


def test_a_withheld_study_says_nothing_and_is_left_out() -> None:
    study = build_study(status="WITHHELD")
    del study["protocolSection"]["descriptionModule"]
    assert read(study) is None


def test_labels_are_headings_their_ancestors_phases_and_status() -> None:
    assert read_one().labels == ("mesh:Asthma", "mesh:Respiratory Tract Diseases", "phase:PHASE2", "status:RECRUITING")


def test_only_labels_with_a_class_are_given_where_classes_are_named() -> None:
    revision = read(build_study(), {"mesh:Respiratory Tract Diseases": "lungs", "mesh:Neoplasms": "cancer"})
    assert revision is not None
    assert revision.labels == ("lungs",)


def test_no_person_is_read() -> None:
    revision = read_one()
    assert "Private" not in revision.text
    assert "private@" not in revision.text


def test_a_trial_without_the_optional_parts_is_still_a_trial() -> None:
    study = build_study()
    for module in ("designModule", "armsInterventionsModule", "outcomesModule", "eligibilityModule"):
        del study["protocolSection"][module]
    del study["derivedSection"]
    revision = read(study)
    assert revision is not None
    assert revision.labels == ("status:RECRUITING",)
    assert revision.text.endswith("Conditions: Asthma; Wheezing")


def test_an_intervention_without_a_type_has_its_name() -> None:
    assert "Interventions: Yoga" in read_one(armsInterventionsModule={"interventions": [{"name": "Yoga"}]}).text


def test_no_part_of_the_text_is_endless() -> None:
    endless = {"briefSummary": "word " * 10_000}, {"eligibilityCriteria": "word " * 10_000}
    revision = read_one(descriptionModule=endless[0], eligibilityModule=endless[1])
    assert len(revision.text) < 8_000
    assert "Conditions: Asthma" in revision.text


@pytest.mark.parametrize(
    ("module", "content", "field"),
    [
        ("statusModule", {}, "protocolSection.statusModule.overallStatus"),
        ("descriptionModule", {"briefSummary": ""}, "descriptionModule.briefSummary"),
        ("conditionsModule", {"conditions": None}, "conditionsModule.conditions"),
        ("outcomesModule", {"primaryOutcomes": [{"timeFrame": "a day"}]}, "measure"),
        ("armsInterventionsModule", {"interventions": [{"type": "DRUG"}]}, "name"),
    ],
)
def test_names_the_study_and_the_field_that_is_wrong(module: str, content: object, field: str) -> None:
    with pytest.raises(ResponseError) as raised:
        read_one(number=4, **{module: content})
    assert (raised.value.document, raised.value.field) == ("NCT00000004", field)
