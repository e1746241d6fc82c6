"""The published state of every source. It starts empty; each act that is played adds to it, and playing an act twice is once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from infra.rehearsal.acts import Act, WorldSize, time_of
from infra.rehearsal.dockets import DocketDocument
from infra.rehearsal.malformations import Malformed
from infra.rehearsal.notices import Notice
from infra.rehearsal.papers import Paper
from infra.rehearsal.programme import News, Programme, Retraction, write_programme
from infra.rehearsal.recalls import Recall
from infra.rehearsal.sections import TITLE, Section
from infra.rehearsal.trials import Trial

__all__ = ["Act", "Published", "Question", "World", "WorldSize"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What an amended section answers: differently before and after."""

    text: str
    document_id: str
    old_answer: str
    new_answer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What can be read at the sources at one moment: documents in their latest state by id, sections version by version."""

    now: datetime
    recalls: Mapping[str, Recall]
    trials: Mapping[str, Trial]
    papers: Mapping[str, Paper]
    sections: tuple[Section, ...]
    notices: Mapping[str, Notice]
    dockets: Mapping[str, DocketDocument]


class World:
    """Plays acts. Reading ``published`` from another thread is safe: it is replaced as a whole, never changed."""

    def __init__(self, programme: Programme) -> None:
        self._programme = programme
        self._played: frozenset[Act] = frozenset()
        self._published = _publish(programme, frozenset())

    @classmethod
    def build(cls, seed: int, size: WorldSize) -> Self:
        """Return a world in which nothing is published yet; the same seed and size give the same documents."""
        return cls(write_programme(seed, size))

    @property
    def published(self) -> Published:
        """What the sources show now."""
        return self._published

    def play(self, act: Act) -> None:
        """Publish what ``act`` brings; again is no change. The subtle poison takes the crude one, found out by then, back."""
        self._played |= {act}
        self._published = _publish(self._programme, self._played)

    @staticmethod
    def today(act: Act) -> datetime:
        """Return the time (UTC) at which the sources are looked at in ``act``."""
        return time_of(act)

    def news(self, act: Act) -> News:
        """Return what ``act`` brings, whether or not it was played."""
        return self._programme.news[act]

    def malformed(self) -> tuple[Malformed, ...]:
        """Return the documents of the second act that parse but must fail the data checks."""
        return self._programme.malformed

    def retraction(self) -> Retraction:
        """Return which paper of the backlog the second act retracts, and by which notice."""
        return self._programme.retraction

    def questions(self) -> tuple[Question, ...]:
        """Return what each amended section answers, before and after the second act."""
        return tuple(
            Question(
                text=section.topic.question,
                document_id=f"{TITLE} CFR {section.identifier}",
                old_answer=section.topic.old,
                new_answer=section.threshold,
            )
            for section in self._programme.news[Act.AMENDMENT].sections
        )


def _publish(programme: Programme, played: frozenset[Act]) -> Published:
    acts = [act for act in Act if act in played]
    shown = [act for act in acts if not (act is Act.CRUDE_POISON and Act.SUBTLE_POISON in played)]
    news = [programme.news[act] for act in shown]
    return Published(
        now=time_of(acts[-1]) if acts else time_of(Act.BACKLOG),
        recalls={recall.recall_number: recall for issue in news for recall in issue.recalls},
        trials={trial.nct_id: trial for issue in news for trial in issue.trials},
        papers={paper.pmid: paper for issue in news for paper in issue.papers},
        sections=tuple(section for issue in news for section in issue.sections),
        notices={notice.number: notice for issue in news for notice in issue.notices},
        dockets={document.document_id: document for issue in news for document in issue.dockets},
    )
