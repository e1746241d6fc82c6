"""The section ``train`` of a domain. Its fields are those of a lesson, since an audit teaches the same lesson to a twin."""

from __future__ import annotations

from pipelines.lessons.params import LessonParams


class TrainParams(LessonParams):
    """Who learns, from how much history, and with which seed."""
