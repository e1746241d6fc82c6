"""What a model is shown of a document: one rule, so that training, scoring and serving can never differ in it."""

from __future__ import annotations


def compose_text(title: str, text: str) -> str:
    """Return the title as a first sentence before the text, or the text alone where it already begins with its title."""
    title, text = title.strip(), text.strip()
    if not title or text.startswith(title):
        return text
    return f"{title.rstrip('.')}. {text}"
