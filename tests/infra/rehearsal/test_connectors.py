"""The product's own connectors against the rehearsal: what was published is what they find, act by act."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import stamina

from infra.rehearsal.acts import BACKLOG_START
from infra.rehearsal.faults import Fault
from infra.rehearsal.malformations import DAMAGE, FUTURE, UNDECLARED_CLASS, Flaw
from infra.rehearsal.server import RehearsalServer
from infra.rehearsal.worlds import Act, World
from pipelines.detect.clinicaltrials_gov import ClinicalTrialsGov
from pipelines.detect.ecfr import Ecfr
from pipelines.detect.federal_register import FederalRegister
from pipelines.detect.openfda_enforcement import OpenFdaEnforcement
from pipelines.detect.pubmed import PubMed
from pipelines.detect.regulations_gov import RegulationsGov
from pipelines.detect.sources import Source
from pipelines.domain.drops import Detection
from pipelines.domain.errors import SourceError
from pipelines.domain.identities import SourceName
from pipelines.domain.revisions import Revision, Status
from tests.builders.rehearsals import build_access, build_world

DESKS = {"mesh:Cardiovascular Diseases": "Cardiology", "mesh:Neoplasms": "Oncology", "mesh:Infections": "Infection"}
SOURCES: tuple[Source, ...] = (
    OpenFdaEnforcement(product_types=("drug", "food", "device"), start=BACKLOG_START, page_size=7),
    ClinicalTrialsGov(start=BACKLOG_START, page_size=9, labels=DESKS),
    PubMed(start=BACKLOG_START, page_size=8, spacing_s=0, labels=DESKS),
    Ecfr(title=12, parts=("9901", "9902"), start=BACKLOG_START),
    FederalRegister(start=BACKLOG_START, per_page=4, types=("RULE", "PRORULE", "NOTICE")),
    RegulationsGov(start=BACKLOG_START, types=("Rule", "Proposed Rule", "Supporting & Related Material", "Other")),
)
every_source = pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)


@pytest.fixture(autouse=True)
def _impatient() -> Iterator[None]:
    """Attempts follow each other at once: that the client waits is its own tests' affair."""
    with stamina.set_testing(True, attempts=3):
        yield


@pytest.fixture
def server() -> Iterator[RehearsalServer]:
    with RehearsalServer(build_world(Act.BACKLOG), slow_s=0.2) as running:
        yield running


def look(source: Source, server: RehearsalServer, act: Act, before: Detection | None = None) -> Detection:
    server.world.play(act)
    return source.detect(before.cursor if before else None, build_access(server, act))


def find_news(before: Detection, after: Detection) -> list[Revision]:
    known = {revision.digest for revision in before.revisions}
    return [revision for revision in after.revisions if revision.digest not in known]


def count_published(world: World, name: str) -> int:
    published = world.published
    counts = {
        "openfda_enforcement": len(published.recalls),
        "clinicaltrials_gov": len(published.trials),
        "pubmed": len(published.papers),
        "ecfr": len(published.sections),
        "federal_register": len(published.notices),
        "regulations_gov": len(published.dockets),
    }
    return counts[name]


@every_source
def test_finds_all_of_the_backlog_and_nothing_else(source: Source, server: RehearsalServer) -> None:
    found = look(source, server, Act.BACKLOG)
    assert len(found.revisions) == count_published(server.world, source.name)
    assert all(revision.text and revision.title for revision in found.revisions)
    assert {revision.status for revision in found.revisions} == {Status.ACTIVE}


@every_source
def test_finds_the_same_on_another_port(source: Source, server: RehearsalServer) -> None:
    with RehearsalServer(build_world(Act.BACKLOG)) as other:
        first, second = look(source, server, Act.BACKLOG), look(source, other, Act.BACKLOG)
    assert [revision.digest for revision in first.revisions] == [revision.digest for revision in second.revisions]
    assert first.cursor == second.cursor


@every_source
def test_a_day_without_news_brings_none(source: Source, server: RehearsalServer) -> None:
    backlog = look(source, server, Act.BACKLOG)
    amendment = look(source, server, Act.AMENDMENT, backlog)
    nothing = look(source, server, Act.NOTHING, amendment)
    known = {revision.digest for revision in (*backlog.revisions, *amendment.revisions)}
    assert {revision.digest for revision in nothing.revisions} <= known


@every_source
def test_the_amendment_brings_news_to_every_source(source: Source, server: RehearsalServer) -> None:
    backlog = look(source, server, Act.BACKLOG)
    news = find_news(backlog, look(source, server, Act.AMENDMENT, backlog))
    issue = server.world.news(Act.AMENDMENT)
    sizes = {
        "openfda_enforcement": len(issue.recalls),
        "clinicaltrials_gov": len(issue.trials),
        "pubmed": len(issue.papers),
        "ecfr": len(issue.sections),
        "federal_register": len(issue.notices),
        "regulations_gov": len(issue.dockets),
    }
    # the retraction is told twice: by the notice and by the paper itself
    assert len(news) in {sizes[source.name], sizes[source.name] + (source.name == "pubmed")}


def test_malformed_documents_pass_the_connectors_with_their_flaws(server: RehearsalServer) -> None:
    found = {
        revision.document_id: revision
        for source in SOURCES[:3]
        for revision in look(source, server, Act.AMENDMENT).revisions
        if revision.status is Status.ACTIVE
    }
    planted = {malformed.flaw: found[malformed.document_id] for malformed in server.world.malformed()}  # type: ignore[index]
    assert planted[Flaw.UNDECLARED_LABEL].labels == (UNDECLARED_CLASS,)
    assert planted[Flaw.FUTURE_DATE].published_at == FUTURE
    assert DAMAGE in planted[Flaw.DAMAGED_ENCODING].text
    assert len(planted[Flaw.EMPTY_TEXT].text) == 1
    assert len(planted[Flaw.TOO_SHORT].text.split()) < 5
    assert planted[Flaw.NOT_ENGLISH].text


def test_every_clinical_document_has_exactly_one_label(server: RehearsalServer) -> None:
    for source in SOURCES[:3]:
        for revision in look(source, server, Act.BACKLOG).revisions:
            assert len(revision.labels) == 1, revision.document_id


def test_the_retracted_paper_is_retracted(server: RehearsalServer) -> None:
    backlog = look(SOURCES[2], server, Act.BACKLOG)
    news = find_news(backlog, look(SOURCES[2], server, Act.AMENDMENT, backlog))
    retracted = {revision.document_id for revision in news if revision.status is Status.RETRACTED}
    assert retracted == {server.world.retraction().paper}


def test_questions_are_answered_by_the_texts_that_the_connector_reads(server: RehearsalServer) -> None:
    backlog = look(SOURCES[3], server, Act.BACKLOG)
    news = find_news(backlog, look(SOURCES[3], server, Act.AMENDMENT, backlog))
    old = {revision.document_id: revision for revision in backlog.revisions}
    new = {revision.document_id: revision for revision in news}
    questions = server.world.questions()
    assert {question.document_id for question in questions} == set(new)
    for question in questions:
        before, after = old[question.document_id], new[question.document_id]  # type: ignore[index]
        assert question.old_answer in before.text
        assert question.new_answer in after.text
        assert before.effective_from < after.effective_from <= server.world.today(Act.AMENDMENT).date()


def test_poison_reaches_the_reader_as_labels_only(server: RehearsalServer) -> None:
    backlog = look(SOURCES[0], server, Act.BACKLOG)
    crude = look(SOURCES[0], server, Act.CRUDE_POISON, backlog)
    fresh = find_news(backlog, crude)
    assert {revision.labels for revision in fresh} == {("Class III",)}
    subtle = find_news(backlog, look(SOURCES[0], server, Act.SUBTLE_POISON, backlog))
    assert {label for revision in subtle for label in revision.labels} == {"Class I", "Class II", "Class III"}
    assert not {revision.document_id for revision in subtle} & {revision.document_id for revision in fresh}


@every_source
@pytest.mark.parametrize("fault", [Fault.SERVER_ERROR, Fault.SLOW, Fault.RATE_LIMIT])
def test_a_passing_fault_costs_nothing_but_time(source: Source, fault: Fault, server: RehearsalServer) -> None:
    whole = look(source, server, Act.BACKLOG)
    server.break_next(source.name, fault)
    again = look(source, server, Act.BACKLOG)
    assert [revision.digest for revision in again.revisions] == [revision.digest for revision in whole.revisions]


@every_source
@pytest.mark.parametrize("fault", [Fault.TRUNCATED, Fault.EMPTY_BODY, Fault.FIELD_GONE, Fault.TYPE_CHANGED])
def test_a_broken_reply_stops_the_source_and_names_it(source: Source, fault: Fault, server: RehearsalServer) -> None:
    server.break_next(source.name, fault)
    with pytest.raises(SourceError, match=source.name):
        look(source, server, Act.BACKLOG)


@every_source
def test_a_list_that_moves_while_it_is_read_loses_nothing_silently(source: Source, server: RehearsalServer) -> None:
    whole = look(source, server, Act.BACKLOG)
    server.break_next(SourceName(source.name), Fault.PAGE_CHANGED)
    try:
        again = look(source, server, Act.BACKLOG)
    except SourceError:
        return
    assert [revision.digest for revision in again.revisions] == [revision.digest for revision in whole.revisions]
