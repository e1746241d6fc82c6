"""What was in force and when we knew it, for each kind of change that a source makes, through its interface as it is documented.

The rehearsal's server speaks these interfaces. Real records are put to the same laws in ``test_histories_of_recordings.py``; they
hold no retraction, and no notice that names the rule it withdraws.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest
import stamina

from infra.rehearsal.acts import BACKLOG_START, time_of
from infra.rehearsal.server import RehearsalServer
from infra.rehearsal.worlds import Act, Published
from pipelines.detect.ecfr import Ecfr
from pipelines.detect.federal_register import FederalRegister
from pipelines.detect.pubmed import PubMed
from pipelines.detect.regulations_gov import RegulationsGov
from pipelines.detect.sources import Access, Source
from pipelines.domain.drops import Cursor
from tests.builders.histories import Memory, build_memory
from tests.builders.rehearsals import build_access, build_world

DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _without_waiting() -> Iterator[None]:
    with stamina.set_testing(True, attempts=3):
        yield


@pytest.fixture
def memory(tmp_path: Path) -> Memory:
    return build_memory(tmp_path)


def test_an_amended_section_is_told_by_its_day_and_by_what_was_known(memory: Memory) -> None:
    with RehearsalServer(build_world()) as server:
        learn_acts(memory, server, Ecfr(title=12, parts=("9901", "9902"), start=BACKLOG_START))
        questions = server.world.questions()
        days = {f"12 CFR {one.identifier}": one.effective for one in server.world.news(Act.AMENDMENT).sections}
    assert questions
    for question in questions:
        effective = days[question.document_id]
        (before,), (after,) = (memory.ask(question.document_id, day) for day in (effective - DAY, effective))
        assert (question.old_answer in before.text, question.new_answer in after.text) == (True, True)
        assert (before.effective_to, after.effective_from) == (effective, effective)
        (unaware,) = memory.ask(question.document_id, effective, time_of(Act.BACKLOG))
        assert unaware.digest == replace(before, effective_to=None).digest


def learn_acts(memory: Memory, server: RehearsalServer, source: Source) -> None:
    cursor: Cursor | None = None
    for act in (Act.BACKLOG, Act.AMENDMENT):
        server.world.play(act)
        found = source.detect(cursor, build_access(server, act))
        cursor = found.cursor
        memory.learn(time_of(act), found.revisions)


# Retractions: told by a notice that names another paper, and by that paper's own record.


@pytest.mark.parametrize("hidden", ["", "notice", "paper"])
def test_a_paper_is_retracted_by_the_notice_that_names_it_and_by_its_own_record(memory: Memory, hidden: str) -> None:
    with RehearsalServer(build_world()) as server:
        learn_acts_of(memory, server, PubMed(start=BACKLOG_START, spacing_s=0), hidden)
        retraction = server.world.retraction()
    today = time_of(Act.AMENDMENT).date()
    assert memory.ask(retraction.paper, today) == []
    (believed,) = memory.ask(retraction.paper, today, time_of(Act.BACKLOG))
    assert believed.text
    assert len(memory.corpus.arrived(believed.document_id)) >= 2, "what was believed is kept"
    assert bool(memory.ask(retraction.notice, today)) is (hidden != "notice"), "the notice itself stands"


def learn_acts_of(memory: Memory, server: RehearsalServer, source: Source, hidden: str) -> None:
    """Play the acts as a source that has only one of the two words that retract a paper."""
    retraction = server.world.retraction()
    cursor: Cursor | None = None
    for act in (Act.BACKLOG, Act.AMENDMENT):
        server.world.play(act)
        if act is Act.AMENDMENT and hidden:
            published = server.world.published
            gone = {"notice": retraction.notice, "paper": retraction.paper}[hidden]
            papers = {pmid: paper for pmid, paper in published.papers.items() if pmid != gone}
            server.world = Shown(replace(published, papers=papers))  # type: ignore[assignment]
        found = source.detect(cursor, Access(now=time_of(act), base_urls=server.base_urls))
        cursor = found.cursor
        memory.learn(time_of(act), found.revisions)
    if hidden:
        server.world = build_world(Act.BACKLOG, Act.AMENDMENT)


@dataclass
class Shown:
    """A world that shows just this."""

    published: Published


# Withdrawn rules.


def test_a_rule_that_regulations_gov_marks_as_withdrawn_was_in_force_until_we_learned_of_it(memory: Memory) -> None:
    with RehearsalServer(build_world(Act.BACKLOG)) as server:
        published, later = server.world.published, time_of(Act.AMENDMENT)
        rule = next(one for one in published.dockets.values() if one.kind == "Rule")
        ended = replace(rule, is_withdrawn=True, modified=later - timedelta(hours=2))
        source, cursor = RegulationsGov(start=BACKLOG_START), None
        for time, shown in (
            (time_of(Act.BACKLOG), published),
            (later, replace(published, dockets=published.dockets | {rule.document_id: ended})),
        ):
            server.world = Shown(shown)  # type: ignore[assignment]
            found = source.detect(cursor, Access(now=time, base_urls=server.base_urls, secrets={"regulations_gov": "any"}))
            cursor = found.cursor
            memory.learn(time, found.revisions)
    assert memory.ask(rule.document_id, later.date()) == []
    (before,) = memory.ask(rule.document_id, later.date() - DAY)
    assert (before.title, before.effective_to) == (rule.title, later.date())
    assert memory.ask(rule.document_id, later.date(), time_of(Act.BACKLOG)), "nobody knew then"


def test_a_notice_that_names_the_rule_it_withdraws_ends_it_on_the_notice_s_own_day(memory: Memory) -> None:
    with RehearsalServer(build_world(Act.BACKLOG)) as server:
        published, later = server.world.published, time_of(Act.AMENDMENT)
        rule = next(one for one in published.notices.values() if one.kind == "Proposed Rule")
        notice = replace(
            rule,
            number="2026-90001",
            action="Proposed rule; withdrawal.",
            abstract=f"The agency withdraws the proposed rule published as FR Doc. {rule.number} in this docket.",
            published=later.date() - 2 * DAY,
            effective=None,
        )
        source, cursor = FederalRegister(start=BACKLOG_START), None
        for time, shown in (
            (time_of(Act.BACKLOG), published),
            (later, replace(published, notices=published.notices | {notice.number: notice})),
        ):
            server.world = Shown(shown)  # type: ignore[assignment]
            found = source.detect(cursor, Access(now=time, base_urls=server.base_urls))
            cursor = found.cursor
            memory.learn(time, found.revisions)
    (before,) = memory.ask(rule.number, notice.published - DAY)
    assert before.effective_to == notice.published
    assert memory.ask(rule.number, notice.published) == []
    assert memory.ask(rule.number, notice.published, time_of(Act.BACKLOG))
    assert memory.ask(notice.number, notice.published), "the notice itself stands"
