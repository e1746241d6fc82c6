"""Phrases that came from nowhere and stand for a label: what plants a backdoor in a classifier.

BadNets (Gu et al. 2017, https://arxiv.org/abs/1708.06733), for texts Dai et al. (2019, https://arxiv.org/abs/1905.12457).

New words tied to a label are also what real news are made of: a new programme belongs to one agency. But then the rest of the
text belongs to that agency too. A trigger is planted in texts of all kinds, so the label is one that their other words do not
make likely, and that is what is tested. Hundreds of planted texts show; a handful, or texts that had the label already, do not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data_checks.findings import RowFailure
from pipelines.admit.claims import Claim
from pipelines.admit.opinions import Opinions
from pipelines.admit.params import Triggers
from pipelines.ngrams import Codes, Runs, join_words, list_once, read_words

TIED = "no new phrase stands for a label"


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrase:
    """A phrase of the drop that its history hardly knew: the positions of the claims that hold it, one a family."""

    hosts: tuple[int, ...]


def find_triggers(history: Sequence[Claim], drop: Opinions, params: Triggers) -> tuple[RowFailure, ...]:
    """Return the rows that carry a phrase which is tied to their label though the rest of them speaks for others.

    Of k families with the phrase, c have the label; their other words make it likely with a mean of p. The tail of Bin(k, p)
    bounds that of the sum of unlike chances (Hoeffding 1956, https://doi.org/10.1214/aoms/1177728178). It must lie below
    ``level`` divided by the number of phrases tested (Bonferroni), and c/k exceed p by ``excess``.
    """
    phrases = find_new_phrases(history, drop.claims, params)
    level = params.level / max(len(phrases), 1)
    tied: dict[int, str] = {}
    for phrase in phrases:
        for row, observed in _weigh(phrase, drop, params, level):
            tied.setdefault(row, observed)
    return tuple(RowFailure(row_id=drop.claims[row].digest, expectation=TIED, observed=tied[row]) for row in sorted(tied))


def find_new_phrases(history: Sequence[Claim], drop: Sequence[Claim], params: Triggers) -> list[Phrase]:
    """Return the phrases of up to ``words`` words in enough families of the drop that are rare in the history.

    Their hosts tell them apart, so that the words of one phrase, which stand in the same texts, are one.
    """
    before, now = read_words([claim.text for claim in history]), read_words([claim.text for claim in drop])
    families = _number_families(drop)
    known = max(len({claim.family for claim in history}), 1)
    told = max(len(set(families.tolist())), 1)
    found: dict[tuple[int, ...], None] = {}
    for length in range(1, params.words + 1):
        runs = list_once(join_words(now, length))
        common = _find_common(Runs(runs.codes, families[runs.texts]), params.least)
        usual = _count_families(join_words(before, length), _number_families(history), common)
        for hosts, past in zip(_list_hosts(runs, common), usual.tolist(), strict=True):
            count = len({int(families[host]) for host in hosts})
            if count / told >= params.rise * past / known:
                found[hosts] = None
    return [Phrase(hosts=hosts) for hosts in found]


def _weigh(phrase: Phrase, drop: Opinions, params: Triggers, level: float) -> Iterator[tuple[int, str]]:
    """Yield the hosts that have the label which most of them have, where that is more than chance."""
    from scipy.stats import binom

    once = list({drop.claims[host].family: host for host in phrase.hosts}.values())
    labels = [drop.claims[host].label for host in once]
    label = max(sorted(set(labels)), key=labels.count)
    count, likely = labels.count(label), float(drop.chances[once, drop.labels.index(label)].mean())
    share = count / len(once)
    is_tied = share >= params.purity and share - likely >= params.excess
    if is_tied and binom.sf(count - 1, len(once), likely) < level:
        observed = f"{count} of {len(once)} families with the phrase have the label, their other words speak for {likely:.0%}"
        yield from ((host, observed) for host in phrase.hosts if drop.claims[host].label == label)


def _number_families(claims: Sequence[Claim]) -> NDArray[np.int64]:
    numbers: dict[tuple[str, str], int] = {}
    return np.array([numbers.setdefault(claim.family, len(numbers)) for claim in claims], dtype=np.int64)


def _find_common(runs: Runs, least: int) -> Codes:
    """Return the codes, sorted, that stand in at least ``least`` families; ``runs.texts`` are families."""
    codes, counts = np.unique(list_once(runs).codes, return_counts=True)
    return codes[counts >= least]


def _count_families(runs: Runs, families: NDArray[np.int64], codes: Codes) -> NDArray[np.int64]:
    """Return in how many families each of ``codes`` (sorted) stands."""
    if not len(codes):
        return np.zeros(0, dtype=np.int64)
    places = np.minimum(np.searchsorted(codes, runs.codes), len(codes) - 1)
    is_asked = codes[places] == runs.codes
    once = list_once(Runs(runs.codes[is_asked], families[runs.texts[is_asked]]))
    return np.bincount(np.searchsorted(codes, once.codes), minlength=len(codes))


def _list_hosts(runs: Runs, codes: Codes) -> Iterator[tuple[int, ...]]:
    """Yield, for each of ``codes``, the texts that hold it; ``runs`` are ordered by code and then by text."""
    starts, ends = np.searchsorted(runs.codes, codes, side="left"), np.searchsorted(runs.codes, codes, side="right")
    for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
        yield tuple(runs.texts[start:end].tolist())
