"""What is remembered is what was signed, holds no text, and is passed over when it is not what its name says."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest

from pipelines.curate import memories
from pipelines.curate.memories import Memory, forget_signatures
from pipelines.curate.segments import Resemblance, Segment, build_segment
from pipelines.curate.signatures import digest_texts
from tests.builders.curations import invent_words, vary

USUAL = Resemblance(shingle=3, bands=16, rows=8, threshold=0.75)
STRICTER = Resemblance(shingle=3, bands=16, rows=8, threshold=0.9)
TEXTS = [" ".join(invent_words(seed, 60)) for seed in range(5)] + [" ".join(vary(invent_words(0, 60), 2)), "too short", ""]


def build(texts: list[str] = TEXTS, resemblance: Resemblance = USUAL) -> Segment:
    return build_segment(texts, digest_texts(texts), resemblance)


def is_same(left: Segment, right: Segment) -> bool:
    return (
        left.texts.equals(right.texts)
        and left.forms.equals(right.forms)
        and all(
            np.array_equal(one, other) and one.dtype == other.dtype and one.shape == other.shape
            for one, other in (
                (left.forms_of, right.forms_of),
                (left.signatures, right.signatures),
                (left.bands.keys, right.bands.keys),
                (left.bands.order, right.bands.order),
                (left.near, right.near),
            )
        )
    )


@pytest.mark.parametrize("texts", [TEXTS, TEXTS[:1], [""], ["a", "b c"]])
def test_what_is_recalled_is_what_was_added(tmp_path: Path, texts: list[str]) -> None:
    segment = build(texts)
    Memory(tmp_path, USUAL).add(segment)
    (recalled,) = Memory(tmp_path, USUAL).recall()
    assert is_same(recalled, segment)


def test_nothing_is_recalled_from_where_nothing_is(tmp_path: Path) -> None:
    assert Memory(tmp_path / "nowhere", USUAL).recall() == []


def test_the_largest_is_recalled_first(tmp_path: Path) -> None:
    memory = Memory(tmp_path, USUAL)
    for count in (2, 5, 1):
        memory.add(build(TEXTS[:count]))
    assert [len(segment.texts) for segment in memory.recall()] == [5, 2, 1]


def test_the_same_texts_are_the_same_file(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        Memory(tmp_path / folder, USUAL).add(build())
    (left,), (right,) = ((tmp_path / folder).iterdir() for folder in ("a", "b"))
    assert (left.name, left.read_bytes()) == (right.name, right.read_bytes())


def test_no_word_of_a_text_is_in_the_file(tmp_path: Path) -> None:
    Memory(tmp_path, USUAL).add(build())
    (file,) = tmp_path.iterdir()
    content = file.read_bytes()
    assert not any(word.encode() in content for text in TEXTS for word in text.split())


@pytest.mark.parametrize("place", [0, 700, -1])
def test_a_damaged_file_is_removed_and_not_read(tmp_path: Path, place: int) -> None:
    memory = Memory(tmp_path, USUAL)
    memory.add(build())
    memory.add(build(TEXTS[:2]))
    file = max(tmp_path.iterdir(), key=lambda one: one.stat().st_size)
    content = bytearray(file.read_bytes())
    content[place] ^= 1
    file.write_bytes(content)
    assert [len(segment.texts) for segment in memory.recall()] == [2]
    assert not file.exists()


def test_a_file_cut_short_is_not_read(tmp_path: Path) -> None:
    memory = Memory(tmp_path, USUAL)
    memory.add(build())
    (file,) = tmp_path.iterdir()
    file.write_bytes(file.read_bytes()[:100])
    assert memory.recall() == []


def test_what_was_signed_for_another_question_is_not_recalled_and_makes_room(tmp_path: Path) -> None:
    Memory(tmp_path, USUAL).add(build())
    stricter = Memory(tmp_path, STRICTER)
    assert stricter.recall() == []
    stricter.add(build(resemblance=STRICTER))
    assert Memory(tmp_path, USUAL).recall() == []
    assert len(stricter.recall()) == 1


def test_what_another_version_of_a_library_signed_is_not_recalled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Memory(tmp_path, USUAL).add(build())
    monkeypatch.setattr(memories, "version", lambda name: f"another {name}")
    assert Memory(tmp_path, USUAL).recall() == []


def test_replacing_leaves_one_and_what_was_half_written_goes(tmp_path: Path) -> None:
    memory = Memory(tmp_path, USUAL)
    memory.add(build(TEXTS[:2]))
    (tmp_path / "left.1.incomplete").write_bytes(b"half")
    memory.replace(build())
    assert [file.suffix for file in tmp_path.iterdir()] == [".arrow"]
    assert len(memory.recall()) == 1


def test_a_folder_that_cannot_be_written_costs_a_warning_and_no_result(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    taken = tmp_path / "taken"
    taken.write_text("a file", encoding="utf-8")
    with caplog.at_level(logging.WARNING, "addendum.stage"):
        Memory(taken / "domain", USUAL).add(build())
    assert "cannot be written" in caplog.text
    assert taken.read_text(encoding="utf-8") == "a file"


def test_forgetting_leaves_nothing_and_may_be_done_again(tmp_path: Path) -> None:
    Memory(tmp_path / "signatures" / "one", USUAL).add(build())
    Memory(tmp_path / "signatures" / "two", USUAL).add(build())
    forget_signatures(tmp_path / "signatures")
    forget_signatures(tmp_path / "signatures")
    assert list(tmp_path.iterdir()) == []
