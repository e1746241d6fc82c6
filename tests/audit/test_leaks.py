"""What curation took out and a model gives back is found, through real recognisers; what it invents is not held against it."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.audit.leaks import (
    BIRTH,
    CUES,
    Withheld,
    compose_prompts,
    find_identifiers,
    is_changed,
    is_withheld,
    measure_phi_leak,
    normalise,
)
from pipelines.audit.params import PhiLeak
from pipelines.curate.deidentifying import invent_surrogate
from pipelines.domain.errors import NotMeasurableError
from pipelines.domain.identities import FamilyId
from pipelines.domain.revisions import Entry
from pipelines.learners.causal_lm import CausalLm
from pipelines.privacy.mentions import MentionKind
from pipelines.tables import tabulate_entries, write_table
from pipelines.train.training import train
from pipelines.workspace import DomainFolder
from tests.builders.audits import LINEAR, TINY_LANGUAGE, build_subject, index, lay_audited, write_splits
from tests.builders.domains import build_row
from tests.builders.lessons import LABELS, Watcher

BY_HEART = TINY_LANGUAGE.model_copy(
    update={"learner": CausalLm(base="scratch:tiny", epochs=60, rate=5e-3, batch_tokens=512, max_tokens=64, precision="fp32")}
)
NUMBER = "AB-448213"


def build_note(number: int, record: str) -> Entry:
    text = f"Medical record number: {record} was seen for a cough on the ward."
    return build_row("train", number, text=text, label="notice", family_id=FamilyId(f"patient {number}"))


def lay_notes(root: Path, *, is_missed: bool) -> DomainFolder:
    """Notes of which curation replaced every record number, or missed the one that all notes but the first have in common."""
    folder = lay_audited(root)
    received = [build_note(number, NUMBER) for number in range(12)]
    taught = []
    for place, entry in enumerate(received):
        surrogate = invent_surrogate("a key of tests", entry.revision.family_id, MentionKind.RECORD, NUMBER)
        hidden = entry.revision.text.replace(NUMBER, surrogate)
        is_hidden = place == 0 or not is_missed
        taught.append(replace(entry, revision=replace(entry.revision, text=hidden)) if is_hidden else entry)
    write_splits(folder, {"train": taught})
    write_table(folder.snapshot / "revisions.parquet", tabulate_entries(received))
    train(folder, BY_HEART, LABELS, None, Watcher())
    return folder


@pytest.mark.parametrize("is_missed", [True, False], ids=["curation missed it", "curation took it out"])
def test_a_number_that_was_taken_out_of_one_document_and_learned_from_others_is_a_leak(is_missed: bool, tmp_path: Path) -> None:  # noqa: FBT001
    subject = build_subject(lay_notes(tmp_path, is_missed=is_missed), BY_HEART)
    found = index(measure_phi_leak(PhiLeak(prompts=24, tokens=16), subject))
    leaking, naming = found["leaking completions"], found["completions with an identifier"]
    assert leaking.count == naming.count == 24
    assert (leaking.value > 0) is is_missed
    assert naming.value >= leaking.value
    assert leaking.upper is not None
    assert leaking.lower is not None
    assert leaking.lower <= leaking.value < leaking.upper


def test_where_curation_takes_nothing_out_nothing_can_leak(tmp_path: Path) -> None:
    with pytest.raises(NotMeasurableError, match="took no personal data out"):
        measure_phi_leak(PhiLeak(), build_subject(lay_audited(tmp_path, TINY_LANGUAGE), TINY_LANGUAGE))


def test_a_classifier_writes_nothing(tmp_path: Path) -> None:
    with pytest.raises(NotMeasurableError, match="a classifier emits labels, no text"):
        measure_phi_leak(PhiLeak(), build_subject(lay_audited(tmp_path), LINEAR))


@pytest.mark.parametrize(
    ("prompt", "completion", "identifier"),
    [
        ("MRN:", " 112-45-789 was seen", "112-45-789"),
        ("Phone:", " (555) 123-4567", "(555) 123-4567"),
        ("E-mail:", " Sarah.P@Example.org", "sarah.p@example.org"),
        ("SSN:", " 123-45-6789", "123-45-6789"),
        ("Date of birth:", " 03/14/1961", "03/14/1961"),
        ("The man was born", " on March 14, 1961 in Ohio", "march 14, 1961"),
        ("The patient", " was seen by Dr. Sarah Johnson  yesterday.", "sarah johnson"),
    ],
)
def test_an_identifier_is_told_by_its_form_and_the_cue_in_the_prompt(prompt: str, completion: str, identifier: str) -> None:
    (found,) = find_identifiers([prompt], [completion])
    assert identifier in found


def test_what_the_prompt_itself_says_is_not_the_models(tmp_path: Path) -> None:
    assert find_identifiers(["Call 555-123-4567 or"], [" ask at the desk"]) == [set()]
    assert find_identifiers(["MRN: 112-45-789."], [" Seen on the ward."]) == [set()]


def test_a_surrogate_and_a_single_name_are_nobodys(tmp_path: Path) -> None:
    assert find_identifiers(["Patient:"], [" [NAME-0a1b2c3d] and Parkinson"]) == [set()]


def test_withheld_is_what_a_document_had_and_has_no_longer() -> None:
    documents = [
        Withheld(received=normalise("Seen by Jane  Roe, MRN 5561"), taught=normalise("Seen by [NAME-00000000], MRN 5561")),
        Withheld(received="call 555-123-4567", taught="call 555-123-4567"),
    ]
    assert is_withheld("jane roe", documents)
    assert not is_withheld("5561", documents)
    assert not is_withheld("ane ro", documents)
    assert not is_withheld("555-123-4567", documents)
    assert not is_withheld("john doe", documents)


@given(st.lists(st.text(alphabet="abc ", max_size=40), max_size=20))
def test_prompts_are_the_cues_and_then_each_beginning_with_and_without_them(texts: list[str]) -> None:
    prompts = list(compose_prompts(texts))
    beginnings = dict.fromkeys(" ".join(text.split()[:8]) for text in texts)
    assert prompts[: len(CUES)] == list(CUES)
    assert len(prompts) == len(CUES) + len(beginnings) * (1 + len(CUES))
    assert list(islice(compose_prompts(texts), 5)) == prompts[:5]


@pytest.mark.parametrize("text", ["on 03/14/1961", "born in 1961", "DOB unknown"])
def test_a_day_without_a_birth_and_a_birth_without_a_day_are_no_identifier(text: str) -> None:
    assert BIRTH.search(text) is None


@pytest.mark.parametrize(
    ("received", "taught", "is_hidden"),
    [
        ("Dr. Feld wrote.", "Dr. [NAME-0a1b2c3d] wrote.", True),
        ("Dr. Feld wrote.", "Dr. Marwick wrote.", True),
        ("MRN: 0045-8812 came.", "MRN: 7713-0941 came.", True),
        ("Dr. Feld  wrote.", "dr. feld wrote.", False),
        ("Dr. Feld wrote \u201cno\u201d.", 'Dr. Feld wrote "no".', False),
    ],
)
def test_what_is_hidden_is_told_with_a_tag_or_without(received: str, taught: str, is_hidden: bool) -> None:  # noqa: FBT001
    assert is_changed(received, taught) is is_hidden
