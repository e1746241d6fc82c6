"""What one study of ClinicalTrials.gov means: the revision of a trial, in the registry's words and nobody's name.

The structure is that of https://clinicaltrials.gov/data-api/about-api/study-data-structure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from pipelines.detect.bounding import bound_text
from pipelines.detect.fields import Fields
from pipelines.detect.labelling import map_labels
from pipelines.domain.identities import DocumentId, FamilyId, SourceName
from pipelines.domain.revisions import Revision, Status

PIECES = (
    "NCTId",
    "BriefTitle",
    "OverallStatus",
    "WhyStopped",
    "StudyFirstPostDate",
    "LastUpdatePostDate",
    "BriefSummary",
    "Condition",
    "Phase",
    "InterventionType",
    "InterventionName",
    "PrimaryOutcomeMeasure",
    "PrimaryOutcomeTimeFrame",
    "EligibilityCriteria",
    "ConditionMeshTerm",
    "ConditionAncestorTerm",
)
"""The pieces of a study that are asked for, by the API's names."""

UPDATED = "protocolSection.statusModule.lastUpdatePostDateStruct.date"
LICENCE = "public registry"
_SUMMARY_CHARS, _LIST_CHARS, _ELIGIBILITY_CHARS = 4_000, 1_500, 3_000
_WITHHELD = "WITHHELD"


def read_study(study: Fields, source: SourceName, classes: Mapping[str, str], recorded_at: datetime) -> Revision | None:
    """Return the revision that a study is, or ``None`` where the law still withholds what it would say.

    A withdrawn trial was never run, so its revision withdraws it; one that was terminated stays, and its text says why.
    Raises :class:`~pipelines.domain.errors.ResponseError` naming the study and the field.
    """
    status = study.text("protocolSection.statusModule.overallStatus")
    if status == _WITHHELD:
        return None
    updated = study.date(UPDATED)
    return Revision(
        source=source,
        document_id=DocumentId(study.document),
        family_id=FamilyId(study.document),
        title=study.text("protocolSection.identificationModule.briefTitle"),
        text="\n\n".join(_read_sections(study.child("protocolSection"))),
        labels=map_labels(_read_labels(study), classes),
        published_at=min(study.date("protocolSection.statusModule.studyFirstPostDateStruct.date"), updated),
        effective_from=updated,
        recorded_at=recorded_at,
        status=Status.WITHDRAWN if status == "WITHDRAWN" else Status.ACTIVE,
        url=f"https://clinicaltrials.gov/study/{study.document}",
        licence=LICENCE,
    )


def _read_sections(protocol: Fields) -> Iterator[str]:
    yield bound_text(protocol.text("descriptionModule.briefSummary"), _SUMMARY_CHARS)
    if reason := protocol.text_or("statusModule.whyStopped"):
        yield f"{_say(protocol.text('statusModule.overallStatus'))}: {bound_text(reason, _LIST_CHARS)}"
    if conditions := protocol.texts("conditionsModule.conditions"):
        yield _say_list("Conditions", conditions)
    if interventions := [_name(each) for each in protocol.children_or("armsInterventionsModule.interventions")]:
        yield _say_list("Interventions", interventions)
    if outcomes := [_measure(each) for each in protocol.children_or("outcomesModule.primaryOutcomes")]:
        yield _say_list("Primary outcomes", outcomes)
    if eligibility := protocol.text_or("eligibilityModule.eligibilityCriteria"):
        yield f"Eligibility: {bound_text(eligibility, _ELIGIBILITY_CHARS)}"


def _read_labels(study: Fields) -> Iterator[str]:
    for module in ("meshes", "ancestors"):
        for mesh in study.children_or(f"derivedSection.conditionBrowseModule.{module}"):
            yield f"mesh:{mesh.text('term')}"
    for phase in study.texts_or("protocolSection.designModule.phases"):
        yield f"phase:{phase}"
    yield f"status:{study.text('protocolSection.statusModule.overallStatus')}"


def _name(intervention: Fields) -> str:
    kind, name = intervention.text_or("type"), intervention.text("name")
    return f"{_say(kind)}: {name}" if kind else name


def _measure(outcome: Fields) -> str:
    measure, frame = outcome.text("measure"), outcome.text_or("timeFrame")
    return f"{measure} ({frame})" if frame else measure


def _say(code: str) -> str:
    return code.replace("_", " ").capitalize()


def _say_list(heading: str, items: list[str] | tuple[str, ...]) -> str:
    return f"{heading}: {bound_text('; '.join(items), _LIST_CHARS)}"
