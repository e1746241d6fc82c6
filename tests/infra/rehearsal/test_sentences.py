"""The grammar writes varied English, always of the length and the words asked for."""

from __future__ import annotations

import json
from importlib.resources import files
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.rehearsal.sentences import GrammarError, Pen, count_words, deal, load_rules, polish, shingles, write_within

VOCABULARIES = ("recalls", "trials", "papers", "foreign", "rules")
# What the code binds, and no file holds.
BOUND = {"condition", "condition_cap", "agency", "part", "subject", "desk"}


def build_pen(seed: int = 1, **rules: tuple[str, ...]) -> Pen:
    return Pen(rules, Random(seed))


def test_writes_the_same_words_for_the_same_seed() -> None:
    rules = load_rules("recalls")
    assert Pen(rules, Random(3)).write("harm_I") == Pen(rules, Random(3)).write("harm_I")
    assert len({Pen(rules, Random(seed)).write("neutral") for seed in range(50)}) > 40


def test_a_bound_name_stands_for_the_same_words_everywhere() -> None:
    pen = build_pen(whole=("{firm} and {firm}",), firm=("one", "two"))
    assert pen.write("whole", firm="Acme") == "Acme and Acme"


def test_refuses_a_rule_that_the_grammar_does_not_have() -> None:
    with pytest.raises(GrammarError, match="no rule missing"):
        build_pen(whole=("{missing}",)).write("whole")


def test_refuses_a_grammar_that_goes_round_in_a_circle() -> None:
    with pytest.raises(GrammarError, match="circle"):
        build_pen(a=("{b}",), b=("{a}",)).write("a")


@given(st.integers(0, 500), st.integers(0, 500))
def test_a_number_stays_in_its_range(low: int, width: int) -> None:
    pen = build_pen(whole=(f"{{n:{low}-{low + width}}}",))
    assert low <= int(pen.write("whole")) <= low + width


@pytest.mark.parametrize(
    ("written", "polished"),
    [
        ("an drug", "A drug"),
        ("a older unit", "An older unit"),
        ("a unique unit", "A unique unit"),
        ("a X-ray", "An X-ray"),
        ("it ends. it begins", "It ends. It begins"),
    ],
)
def test_polishes_articles_and_capitals(written: str, polished: str) -> None:
    assert polish(written).removeprefix(polished) in {"", written}
    assert polish(written)[0].isupper()


@given(st.text())
def test_polishing_twice_is_polishing_once(text: str) -> None:
    assert polish(polish(text)) == polish(text)


@given(st.integers(1, 400), st.integers(0, 99))
def test_deals_the_shares_exactly_but_for_rounding(count: int, seed: int) -> None:
    dealt = deal(("a", "b", "c"), (3, 4, 3), count, Random(seed))
    assert len(dealt) == count
    assert all(abs(dealt.count(name) - count * share / 10) <= 1 for name, share in (("a", 3), ("b", 4), ("c", 3)))


def test_refuses_a_length_that_no_draft_reaches() -> None:
    with pytest.raises(GrammarError, match="no draft"):
        write_within(lambda: "too short")
    assert count_words(write_within(lambda: "word " * 60)) == 60


def test_shingles_of_a_text_shorter_than_the_width_are_none() -> None:
    assert shingles("two words") == frozenset()
    assert shingles("One, two three FOUR") == {("one", "two", "three"), ("two", "three", "four")}


@pytest.mark.parametrize("name", VOCABULARIES)
def test_every_slot_of_the_vocabulary_has_a_rule(name: str) -> None:
    rules = {**load_rules("trials", name), **dict.fromkeys(BOUND, ("x",))}
    for rule, alternatives in load_rules(name).items():
        for alternative in alternatives:
            Pen({**rules, "only": (alternative,)}, Random(0)).write("only")
        assert len(set(alternatives)) == len(alternatives), f"{rule} repeats itself"


def test_every_topic_can_change() -> None:
    topics = json.loads(files("infra.rehearsal.vocabulary").joinpath("topics.json").read_text())["topics"]
    assert len({topic["subject"] for topic in topics}) == len(topics) == 24
    for topic in topics:
        assert topic["old"] != topic["new"]
        assert all("{threshold}" in wording for wording in [topic["rule"], *topic["restated"]])
        assert topic["question"].endswith("?")
