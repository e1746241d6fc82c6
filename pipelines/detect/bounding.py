"""Texts as long as a model reads them: bounded, and never cut within a word where it can be helped."""

from __future__ import annotations


def bound_text(text: str, limit: int) -> str:
    """Return at most ``limit`` characters of ``text``, stripped, up to the end of a word where one ends in its last tenth."""
    text = text.strip()
    if len(text) <= limit:
        return text
    end = max(text.rfind(mark, limit - limit // 10, limit + 1) for mark in (" ", "\n"))
    return text[: end if end > 0 else limit].rstrip()
