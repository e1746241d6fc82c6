"""A gate that asks for less is found out, however it was made to; one that asks for more is nobody's business."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.judge.weakenings import Direction, Shift, compare_judging
from tests.builders.recipes import GATES, build_recipe, change_gate, without_gate

STRICTER, WEAKER, OTHER = Direction.STRICTER, Direction.WEAKER, Direction.OTHER
FIELDS = ("margin", "minimum", "max_bytes", "max_growth", "is_blocking", "must_be_measured", "alpha", "discordance")
VALUES = st.one_of(st.floats(0, 1), st.booleans(), st.none(), st.integers(0, 9))


def compare(after: dict[str, Any], before: dict[str, Any] | None = None) -> list[Shift]:
    return compare_judging(build_recipe(before).params, build_recipe(after).params)


@pytest.mark.parametrize(
    ("after", "direction"),
    [
        (without_gate("floor"), WEAKER),
        (without_gate("non_inferiority"), WEAKER),
        (without_gate("size"), OTHER),  # it only told
        (change_gate("floor", minimum=0.5), WEAKER),
        (change_gate("floor", minimum=0.7), STRICTER),
        (change_gate("non_inferiority", margin=0.02), WEAKER),
        (change_gate("non_inferiority", margin=0.005), STRICTER),
        (change_gate("non_inferiority", is_blocking=False), WEAKER),
        (change_gate("size", is_blocking=True), STRICTER),
        (change_gate("size", max_bytes=2_000_000), WEAKER),
        (change_gate("size", max_bytes=None), WEAKER),
        (change_gate("size", max_growth=2.0), STRICTER),
        (change_gate("reason_to_change", alternatives=["superiority", "freshness", "currency"]), WEAKER),
        (change_gate("reason_to_change", alternatives=["superiority"]), STRICTER),
        (change_gate("reason_to_change", alternatives=["currency"]), OTHER),
        (change_gate("floor", of_a_kind_to_come=3), OTHER),
        (change_gate("membership", limit=0.5), WEAKER),
        (change_gate("membership", limit=0.01), STRICTER),
        (change_gate("membership", must_be_measured=False), WEAKER),
        (change_gate("membership", minimum=10**9), OTHER),  # it would never be measured, and so never fail
        (change_gate("membership", minimum=1), OTHER),
        ({"judge.alpha": 0.1}, WEAKER),
        ({"judge.alpha": 0.01}, STRICTER),
        ({"judge.period_days": 30}, WEAKER),
        ({"judge.period_days": 700}, STRICTER),
        ({"judge.power.discordance": 0.1}, OTHER),  # new: nothing to compare it with
        ({"judge.gates": [*GATES, {"kind": "files", "is_blocking": True}]}, STRICTER),
    ],
)
def test_says_which_way_a_change_goes(after: dict[str, Any], direction: Direction) -> None:
    (shift,) = compare(after)
    assert shift.direction is direction, shift.sentence


@pytest.mark.parametrize(("after", "direction"), [(0.02, WEAKER), (0.2, STRICTER)])
def test_planning_for_less_disagreement_asks_for_fewer_rows(after: float, direction: Direction) -> None:
    (shift,) = compare({"judge.power.discordance": after}, {"judge.power.discordance": 0.05})
    assert shift == Shift(direction, f"power.discordance 0.05 → {after}")


@pytest.mark.parametrize(
    "fields", [{"metric": "macro_f1"}, {"slice": "established"}, {"against": "anchor"}, {"kind": "non_inferiority_of_old"}]
)
def test_a_gate_that_asks_something_else_is_one_gone_and_one_new(fields: dict[str, Any]) -> None:
    gone, new = compare(change_gate("non_inferiority", **fields))
    assert (gone.direction, new.direction) == (WEAKER, STRICTER)
    assert gone.sentence == "gate removed: non_inferiority accuracy holdout champion"
    assert new.sentence.startswith("gate added: ")


def test_of_two_gates_of_one_name_none_may_vanish() -> None:
    twice = {"judge.gates": [*GATES, {**GATES[0], "minimum": 0.9}]}
    (shift,) = compare({}, twice)
    assert shift == Shift(WEAKER, "gate removed: floor accuracy holdout")


def test_the_order_of_gates_is_no_change() -> None:
    assert compare({"judge.gates": list(GATES)[::-1]}) == []


def test_names_the_gate_the_field_and_both_values() -> None:
    (shift,) = compare(change_gate("non_inferiority", margin=0.02))
    assert shift.sentence == "gate non_inferiority accuracy holdout champion: margin 0.01 → 0.02"


GATE = st.fixed_dictionaries({"kind": st.sampled_from(["a", "b"])}, optional=dict.fromkeys(FIELDS, VALUES))
ALL_GATES = st.lists(GATE, max_size=4)


def shift_gates(before: list[dict[str, Any]], after: list[dict[str, Any]]) -> list[Direction]:
    return [shift.direction for shift in compare({"judge.gates": after}, {"judge.gates": before})]


@given(ALL_GATES)
def test_the_same_gates_are_no_change(gates: list[dict[str, Any]]) -> None:
    assert shift_gates(gates, gates) == []


@given(ALL_GATES, ALL_GATES)
def test_what_is_stricter_one_way_is_weaker_the_other(before: list[dict[str, Any]], after: list[dict[str, Any]]) -> None:
    before, after = ([{**gate, "is_blocking": True} for gate in gates] for gates in (before, after))
    turned = {STRICTER: WEAKER, WEAKER: STRICTER, OTHER: OTHER}
    assert sorted(shift_gates(before, after)) == sorted(turned[direction] for direction in shift_gates(after, before))


@given(ALL_GATES, st.integers(0, 3))
def test_a_blocking_gate_never_goes_unseen(gates: list[dict[str, Any]], index: int) -> None:
    gates = [{**gate, "is_blocking": True} for gate in gates] or [{"kind": "a", "is_blocking": True}]
    fewer = [gate for number, gate in enumerate(gates) if number != index % len(gates)]
    assert WEAKER in shift_gates(gates, fewer)
