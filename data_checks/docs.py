"""What a validation found, as one small page that fetches nothing and shows no value.

Great Expectations' own Data Docs load scripts from content networks and print the values that failed, so they are not used.
"""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, StrictUndefined

from data_checks.findings import Findings


def render_docs(findings: Findings, heading: str = "Data checks") -> str:
    """Return a self-contained HTML page: counts an expectation, and what is wrong with the whole; equal findings, equal bytes."""
    pages = Environment(autoescape=True, undefined=StrictUndefined, keep_trailing_newline=True)
    template = pages.from_string(Path(__file__).with_name("docs.html").read_text(encoding="utf-8"))
    return template.render(findings=findings, heading=heading)
