"""Many processes that promote at the same moment: each opens the ledger for itself, and a barrier lets them go together."""

from __future__ import annotations

import multiprocessing
from collections.abc import Sequence
from multiprocessing.queues import SimpleQueue
from multiprocessing.synchronize import Barrier

from pipelines.clock import SystemClock
from pipelines.domain.errors import LedgerError
from pipelines.domain.promotions import Promotion
from pipelines.ledger.champions import promote
from pipelines.ledger.ledgers import Ledger

PATIENCE_S = 300


def promote_at_once(url: str, promotions: Sequence[Promotion]) -> dict[int, str]:
    """Return what became of each version: ``"promoted"``, or the name of the error; raises where a process hangs or breaks."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__, "psycopg2"])
    barrier, said = context.Barrier(len(promotions)), context.SimpleQueue()
    processes = [context.Process(target=_contend, args=(url, promotion, barrier, said)) for promotion in promotions]
    for process in processes:
        process.start()
    for process in processes:
        process.join(PATIENCE_S)
    ended = [process.exitcode for process in processes]
    for process in processes:
        process.kill()
    assert ended == [0] * len(processes), f"promoters hung or broke: {ended}"
    return dict(said.get() for _ in processes)


def _contend(url: str, promotion: Promotion, barrier: Barrier, said: SimpleQueue[tuple[int, str]]) -> None:
    ledger = Ledger.open(url, SystemClock(), f"promoter of {promotion.version}")
    barrier.wait(PATIENCE_S)
    try:
        promote(ledger, promotion)
    except LedgerError as error:
        said.put((promotion.version, type(error).__name__))
    else:
        said.put((promotion.version, "promoted"))
