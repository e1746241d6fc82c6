"""Declared subgroups are found in the text, by patterns that no text can bring to a halt."""

from __future__ import annotations

import time

import pytest
from pydantic import ValidationError

from pipelines.evaluate.params import EvaluateParams
from pipelines.evaluate.subgroups import check_pattern, find_subgroups
from tests.builders.lessons import build_document


def test_a_document_is_in_every_subgroup_whose_pattern_is_anywhere_in_it_by_name() -> None:
    documents = [
        build_document(1, text="A child of 7 years"),
        build_document(2, text="An adult"),
        build_document(3, text="CHILD"),
    ]
    patterns = {"young": r"child|\b[0-9] years", "adults": "adult", "any_case": "(?i)child"}
    assert find_subgroups(documents, patterns) == {
        documents[0].row_id: ("any_case", "young"),
        documents[1].row_id: ("adults",),
        documents[2].row_id: ("any_case",),
    }


def test_a_document_that_is_asked_about_twice_is_in_its_subgroup_once() -> None:
    document = build_document(1, text="child")
    assert find_subgroups([document, document], {"young": "child"}) == {document.row_id: ("young",)}


def test_there_may_be_no_documents_and_no_subgroups() -> None:
    assert find_subgroups([], {"young": "child"}) == {}
    assert find_subgroups([build_document(1)], {}) == {}


@pytest.mark.parametrize("pattern", [r"(a+)+$", r"(a|aa)+$", r"(.*a){20}$", r"(a|a?)+b"])
def test_a_pattern_that_would_stop_a_backtracking_engine_takes_a_moment(pattern: str) -> None:
    document = build_document(1, text="a" * 500_000 + "!")
    start = time.process_time()
    assert find_subgroups([document], {"trap": pattern}) == {}
    assert time.process_time() - start < 10  # a backtracking engine would not end in this universe


@pytest.mark.parametrize("pattern", ["(", "[z-a]", r"(a)\1", "(?=a)", "a{5000}"])
def test_a_pattern_that_cannot_be_matched_in_linear_time_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match="no regular expression of RE2"):
        check_pattern(pattern)
    with pytest.raises(ValidationError, match="subgroups"):
        EvaluateParams(subgroups={"group": pattern})


@pytest.mark.parametrize("wrong", [{"Name": "a"}, {"1st": "a"}, {"": "a"}, {"a" * 41: "a"}, {"a": ""}, {"a": "a" * 1001}])
def test_a_subgroup_has_a_short_plain_name_and_a_pattern(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        EvaluateParams(subgroups=wrong)


def test_patterns_are_written_and_read_as_they_are() -> None:
    params = EvaluateParams(subgroups={"young": r"(?i)\bchild(ren)?\b"})
    assert EvaluateParams.model_validate_json(params.model_dump_json()) == params
    assert EvaluateParams().subgroups == {}
