"""From replays to what was promised: each figure with its goal, over all series and of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from benchmarks.currency_arms import Arm
from benchmarks.matrices import Floats, Interval, Track, close_gap, list_transfers, resample
from benchmarks.measures import Goal, Measure
from pipelines.domain.identities import DomainName

Tracks = Mapping[DomainName, Sequence[Mapping[Arm, Track]]]
"""The arms of each seed, by series."""

CLOSED = Goal(bound=0.95, is_most=False)
CHEAP = Goal(bound=0.20)
KEPT = Goal(bound=-0.5, is_most=False)
ABOVE = Goal(bound=0.0, is_most=False, is_strict=True)


def measure_all(tracks: Tracks) -> tuple[Measure, ...]:
    """Return every figure: of all series together first, then of each."""
    names = list(tracks)
    lines = [
        _tell("gap closure, all series", closure(tracks, names, Arm.RECIPE), "of the gap", CLOSED),
        *(_tell(f"gap closure, {name}", closure(tracks, [name], Arm.RECIPE), "of the gap", CLOSED) for name in names),
        *measure_judged(tracks),
        *measure_costs(tracks),
        _tell("backward transfer, all series", transfer(tracks, names, Arm.RECIPE), "points", KEPT),
        *(_tell(f"backward transfer, {name}", transfer(tracks, [name], Arm.RECIPE), "points", KEPT) for name in names),
        *(_tell(f"above TF-IDF, {name}", lead(tracks, name, Arm.LINEAR), "points", ABOVE) for name in names),
        _tell("backward transfer of naive fine-tuning, all series", transfer(tracks, names, Arm.NAIVE), "points", None),
        _tell("gap closure of naive fine-tuning, all series", closure(tracks, names, Arm.NAIVE), "of the gap", None),
        *(_tell(f"recipe above naive fine-tuning, {name}", lead(tracks, name, Arm.NAIVE), "points", None) for name in names),
    ]
    return tuple(lines)


def closure(tracks: Tracks, names: Sequence[DomainName], arm: Arm) -> Interval:
    """Return how much of the gap an arm closes, over the years that follow a full retraining; of all series it is pooled."""
    blocks = [_stack(tracks[name], (arm, Arm.FROZEN, Arm.FULL)) for name in names]
    return resample([block for block in blocks if block.size], _close)


def transfer(tracks: Tracks, names: Sequence[DomainName], arm: Arm) -> Interval:
    """Return the backward transfer of an arm in points, each series counting the same."""
    blocks = [np.stack([list_transfers(seed[arm].matrix) for seed in tracks[name]]) for name in names]
    return resample(blocks, lambda drawn: 100 * float(np.mean([np.nanmean(block) for block in drawn])))


def lead(tracks: Tracks, name: DomainName, other: Arm) -> Interval:
    """Return by how many points of macro-F1 the recipe is ahead of another arm, over all years that are scored."""
    return resample(
        [_stack(tracks[name], (Arm.RECIPE, other))], lambda drawn: 100 * float((drawn[0][..., 0] - drawn[0][..., 1]).mean())
    )


def measure_judged(tracks: Tracks) -> list[Measure]:
    """Return the gap closure of what the judge lets serve, of the seeds in which it was asked."""
    asked = {name: [seed for seed in seeds if Arm.JUDGED in seed] for name, seeds in tracks.items()}
    names = [name for name, seeds in asked.items() if seeds]
    if not names:
        return []
    whole = [_tell("gap closure of what the judge promoted, all series", closure(asked, names, Arm.JUDGED), "of the gap", CLOSED)]
    return [
        *whole,
        *(
            _tell(f"gap closure of what the judge promoted, {name}", closure(asked, [name], Arm.JUDGED), "of the gap", None)
            for name in names
        ),
    ]


def measure_costs(tracks: Tracks) -> list[Measure]:
    """Return the cost of all retrainings after the first as a share of full ones, in tokens and in seconds."""
    lines = []
    for unit in ("tokens with padding", "device seconds"):
        shares = {name: [_share(seed, unit) for seed in seeds] for name, seeds in tracks.items()}
        of_all = [share for seeds in shares.values() for share in seeds]
        lines.append(
            Measure(
                measure=f"training cost in {unit}, all series",
                value=float(np.mean(of_all)),
                unit="of full retraining",
                n=len(of_all),
                goal=CHEAP,
            )
        )
        lines += [
            Measure(
                measure=f"training cost in {unit}, {name}",
                value=float(np.mean(seeds)),
                unit="of full retraining",
                n=len(seeds),
                goal=CHEAP,
            )
            for name, seeds in shares.items()
        ]
    return lines


def sum_cost(track: Track, unit: str) -> float:
    """Return what all trainings after the first took; seconds of one that was only planned follow from its tokens."""
    later = track.costs[1:]
    if unit == "tokens with padding":
        return float(sum(cost.padded for cost in later))
    run = [cost for cost in later if cost.seconds]
    pace = sum(cost.seconds for cost in run) / max(sum(cost.padded for cost in run), 1)
    return sum(cost.seconds or cost.padded * pace for cost in later)


def _share(seed: Mapping[Arm, Track], unit: str) -> float:
    whole = sum_cost(seed[Arm.FULL], unit)
    return sum_cost(seed[Arm.RECIPE], unit) / whole if whole else float("nan")


def _stack(seeds: Sequence[Mapping[Arm, Track]], arms: Sequence[Arm]) -> Floats:
    """Return the prequential scores (seeds x years x arms) of the years that all these arms have."""
    scores = np.stack([np.stack([seed[arm].ahead for arm in arms], axis=-1) for seed in seeds])
    return np.asarray(scores[:, np.isfinite(scores).all(axis=(0, 2))])


def _close(blocks: Sequence[Floats]) -> float:
    joined = [np.concatenate([block[..., place].ravel() for block in blocks]) for place in range(3)]
    return close_gap(*joined)


def _tell(measure: str, interval: Interval, unit: str, goal: Goal | None) -> Measure:
    return Measure(
        measure=measure, value=interval.value, unit=unit, n=interval.n, goal=goal, interval=(interval.lower, interval.upper)
    )
