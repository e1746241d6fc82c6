"""How large a candidate is: what a machine must hold, and whether models grow from one promotion to the next."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pipelines.domain.models import Role
from pipelines.domain.verdicts import Detail, Finding, Result
from pipelines.judge.evidence import Evidence
from pipelines.judge.model_files import ModelFiles
from pipelines.judge.screen_params import Size


@dataclass(frozen=True, slots=True, kw_only=True)
class _Limit:
    """One limit: the candidate's own number against the most that is allowed."""

    name: str
    unit: str
    found: int
    most: int

    @property
    def is_kept(self) -> bool:
        return self.found <= self.most


def find_size(gate: Size, evidence: Evidence) -> Finding:
    """Return FAILED where a limit is exceeded, PASSED where all are kept.

    NOT_MEASURED where the folder was not read, or where there is no limit to keep: the first champion has nobody to be compared
    with, so without an absolute limit its size is only told.
    """
    found = evidence.candidate_files
    if found is None:
        return _say(gate, Result.NOT_MEASURED, "size: not measured: the candidate's folder was not read")
    told = f"size: {found.size:,} bytes, {found.parameters:,} parameters"
    limits = [*_list_limits(gate, found), *_list_growth(gate, found, evidence.champion_files)]
    if not limits:
        return _say(gate, Result.NOT_MEASURED, f"{told}: there is no limit to hold it to", is_blocking=False)
    broken = [f"{limit.found:,} {limit.unit} exceed {limit.most:,} ({limit.name})" for limit in limits if not limit.is_kept]
    result = Result.FAILED if broken else Result.PASSED
    return _say(gate, result, f"{told}: {'; '.join(broken) or 'within all limits'}", limits)


def _list_limits(gate: Size, found: ModelFiles) -> Iterator[_Limit]:
    if gate.max_bytes is not None:
        yield _Limit(name="max_bytes", unit="bytes", found=found.size, most=gate.max_bytes)
    if gate.max_parameters is not None:
        yield _Limit(name="max_parameters", unit="parameters", found=found.parameters, most=gate.max_parameters)


def _list_growth(gate: Size, found: ModelFiles, champion: ModelFiles | None) -> Iterator[_Limit]:
    if gate.max_growth is None or champion is None:
        return
    name = f"{gate.max_growth:g} times the champion"
    for unit, own, other in (("bytes", found.size, champion.size), ("parameters", found.parameters, champion.parameters)):
        if other:
            yield _Limit(name=name, unit=unit, found=own, most=int(gate.max_growth * other))


def _say(gate: Size, result: Result, sentence: str, limits: list[_Limit] | None = None, *, is_blocking: bool = True) -> Finding:
    return Finding(
        gate=gate.kind,
        result=result,
        sentence=sentence,
        against=Role.CHAMPION if any("champion" in limit.name for limit in limits or ()) else None,
        is_blocking=gate.is_blocking and is_blocking,
        details=tuple(
            Detail(
                name=f"{limit.unit}: {limit.name}",
                result=Result.PASSED if limit.is_kept else Result.FAILED,
                estimate=float(limit.found),
                upper=float(limit.most),
            )
            for limit in limits or ()
        ),
    )
