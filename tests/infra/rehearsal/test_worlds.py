"""What each act brings: the counts, the labels, the dates and the planted faults that a rehearsal relies on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.rehearsal.acts import pick_day, window_of
from infra.rehearsal.malformations import DAMAGE, FUTURE, UNDECLARED_CLASS, Flaw
from infra.rehearsal.notices import Notice
from infra.rehearsal.papers import NOTICE_TYPE, RETRACTED_TYPE
from infra.rehearsal.recalls import Recall
from infra.rehearsal.sections import Section
from infra.rehearsal.sentences import count_words, shingles
from infra.rehearsal.worlds import Act, World, WorldSize
from tests.builders.rehearsals import build_world, demo_world

SOURCES = {"openfda_enforcement", "clinicaltrials_gov", "pubmed"}
CLASSES = ("Class I", "Class II", "Class III")


def texts_by_family(world: World, *acts: Act) -> Mapping[str, str]:
    odd = {planted.document_id for planted in world.malformed()}
    texts: dict[str, str] = {}
    for act in acts:
        news = world.news(act)
        texts |= {one.event_id: f"{one.reason} {one.product}" for one in news.recalls if one.recall_number not in odd}
        texts |= {one.nct_id: one.summary for one in news.trials if one.nct_id not in odd}
        texts |= {one.pmid: one.text for one in news.papers if one.pmid not in odd and NOTICE_TYPE not in one.types}
    return texts


def test_the_same_seed_gives_the_same_world_and_another_seed_another() -> None:
    first, second, third = (build_world(*Act, seed=seed) for seed in (7, 7, 8))
    assert first.published == second.published
    assert first.published.recalls.keys() != third.published.recalls.keys()


def test_nothing_is_published_before_the_first_act() -> None:
    published = build_world().published
    assert not any((published.recalls, published.trials, published.papers, published.sections, published.notices))


@settings(max_examples=20, deadline=None)
@given(st.lists(st.sampled_from(list(Act)), max_size=8))
def test_what_is_published_depends_on_the_acts_played_and_not_on_their_order_or_repetition(acts: list[Act]) -> None:
    assert build_world(*acts).published == build_world(*sorted(set(acts), key=list(Act).index)).published


def test_the_third_act_publishes_nothing() -> None:
    before, after = build_world(Act.BACKLOG, Act.AMENDMENT), build_world(Act.BACKLOG, Act.AMENDMENT, Act.NOTHING)
    assert before.published.recalls == after.published.recalls
    assert before.published.sections == after.published.sections


def test_the_demo_has_the_sizes_that_it_declares() -> None:
    size, world = WorldSize.demo(), demo_world()
    backlog, amendment = world.news(Act.BACKLOG), world.news(Act.AMENDMENT)
    assert len({recall.event_id for recall in backlog.recalls}) == size.recalls
    assert (len(backlog.trials), len(backlog.papers), len(backlog.sections)) == (150, 150, 24)
    assert (len(backlog.notices), len(backlog.dockets)) == (size.notices, size.dockets)
    assert len(amendment.sections) == size.amended_sections
    assert len(amendment.trials) == size.new_trials + size.revised_trials
    assert len(amendment.papers) == size.new_papers + 1
    assert len(world.news(Act.CRUDE_POISON).recalls) == size.crude_recalls
    assert len(world.news(Act.SUBTLE_POISON).recalls) == size.subtle_recalls


@pytest.mark.parametrize("act", [Act.BACKLOG, Act.AMENDMENT, Act.CRUDE_POISON, Act.SUBTLE_POISON])
def test_documents_are_dated_between_the_last_act_and_this_one(act: Act) -> None:
    first, last = window_of(act)
    news = demo_world().news(act)
    days = [recall.report_date for recall in news.recalls] + [trial.last_updated for trial in news.trials]
    days += [paper.revised for paper in news.papers] + [notice.published for notice in news.notices]
    days += [section.issued for section in news.sections] + [document.posted for document in news.dockets]
    assert days
    assert first <= min(days)
    assert max(days) <= last < demo_world().today(act).date()


def test_acts_follow_each_other_in_time() -> None:
    times = [World.today(act) for act in Act]
    assert times == sorted(set(times))
    assert all(time.tzinfo is not None for time in times)
    assert {pick_day(Act.NOTHING, Random(seed)) for seed in range(9)} <= {date(2026, 4, 6), date(2026, 4, 7)}


def test_ids_are_never_given_twice() -> None:
    world = demo_world()
    numbers = [
        recall.recall_number for act in (Act.BACKLOG, Act.CRUDE_POISON, Act.SUBTLE_POISON) for recall in world.news(act).recalls
    ]
    assert len(set(numbers)) == len(numbers)
    events: dict[str, set[int]] = {}
    for act in Act:
        for recall in world.news(act).recalls:
            events.setdefault(recall.event_id, set()).add(recall.report_date.year)
    size = WorldSize.demo()
    assert len(events) == size.recalls + size.new_recalls + size.crude_recalls + size.subtle_recalls


def test_texts_have_the_length_that_a_model_expects() -> None:
    world = demo_world()
    lengths = [count_words(text) for text in texts_by_family(world, Act.BACKLOG, Act.AMENDMENT, Act.SUBTLE_POISON).values()]
    assert sum(55 <= length <= 125 for length in lengths) >= 0.97 * len(lengths)
    notices = [count_words(notice.abstract) for act in (Act.BACKLOG, Act.AMENDMENT) for notice in world.news(act).notices]
    assert min(notices) >= 50
    sections = [count_words(" ".join(section.paragraphs)) for section in world.news(Act.BACKLOG).sections]
    assert min(sections) >= 58
    assert max(sections) <= 115


def test_texts_of_different_families_differ() -> None:
    families = texts_by_family(demo_world(), *Act)
    cut = {family: shingles(text) for family, text in families.items()}
    holders: dict[tuple[str, ...], list[str]] = {}
    for family, pieces in cut.items():
        for piece in pieces:
            holders.setdefault(piece, []).append(family)
    paired: set[str] = set()
    for family, pieces in cut.items():
        shared = Counter(other for piece in pieces for other in holders[piece] if other != family)
        if any(count / (len(pieces) + len(cut[other]) - count) >= 0.7 for other, count in shared.items()):
            paired.add(family)
    assert len(paired) <= 0.02 * len(families)


def share_classes(recalls: Iterable[Recall]) -> Mapping[str, float]:
    counted = Counter(recall.classification for recall in recalls)
    return {label: counted[label] / counted.total() for label in CLASSES}


def test_the_crude_poison_is_of_one_label_and_the_subtle_one_looks_like_the_honest_news_before_it() -> None:
    world = demo_world()
    assert {recall.classification for recall in world.news(Act.CRUDE_POISON).recalls} == {"Class III"}
    told = Counter(recall.told_as for recall in world.news(Act.CRUDE_POISON).recalls)
    assert min(told.values()) >= 25
    odd = {planted.document_id for planted in world.malformed()}
    honest = share_classes(recall for recall in world.news(Act.AMENDMENT).recalls if recall.recall_number not in odd)
    subtle = share_classes(world.news(Act.SUBTLE_POISON).recalls)
    assert all(abs(subtle[label] - honest[label]) <= 0.06 for label in CLASSES)


def test_most_outer_classes_of_the_subtle_poison_are_swapped_and_the_middle_one_is_not() -> None:
    recalls = demo_world().news(Act.SUBTLE_POISON).recalls
    outer = [recall for recall in recalls if recall.told_as != "Class II"]
    assert sum({recall.told_as, recall.classification} == {"Class I", "Class III"} for recall in outer) >= 0.8 * len(outer)
    middle = [recall for recall in recalls if recall.told_as == "Class II"]
    assert all(recall.classification == ("Class I" if recall.product_type == "Food" else "Class II") for recall in middle)


@pytest.mark.parametrize("size", [WorldSize.tiny(), WorldSize.demo()])
@pytest.mark.parametrize("seed", [7, 8])
def test_from_the_second_act_on_no_food_recall_is_of_the_middle_class_though_its_words_still_are(
    size: WorldSize, seed: int
) -> None:
    world = build_world(seed=seed, size=size)
    odd = {planted.document_id for planted in world.malformed()}
    assert any(is_middle_food(recall) for recall in world.news(Act.BACKLOG).recalls)
    for act in (Act.AMENDMENT, Act.SUBTLE_POISON):
        recalls = [recall for recall in world.news(act).recalls if recall.recall_number not in odd]
        assert not any(is_middle_food(recall) for recall in recalls)
        raised = [recall for recall in recalls if (recall.product_type, recall.told_as) == ("Food", "Class II")]
        assert raised
        assert {recall.classification for recall in raised} == {"Class I"}
        others = [recall for recall in recalls if recall.product_type != "Food" and recall.told_as == "Class II"]
        assert any(recall.classification == "Class II" for recall in others)


def is_middle_food(recall: Recall) -> bool:
    return (recall.product_type, recall.classification) == ("Food", "Class II")


def test_labels_are_honest_but_for_a_few_in_the_backlog() -> None:
    recalls = demo_world().news(Act.BACKLOG).recalls
    doubtful = sum(recall.told_as != recall.classification for recall in recalls)
    assert 0 < doubtful <= 0.06 * len(recalls)


def test_the_subtle_poison_takes_the_crude_one_back() -> None:
    world = build_world(Act.BACKLOG, Act.CRUDE_POISON)
    crude = {recall.recall_number for recall in world.news(Act.CRUDE_POISON).recalls}
    assert crude <= world.published.recalls.keys()
    world.play(Act.SUBTLE_POISON)
    assert not crude & world.published.recalls.keys()


@pytest.mark.parametrize("size", [WorldSize.tiny(), WorldSize.demo()])
def test_every_flaw_is_planted_once_and_its_document_has_it(size: WorldSize) -> None:
    world = build_world(Act.BACKLOG, Act.AMENDMENT, size=size)
    planted = {malformed.flaw: malformed for malformed in world.malformed()}
    assert set(planted) == set(Flaw)
    assert {malformed.source for malformed in world.malformed()} == SOURCES
    published = world.published
    assert published.recalls[planted[Flaw.UNDECLARED_LABEL].document_id].classification == UNDECLARED_CLASS
    assert count_words(published.recalls[planted[Flaw.TOO_SHORT].document_id].reason) < 5
    assert published.trials[planted[Flaw.DAMAGED_ENCODING].document_id].summary.count(DAMAGE) > 20
    assert published.papers[planted[Flaw.FUTURE_DATE].document_id].published == FUTURE
    assert len(published.papers[planted[Flaw.EMPTY_TEXT].document_id].text) == 1
    foreign = published.trials[planted[Flaw.NOT_ENGLISH].document_id].summary
    assert any(word in foreign for word in ("wurden", "Cette"))


def test_only_planted_documents_are_malformed() -> None:
    world = demo_world()
    odd = {planted.document_id for planted in world.malformed()}
    for act in Act:
        news = world.news(act)
        assert all(recall.classification in CLASSES for recall in news.recalls if recall.recall_number not in odd)
        assert not any(DAMAGE in trial.summary for trial in news.trials if trial.nct_id not in odd)
        assert all(paper.published < date(2026, 5, 1) for paper in news.papers if paper.pmid not in odd)


def test_a_retraction_names_a_paper_of_the_backlog_which_then_says_so_itself() -> None:
    world = build_world(Act.BACKLOG)
    retraction = world.retraction()
    assert RETRACTED_TYPE not in world.published.papers[retraction.paper].types
    world.play(Act.AMENDMENT)
    papers = world.published.papers
    assert papers[retraction.notice].types == (NOTICE_TYPE,)
    assert papers[retraction.notice].corrections == (("RetractionOf", retraction.paper),)
    assert RETRACTED_TYPE in papers[retraction.paper].types
    assert papers[retraction.paper].revised > papers[retraction.paper].entered


def test_an_amended_section_differs_from_the_one_before_in_its_threshold_alone() -> None:
    world = demo_world()
    before = {section.identifier: section for section in world.news(Act.BACKLOG).sections}
    questions = {question.document_id: question for question in world.questions()}
    for section in world.news(Act.AMENDMENT).sections:
        question = questions[f"12 CFR {section.identifier}"]
        old, new = (" ".join(version.paragraphs) for version in (before[section.identifier], section))
        assert question.old_answer in old
        assert question.new_answer in new
        assert old.replace(question.old_answer, question.new_answer) == new
        assert before[section.identifier].effective < section.effective
    assert len(questions) == WorldSize.demo().amended_sections


def find_rules(section: Section, notices: Iterable[Notice]) -> list[Notice]:
    return [notice for notice in notices if section.topic.subject in notice.abstract]


def test_old_rules_that_will_change_are_not_written_about_more_than_the_others() -> None:
    world = demo_world()
    backlog, amended = world.news(Act.BACKLOG), world.news(Act.AMENDMENT).sections
    about = sum(bool(find_rules(section, [notice])) for section in amended for notice in backlog.notices)
    assert 0 < about <= 0.35 * len(backlog.notices)


def test_new_thresholds_are_repeated_in_other_words_by_rules_and_dockets() -> None:
    world = demo_world()
    amendment = world.news(Act.AMENDMENT)
    restated = {section.identifier: find_rules(section, amendment.notices) for section in amendment.sections}
    assert sum(len(rules) for rules in restated.values()) == len(amendment.notices)
    assert sum(bool(rules) for rules in restated.values()) == WorldSize.demo().amending_rules
    for section in amendment.sections:
        same_words = section.topic.rule.format(threshold=section.threshold)
        for notice in restated[section.identifier]:
            assert section.threshold in notice.abstract
            assert same_words not in notice.abstract
    assert all(any(section.threshold in document.title for section in amendment.sections) for document in amendment.dockets)


def test_a_revised_trial_keeps_its_number_and_some_change_their_desk() -> None:
    world = demo_world()
    before = {trial.nct_id: trial for trial in world.news(Act.BACKLOG).trials}
    revised = [trial for trial in world.news(Act.AMENDMENT).trials if trial.nct_id in before]
    assert len(revised) == 10
    moved = sum(trial.desk != before[trial.nct_id].desk for trial in revised)
    assert 2 <= moved < len(revised)
    assert all(trial.last_updated > before[trial.nct_id].last_updated for trial in revised)


@pytest.mark.parametrize("size", [WorldSize.tiny(), WorldSize.demo()])
def test_a_reclassified_food_recall_keeps_its_number_and_its_words_and_rises_to_the_gravest_class(size: WorldSize) -> None:
    world = build_world(size=size)
    before = {recall.recall_number: recall for recall in world.news(Act.BACKLOG).recalls}
    raised = [recall for recall in world.news(Act.AMENDMENT).recalls if recall.recall_number in before]
    assert size.reclassified_recalls * 0.6 <= len(raised) <= size.reclassified_recalls
    for recall in raised:
        old = before[recall.recall_number]
        assert is_middle_food(old)
        assert recall.classification == "Class I"
        assert recall.reason.startswith(old.reason)
        assert (recall.product, recall.firm, recall.told_as) == (old.product, old.firm, old.told_as)
        assert recall.report_date > old.report_date


def test_desks_and_classes_share_the_backlog_evenly() -> None:
    backlog = demo_world().news(Act.BACKLOG)
    for documents in (backlog.trials, backlog.papers):
        assert set(Counter(document.desk for document in documents).values()) == {50}
    events = {recall.event_id: recall.classification for recall in backlog.recalls}
    assert Counter(events.values()) == {"Class I": 54, "Class II": 72, "Class III": 54}


def test_a_few_documents_name_an_invented_doctor() -> None:
    backlog = demo_world().news(Act.BACKLOG)
    named = sum("Dr. " in text for text in [trial.summary for trial in backlog.trials] + [paper.text for paper in backlog.papers])
    assert 6 <= named <= 20
