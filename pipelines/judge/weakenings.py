"""Whether other gates ask for less: a gate that is gone, a wider margin, a lower floor, a higher α, one that no longer blocks.

Gates are read as plain values from two recipes, so that a gate of a kind that this version does not know is compared too.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

Gate: TypeAlias = Mapping[str, object]
Key: TypeAlias = tuple[object, ...]

IDENTITY = ("kind", "metric", "slice", "against")
MORE_IS_STRICTER = frozenset({"floor.minimum", "period_days", "power.discordance", "power.power"})
"""By whole name: another gate's ``minimum`` is how many rows it wants, and a gate that never has them never fails."""
LESS_IS_STRICTER = frozenset({"alpha", "limit", "margin"})
ABSENT = object()


class Direction(StrEnum):
    """Whether a change asks for more or for less; ``OTHER`` where that cannot be told from the two values."""

    STRICTER = "stricter"
    WEAKER = "weaker"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Shift:
    """One change of the judging: its direction, and the change in words."""

    direction: Direction
    sentence: str


def compare_judging(before: Mapping[str, str], after: Mapping[str, str]) -> list[Shift]:
    """Return what differs between the ``judge.`` entries of two recipes' parameters (dotted names to canonical JSON)."""
    one, other = _read(before), _read(after)
    gates = [_number(mapping.pop("gates", [])) for mapping in (one, other)]
    shifts = [
        Shift(direct(name, one.get(name, ABSENT), other.get(name, ABSENT)), f"{name} {say(one, name)} → {say(other, name)}")
        for name in sorted(one.keys() | other.keys())
        if one.get(name, ABSENT) != other.get(name, ABSENT)
    ]
    return shifts + compare_gates(*gates)


def compare_gates(before: Mapping[Key, Gate], after: Mapping[Key, Gate]) -> list[Shift]:
    """Return gates that are gone, changed or new; a gate is the same one by its kind, metric, slice and whom it is against."""
    shifts: list[Shift] = []
    for key, gate in before.items():
        if key not in after:
            is_told_only = gate.get("is_blocking") is False
            shifts.append(Shift(Direction.OTHER if is_told_only else Direction.WEAKER, f"gate removed: {name_gate(gate)}"))
        else:
            shifts += _compare_fields(gate, after[key])
    return shifts + [
        Shift(Direction.STRICTER, f"gate added: {name_gate(gate)}") for key, gate in after.items() if key not in before
    ]


def direct(name: str, before: object, after: object) -> Direction:
    """Return which way a field went, as far as its name and its values tell; no limit at all is the weakest one.

    ``name`` is the gate's kind and the field (``floor.minimum``), or the name of what stands beside the gates (``alpha``).
    """
    field = name.rpartition(".")[2]
    if isinstance(before, bool) and isinstance(after, bool) and field.startswith(("is_", "must_")):
        return Direction.STRICTER if after else Direction.WEAKER
    if field == "alternatives" and isinstance(before, list) and isinstance(after, list):
        return _compare_sets(before, after)
    is_limit = field in LESS_IS_STRICTER or field.startswith("max_")
    if is_limit and before is None and _is_number(after):
        return Direction.STRICTER
    if is_limit and after is None and _is_number(before):
        return Direction.WEAKER
    if not (_is_number(before) and _is_number(after)) or not (is_limit or name in MORE_IS_STRICTER):
        return Direction.OTHER
    is_less = float(str(after)) < float(str(before))
    return Direction.STRICTER if is_less is is_limit else Direction.WEAKER


def name_gate(gate: Gate) -> str:
    """Return a gate as people know it: "non_inferiority accuracy holdout champion"."""
    return " ".join(str(gate[field]) for field in IDENTITY if gate.get(field) is not None)


def say(fields: Gate, name: str) -> str:
    """Return a field's value in words."""
    return json.dumps(fields[name], ensure_ascii=False) if name in fields else "(none)"


def _compare_fields(before: Gate, after: Gate) -> list[Shift]:
    return [
        Shift(
            direct(f"{before.get('kind')}.{field}", before.get(field, ABSENT), after.get(field, ABSENT)),
            f"gate {name_gate(before)}: {field} {say(before, field)} → {say(after, field)}",
        )
        for field in sorted(before.keys() | after.keys())
        if before.get(field, ABSENT) != after.get(field, ABSENT)
    ]


def _compare_sets(before: Sequence[object], after: Sequence[object]) -> Direction:
    """Each further alternative is one more way to pass."""
    if set(after) < set(before):
        return Direction.STRICTER
    return Direction.WEAKER if set(after) > set(before) else Direction.OTHER


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _read(params: Mapping[str, str]) -> dict[str, object]:
    return {name.removeprefix("judge."): json.loads(value) for name, value in params.items() if name.startswith("judge.")}


def _number(gates: object) -> dict[Key, Gate]:
    """Return the gates by who they are; two of one identity are told apart by their order."""
    found: dict[Key, Gate] = {}
    seen: Counter[Key] = Counter()
    for gate in gates if isinstance(gates, list) else []:
        key = tuple(gate.get(field) for field in IDENTITY)
        seen[key] += 1
        found[*key, seen[key]] = gate
    return found
