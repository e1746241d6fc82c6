"""A domain's rows by the thousand lifetimes, kept as counts: what the champion gets right, and what a candidate turns over.

A lifetime keeps no rows, only how many are alike: how many the champion gets right and, of the anchor's, how many are right for
anchor and champion, for one of the two, for neither. A candidate turns some of them over by binomial draws. So the same rows are
looked at again and again as those of a real holdout are: what was lucky once stays lucky until it is turned over.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from pipelines.domain.models import Role
from pipelines.domain.pins import PROMOTIONS_A_GENERATION
from pipelines.domain.scorecards import Slice
from pipelines.judge.contrasts import Flags, Pairs
from pipelines.judge.statistics import Floats

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What all lifetimes have in common; sizes are rows, ``fresh`` and ``pairs`` (amended documents) those of one cycle.

    ``accuracy`` and ``known`` are the first champion's true shares of right rows and right pairs. A candidate differs from the
    champion on ``discordance`` of the rows and ``amended`` of the pairs, and is truly better by ``gain`` on both.
    """

    lifetimes: int
    cycles: int
    holdout: int
    anchor: int
    fresh: int = 20
    pairs: int = 60
    accuracy: float = 0.85
    known: float = 0.7
    discordance: float = 0.05
    amended: float = 0.2
    gain: float = 0.0
    seed: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Where every lifetime stands. Counts end in an axis (champion wrong, champion right).

    ``anchor`` is of shape ``(lifetimes, 2, 2)``, its middle axis (anchor wrong, anchor right). ``accuracy`` and ``known`` are the
    champion's true shares; ``carried`` counts the promotions of this generation, ``promotions`` all of them.
    """

    established: Ints
    fresh: Ints
    anchor: Ints
    accuracy: Floats
    known: Floats
    carried: Ints
    promotions: Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """One candidate in every lifetime: the rows of each slice, and how many of them it turns over."""

    rows: Mapping[Slice, Ints]
    turned: Mapping[Slice, Ints]

    def contrast(self, part: Slice, against: Role) -> Pairs:
        """Return candidate against champion, or on the anchor rows against the anchor, of shape ``(lifetimes,)``."""
        if part is Slice.HOLDOUT:
            known, new = self.contrast(Slice.ESTABLISHED, against), self.contrast(Slice.FRESH, against)
            return _pair(known.gains + new.gains, known.losses + new.losses, known.rows + new.rows)
        rows, turned = self.rows[part], self.turned[part]
        if against is Role.ANCHOR:
            after = _turn_over(rows, turned)
            return _pair(after[:, 0, 1], after[:, 1, 0], rows.sum(axis=(-1, -2)))
        return _pair(turned[:, 0], turned[:, 1], rows.sum(axis=-1))


def begin(world: World, generator: np.random.Generator) -> State:
    """Return the first cycle's state: the champion is the anchor, and nothing is fresh yet."""
    count = world.lifetimes
    accuracy = np.full(count, world.accuracy)
    alone = _draw_rows(world.anchor, accuracy, generator)
    anchor = np.zeros((count, 2, 2), dtype=np.int64)
    anchor[:, 0, 0], anchor[:, 1, 1] = alone[:, 0], alone[:, 1]
    return State(
        established=_draw_rows(world.holdout, accuracy, generator),
        fresh=np.zeros((count, 2), dtype=np.int64),
        anchor=anchor,
        accuracy=accuracy,
        known=np.full(count, world.known),
        carried=np.zeros(count, dtype=np.int64),
        promotions=np.zeros(count, dtype=np.int64),
    )


def hear_news(world: World, state: State, generator: np.random.Generator) -> State:
    """Return the state with a cycle's news in it; a generation of the holdout that is worn out is replaced first, by new rows."""
    is_worn = (state.carried >= PROMOTIONS_A_GENERATION)[:, None]
    established, fresh = state.established, state.fresh
    if is_worn.any():
        established = np.where(is_worn, _draw_rows(world.holdout, state.accuracy, generator), established)
        fresh = np.where(is_worn, 0, fresh)
    return replace(
        state,
        established=established,
        fresh=fresh + _draw_rows(world.fresh, state.accuracy, generator),
        carried=np.where(is_worn[:, 0], 0, state.carried),
    )


def propose(world: World, state: State, generator: np.random.Generator) -> Proposal:
    """Draw a candidate for every lifetime; the champion hears of amended documents no sooner than the candidate."""
    rows = {
        Slice.ESTABLISHED: state.established,
        Slice.FRESH: state.fresh,
        Slice.ANCHOR: state.anchor,
        Slice.CURRENCY: _draw_rows(world.pairs, state.known, generator),
    }
    of_rows = _find_rates(state.accuracy, world.discordance, world.gain)
    of_pairs = _find_rates(state.known, world.amended, world.gain)
    turned = {
        part: generator.binomial(counts, _align(of_pairs if part is Slice.CURRENCY else of_rows, counts))
        for part, counts in rows.items()
    }
    return Proposal(rows=rows, turned=turned)


def promote(world: World, state: State, proposal: Proposal, is_promoted: Flags) -> State:
    """Put the candidate in the champion's place where it was promoted: its news is established from then on."""
    after = {part: _turn_over(rows, proposal.turned[part]) for part, rows in proposal.rows.items()}
    pick = is_promoted[:, None]
    gained = np.where(is_promoted, world.gain, 0.0)
    return State(
        established=np.where(pick, after[Slice.ESTABLISHED] + after[Slice.FRESH], state.established),
        fresh=np.where(pick, 0, state.fresh),
        anchor=np.where(pick[..., None], after[Slice.ANCHOR], state.anchor),
        accuracy=np.clip(state.accuracy + gained, 0.05, 0.95),
        known=np.clip(state.known + gained, 0.05, 0.95),
        carried=state.carried + is_promoted,
        promotions=state.promotions + is_promoted,
    )


def _find_rates(right: Floats, discordance: float, gain: float) -> Floats:
    """Return how likely a row that is wrong, and one that is right, is turned over, as ``(lifetimes, 2)``."""
    rates: Floats = np.stack([(discordance + gain) / 2 / (1 - right), (discordance - gain) / 2 / right], axis=-1)
    return np.minimum(rates, 1.0)


def _align(rates: Floats, counts: Ints) -> Floats:
    return rates[:, None, :] if counts.ndim == 3 else rates


def _turn_over(rows: Ints, turned: Ints) -> Ints:
    after: Ints = rows - turned + turned[..., ::-1]
    return after


def _draw_rows(rows: int, right: Floats, generator: np.random.Generator) -> Ints:
    hits = generator.binomial(rows, right)
    return np.stack([rows - hits, hits], axis=-1)


def _pair(gains: npt.NDArray[np.number], losses: npt.NDArray[np.number], rows: npt.NDArray[np.number]) -> Pairs:
    counts = (np.asarray(part, dtype=np.float64) for part in (gains, losses, rows))
    gained, lost, whole = counts
    return Pairs(gains=gained, losses=lost, rows=whole, effect=np.ones(1))
