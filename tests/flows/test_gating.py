"""A holdout is counted and never scored; a held verdict says what it can decide and when it can decide more."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from flows.gating import Kept, count_sizes, describe_reach, measure_inflow, plan_gates, read_kept, tell_months
from flows.places import Place
from flows.planning import propose
from flows.promoting import Approval, promote_latest
from pipelines.domain.errors import ParamsError
from pipelines.domain.scorecards import Slice
from pipelines.domain.verdicts import Decision, Detail, Finding, Result, Verdict
from pipelines.judge.params import JudgeParams
from pipelines.ledger.looks import LookRequest, count_next_look, reserve_look
from pipelines.workspace import DomainFolder
from tests.builders.domains import build_row, write_split
from tests.builders.installations import LABELS
from tests.builders.ledgers import START
from tests.builders.outcomes import build_pin, forge_digest
from tests.builders.places import DOMAIN, judge_candidate

DAY = timedelta(days=1)


def keep(days: float, ingest_seq: int, source: str = "a", family: str = "f") -> Kept:
    return Kept(family=family, source=source, ingest_seq=ingest_seq, recorded_at=START + days * DAY)


def test_the_backlog_of_a_source_is_not_its_pace() -> None:
    rows = [*[keep(0, 1)] * 500, *[keep(15, 2)] * 10, *[keep(30.4375, 3)] * 10]
    assert measure_inflow(rows, START + 30.4375 * DAY) == pytest.approx(20)


def test_a_source_that_came_later_has_a_backlog_of_its_own() -> None:
    rows = [*[keep(0, 1)] * 5, *[keep(20, 2, "b")] * 500, *[keep(30.4375, 3, "b")] * 10]
    assert measure_inflow(rows, START + 30.4375 * DAY) == pytest.approx(10)


def test_only_the_last_half_year_counts() -> None:
    rows = [keep(0, 1), *[keep(100, 2)] * 900, *[keep(390, 3)] * 60]
    assert measure_inflow(rows, START + 400 * DAY) == pytest.approx(60 / (180 / 30.4375))


@pytest.mark.parametrize("rows", [[], [keep(0, 1)] * 5], ids=["no rows", "watched for a day"])
def test_a_pace_that_nobody_watched_is_unknown(rows: list[Kept]) -> None:
    assert measure_inflow(rows, START + DAY) is None


def test_a_source_that_dried_up_has_no_inflow() -> None:
    assert measure_inflow([keep(0, 1)] * 5, START + 90 * DAY) == 0


@pytest.mark.parametrize(
    ("needed", "inflow", "said"),
    [
        (800, None, "now"),
        (812, 5.0, "now"),
        (3690, 205.0, "at the present inflow in 15 months"),
        (3690, 0.0, "never at the present inflow, which is none"),
        (3690, None, "the inflow is not known yet"),
        (1_000_000, 1.0, "at the present inflow in 999,188 months"),
    ],
)
def test_when_so_many_rows_are_there_is_told_in_words(needed: int, inflow: float | None, said: str) -> None:
    assert tell_months(needed, 812, inflow) == said


def lay_kept(root: Path) -> DomainFolder:
    """Thirty holdout rows in fifteen families, ten of them late and six without a declared label; eight anchor rows."""
    folder = DomainFolder(root / "data")
    labels = [*LABELS * 8, *["Other"] * 6]
    rows = [build_row("h", number, label=labels[number], ingest_seq=2 if number < 10 else 1) for number in range(30)]
    write_split(folder, "holdout", rows)
    write_split(folder, "anchor", [build_row("a", number, label=LABELS[0]) for number in range(8)])
    return folder


def test_a_classifiers_holdout_is_the_rows_with_a_declared_label(place: Place, tmp_path: Path) -> None:
    folder = lay_kept(tmp_path)
    assert len(read_kept(folder, Slice.HOLDOUT, place.of(DOMAIN))) == 24
    assert len({row.family for row in read_kept(folder, Slice.HOLDOUT, place.of(DOMAIN))}) == 12


def test_fresh_is_what_arrived_after_the_champions_cut_off_and_without_a_champion_all_is_established(
    place: Place, tmp_path: Path
) -> None:
    folder = lay_kept(tmp_path)
    sizes = count_sizes(place, DOMAIN, folder)
    assert (sizes.holdout, sizes.families, sizes.established, sizes.fresh, sizes.anchor) == (24, 12, 24, 0, 8)
    judge_candidate(place, "first")
    promote_latest(place, DOMAIN, Approval(by="R. Okafor", reason="a test"))
    sizes = count_sizes(place, DOMAIN, folder)
    assert (sizes.established, sizes.fresh) == (14, 10)


def test_the_plan_begins_with_the_next_look_and_reserves_none(place: Place, tmp_path: Path) -> None:
    folder = lay_kept(tmp_path)
    assert plan_gates(place, DOMAIN, folder, {}, 0.01).looks[0].t == 1
    for number in range(2):
        reserve_look(place.ledger, DOMAIN, LookRequest(plan=forge_digest("plan"), inputs=forge_digest(f"run {number}")))
    planned = plan_gates(place, DOMAIN, folder, {}, 0.01)
    assert [look.t for look in planned.looks] == list(range(3, 13))
    assert count_next_look(place.ledger, DOMAIN) == 3
    assert planned.margins == (0.01, 0.005)
    assert planned.skipped == ()


def test_an_empty_holdout_has_no_plan_and_says_what_is_missing(place: Place, tmp_path: Path) -> None:
    folder = DomainFolder(tmp_path / "data")
    for name in ("holdout", "anchor"):
        write_split(folder, name, [])
    planned = plan_gates(place, DOMAIN, folder, {}, 0.01)
    assert (planned.tests, planned.looks, planned.inflow) == ((), (), None)
    with pytest.raises(ParamsError, match=r"without rows in the holdout: let `watch` bring documents$"):
        propose(planned, place.of(DOMAIN).judge, 4)


def build_verdict(needed: int = 3690, rows: int = 812, **fields: object) -> Verdict:
    names = ["accuracy on the holdout against the champion", "accuracy on the anchor rows against the anchor"]
    details = tuple(Detail(name=name, result=Result.UNDECIDABLE, rows=rows) for name in names)
    power = Finding(gate="power", result=Result.UNDECIDABLE, sentence="s", rows=rows, needed=needed, details=details)
    defaults = {"decision": Decision.HOLD, "sentence": "s", "candidate": forge_digest(), "look": build_pin().look}
    return Verdict(**{**defaults, "findings": (power,), **fields})  # type: ignore[arg-type]  # a builder passes fields through


def test_a_verdict_held_for_want_of_rows_says_what_can_be_decided_and_when_more_can() -> None:
    said = describe_reach(build_verdict(), JudgeParams(), 205.0)
    assert said is not None
    can, needs = said.split("; ")
    assert can.startswith("can decide ")
    assert can.endswith(" points or more")
    assert 1.5 < float(can.split()[2]) < 3.5
    assert needs == "1.0 points needs 3,690, at the present inflow in 15 months"


def test_more_rows_decide_a_finer_margin() -> None:
    least = []
    for rows in (400, 800, 1600):
        said = describe_reach(build_verdict(rows=rows), JudgeParams(), None)
        assert said is not None
        least.append(float(said.split()[2]))
    assert least == sorted(least, reverse=True)
    assert least[0] == pytest.approx(2 * least[2], rel=0.35)


def test_any_other_verdict_says_nothing_of_it() -> None:
    passed = replace(build_verdict().findings[0], result=Result.PASSED)
    for verdict in (build_verdict(findings=()), build_verdict(findings=(passed,)), build_verdict(look=None)):
        assert describe_reach(verdict, JudgeParams(), 205.0) is None


def test_the_holdout_is_watched_from_the_clock_of_the_place(place: Place, tmp_path: Path) -> None:
    assert isinstance(place.clock.now(), datetime)
    assert plan_gates(place, DOMAIN, lay_kept(tmp_path), {}, 0.01).inflow is not None
