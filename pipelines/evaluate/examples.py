"""A few amended documents with both models' answers, for a reader: the one output that quotes text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from pipelines.domain.models import Role
from pipelines.domain.pins import Pin
from pipelines.domain.scorecards import CurrencyExample, Outcome, Slice
from pipelines.evaluate.contrasts import Contrast
from pipelines.evaluate.params import EvaluateParams
from pipelines.learners.predictors import load_predictor
from pipelines.workspace import DomainFolder

LONGEST = 300
"""Characters of a quotation; a question keeps its end, which is nearest to the change."""


def pick_examples(
    folder: DomainFolder,
    pin: Pin,
    contrasts: Sequence[Contrast],
    outcomes: Sequence[Outcome],
    settings: tuple[EvaluateParams, int],
) -> list[CurrencyExample]:
    """Return at most ``params.examples`` amended documents, those first on which champion and candidate differ.

    ``settings`` are the parameters and the number of threads.
    """
    params, threads = settings
    candidate = _currency_of(Role.CANDIDATE, outcomes)
    champion = _currency_of(Role.CHAMPION, outcomes)
    chosen = sorted(contrasts, key=lambda contrast: _interest(contrast, candidate, champion))[: params.examples]
    if not chosen:
        return []
    new = _answer(folder.model, chosen, candidate, params.answer_tokens, threads)
    old = _answer(folder.champion, chosen, champion, params.answer_tokens, threads) if pin.champion else [""] * len(chosen)
    return [
        CurrencyExample(
            row_id=contrast.document.row_id,
            question=contrast.context[-LONGEST:].strip(),
            text_before=contrast.before.strip()[:LONGEST],
            text_in_force=contrast.in_force.strip()[:LONGEST],
            effective_from=contrast.effective_from,
            champion_answer=old[place],
            candidate_answer=new[place],
            is_champion_current=_is_current(champion, contrast),
            is_candidate_current=candidate[contrast.document.row_id].correct == 1.0,
        )
        for place, contrast in enumerate(chosen)
    ]


def _currency_of(role: Role, outcomes: Sequence[Outcome]) -> dict[str, Outcome]:
    return {outcome.row_id: outcome for outcome in outcomes if outcome.role is role and outcome.slice is Slice.CURRENCY}


def _interest(contrast: Contrast, candidate: Mapping[str, Outcome], champion: Mapping[str, Outcome]) -> tuple[float, str]:
    """Learned first, then forgotten, then the rest; in each by id."""
    row_id = contrast.document.row_id
    if row_id not in champion:
        return 0.0, row_id
    gain = (candidate[row_id].correct or 0.0) - (champion[row_id].correct or 0.0)
    return {1.0: 0.0, -1.0: 1.0}.get(gain, 2.0), row_id


def _is_current(outcomes: Mapping[str, Outcome], contrast: Contrast) -> bool | None:
    outcome = outcomes.get(contrast.document.row_id)
    return None if outcome is None else outcome.correct == 1.0


def _answer(model: Path, contrasts: Sequence[Contrast], outcomes: Mapping[str, Outcome], tokens: int, threads: int) -> list[str]:
    answers = load_predictor(model, threads).complete([contrast.context for contrast in contrasts], tokens)
    if answers is None:
        return [outcomes[contrast.document.row_id].predicted for contrast in contrasts]
    return [answer.strip() for answer in answers]
