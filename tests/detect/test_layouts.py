"""Lines and cells stand where they were begun, and nothing between them is invented."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pipelines.detect.layouts import CELL, Scribe

STEPS = st.lists(st.sampled_from(["line", "cell"]) | st.text(alphabet="ab \n|", max_size=4), max_size=20)


def take_down(steps: list[str]) -> str:
    scribe = Scribe()
    for step in steps:
        if step == "line":
            scribe.begin_line()
        elif step == "cell":
            scribe.begin_cell()
        else:
            scribe.write(step)
    return scribe.text


@given(STEPS)
def test_every_letter_is_kept_in_its_order_and_none_is_added_but_between_cells(steps: list[str]) -> None:
    given_letters = "".join("".join(step.split()) for step in steps if step not in {"line", "cell"})
    found = "".join(take_down(steps).split())
    assert found.replace("|", "") == given_letters.replace("|", "")
    assert found.count("|") <= given_letters.count("|") + steps.count("cell")


@given(STEPS)
def test_no_line_is_empty_or_surrounded_by_blanks(steps: list[str]) -> None:
    for line in take_down(steps).splitlines():
        assert line == line.strip()
        assert line.strip(" |") or "|" in line


def test_an_empty_cell_keeps_its_place() -> None:
    assert take_down(["a", "cell", "cell", "b", "line", "line", "cell", "c"]) == f"a{CELL}{CELL}b\nc"


def test_nothing_was_taken_down_of_nothing() -> None:
    assert take_down(["line", "cell", " ", "line"]) == ""
