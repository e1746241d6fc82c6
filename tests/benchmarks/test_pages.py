"""A benchmark tells its misses as it tells what it met, twice the same, and a quick run never over the docs."""

from __future__ import annotations

import json
import math
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from benchmarks.measures import Goal, Measure, Occasion, describe_machine, observe, write_records
from benchmarks.pages import (
    DOCS,
    Page,
    Section,
    choose_folder,
    compose,
    open_parser,
    report,
    tabulate,
    tabulate_measures,
    write_page,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

OCCASION = Occasion(machine="a processor, 2 cores, Linux", date="2026-11-30")
FIELDS = ["measure", "goal", "value", "unit", "met", "n", "machine", "date"]


def build_measure(value: float = 0.5, **fields: object) -> Measure:
    return Measure(**{"measure": "currency", "value": value, "unit": "share", "n": 40, **fields})  # type: ignore[arg-type]


def draw_line(figure: Figure) -> None:
    figure.subplots().plot([1, 2, 3], [0.5, 0.7, 0.9], label="a line")


def build_page(*measures: Measure, **fields: object) -> Page:
    defaults = {"name": "tried", "title": "Is it so?", "lead": "Of ours.", "command": "python benchmarks/tried.py"}
    return Page(**{**defaults, "measures": measures, **fields})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("goal", "says", "met"),
    [
        (Goal(bound=0.5), "≤ 0.5", [True, True, False]),
        (Goal(bound=0.5, is_most=False), "≥ 0.5", [False, True, True]),
        (Goal(bound=0.5, is_strict=True), "< 0.5", [True, False, False]),
        (Goal(bound=0.5, is_most=False, is_strict=True), "> 0.5", [False, False, True]),
    ],
)
def test_a_goal_is_met_on_its_own_side_and_equality_counts_unless_it_is_strict(goal: Goal, says: str, met: list[bool]) -> None:
    assert goal.says == says
    assert [goal.is_met(value) for value in (0.4, 0.5, 0.6)] == met


@pytest.mark.parametrize("goal", [Goal(bound=0.5), Goal(bound=0.5, is_most=False), Goal(bound=0.5, is_strict=True)])
def test_what_could_not_be_measured_meets_no_goal(goal: Goal) -> None:
    assert not goal.is_met(math.nan)
    assert "not measured" in tabulate_measures([build_measure(math.nan, goal=goal)])


def test_what_has_no_goal_is_told_and_neither_met_nor_missed() -> None:
    assert build_measure().met is None
    assert build_measure().record.goal is None
    assert "| told |" in tabulate_measures([build_measure()])


def test_records_hold_every_field_and_every_miss(tmp_path: Path) -> None:
    missed, told = build_measure(0.7, goal=Goal(bound=0.9, is_most=False)), build_measure(math.nan)
    write_records(tmp_path / "some.json", [missed.record, told.record], OCCASION)
    first, second = json.loads((tmp_path / "some.json").read_text(encoding="utf-8"))
    assert list(first) == FIELDS
    assert first == {
        "measure": "currency",
        "goal": "≥ 0.9",
        "value": 0.7,
        "unit": "share",
        "met": False,
        "n": 40,
        "machine": OCCASION.machine,
        "date": OCCASION.date,
    }
    assert (second["goal"], second["met"], second["value"]) == (None, None, None)


def test_goals_stand_beside_figures_with_their_interval() -> None:
    line = tabulate_measures([build_measure(0.91, goal=Goal(bound=0.9, is_most=False), interval=(0.85, 0.96))]).splitlines()[-1]
    assert line == "| currency | 0.91 share (0.85 – 0.96) | 40 | ≥ 0.9 | met |"


def test_thousands_are_written_out() -> None:
    assert "| 118,250 tokens |" in tabulate_measures([build_measure(118_250.4, unit="tokens")])


def test_a_bar_within_a_cell_does_not_end_it() -> None:
    assert tabulate(("a",), [("P(x|y)",)]).splitlines()[-1] == "| P(x\\|y) |"


def test_the_page_says_the_command_the_machine_the_day_and_what_it_means() -> None:
    page = compose(build_page(build_measure(), sections=(Section(heading="What it means", text="\nThat.\n"),)), OCCASION)
    assert page.startswith("# Is it so?\n")
    assert "Measured with `python benchmarks/tried.py` on 2026-11-30; a processor, 2 cores, Linux." in page
    assert page.endswith("## What it means\n\nThat.\n")


def test_the_same_measures_give_the_same_bytes(tmp_path: Path) -> None:
    page = build_page(build_measure(), draw=draw_line, caption="a line")
    for name in ("one", "two"):
        write_page(page, tmp_path / name, OCCASION)
    for file in ("tried.md", "tried.json", "tried.svg"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()
    assert "![a line](tried.svg)" in (tmp_path / "one" / "tried.md").read_text(encoding="utf-8")
    assert "</svg>" in (tmp_path / "one" / "tried.svg").read_text(encoding="utf-8")


def test_without_a_picture_the_page_shows_none(tmp_path: Path) -> None:
    write_page(build_page(build_measure()), tmp_path, OCCASION)
    assert not (tmp_path / "tried.svg").exists()
    assert "svg" not in (tmp_path / "tried.md").read_text(encoding="utf-8")


def test_a_full_run_writes_the_docs_and_a_quick_one_where_it_is_told_or_nowhere(tmp_path: Path) -> None:
    assert choose_folder(is_quick=False, output=None) == DOCS
    assert choose_folder(is_quick=False, output=tmp_path) == tmp_path
    assert choose_folder(is_quick=True, output=None) is None
    assert choose_folder(is_quick=True, output=tmp_path) == tmp_path


@pytest.mark.parametrize("folder", [DOCS, DOCS.parent, DOCS / "deeper", DOCS / ".." / "benchmarks"])
def test_a_quick_run_is_refused_the_docs(folder: Path) -> None:
    with pytest.raises(SystemExit, match="outside docs"):
        choose_folder(is_quick=True, output=folder)


def test_the_docs_are_those_that_people_read() -> None:
    assert (DOCS / "gate.md").is_file()


@pytest.mark.parametrize(("arguments", "value", "status"), [([], 0.95, 0), ([], 0.8, 1), (["--quick"], 0.8, 0)])
def test_a_missed_goal_is_the_exit_status_of_a_full_run(
    arguments: list[str], value: float, status: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = build_page(build_measure(value, goal=Goal(bound=0.9, is_most=False)), build_measure())
    assert report(page, open_parser("Is it so?").parse_args([*arguments, "--output", str(tmp_path)])) == status
    assert "| currency |" in capsys.readouterr().out
    assert json.loads((tmp_path / "tried.json").read_text(encoding="utf-8"))[0]["met"] is (value >= 0.9)


def test_the_arguments_are_those_of_every_benchmark() -> None:
    parser = open_parser("Is it so?\n\nMore.")
    assert parser.description == "Is it so?"
    assert parser.parse_args([]) == Namespace(quick=False, output=None)
    assert parser.parse_args(["--quick", "--output", "x"]) == Namespace(quick=True, output=Path("x"))


def test_a_machine_is_named_by_its_processor_and_no_path() -> None:
    assert "cores" in describe_machine()
    assert "/" not in describe_machine()
    assert observe("one accelerator").machine == f"{describe_machine()}, one accelerator"
