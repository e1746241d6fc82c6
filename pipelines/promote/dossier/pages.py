"""Facts to one HTML page that needs nothing else: style and drawings are in it, no script is, and it fetches nothing.

Every text in it is escaped, and a policy in its head forbids scripts and requests, so that what a source wrote stays words.
"""

from __future__ import annotations

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from pipelines.domain.identities import shorten
from pipelines.domain.models import Role
from pipelines.domain.verdicts import Finding, Result
from pipelines.promote.dossier import words
from pipelines.promote.dossier.accounts import MOVEMENTS
from pipelines.promote.dossier.contrasts import contrast
from pipelines.promote.dossier.curves import draw_learning, draw_reliability, thin_out
from pipelines.promote.dossier.drawings import CLASSES, draw_forest, draw_mark
from pipelines.promote.dossier.exhibits import Missing, is_recorded
from pipelines.promote.dossier.facts import Facts
from pipelines.promote.dossier.headlines import answer_questions, count_results, raise_banner
from pipelines.promote.dossier.intervals import list_details, list_differences, split_by_unit
from pipelines.promote.dossier.sections import TITLES, SectionId
from pipelines.promote.dossier.tables import line_up

FILTERS = {
    "count": words.tell_count,
    "date": words.tell_date,
    "day": words.tell_day,
    "moment": words.tell_moment,
    "bytes": words.tell_bytes,
    "seconds": words.tell_seconds,
    "figure": words.tell_figure,
    "level": words.tell_level,
    "short": shorten,
    "some": words.tell_some,
}
FUNCTIONS = {
    "contrast": contrast,
    "count_results": count_results,
    "draw_forest": draw_forest,
    "draw_learning": draw_learning,
    "draw_reliability": draw_reliability,
    "in_order": words.put_in_order,
    "is_recorded": is_recorded,
    "list_details": list_details,
    "line_up": line_up,
    "list_differences": list_differences,
    "name_finding": words.name_finding,
    "name_gate": words.name_gate,
    "name_metric": words.name_metric,
    "name_part": words.name_part,
    "split_by_unit": split_by_unit,
    "tell_change": words.tell_change,
    "tell_share": words.tell_share,
    "tell_value": words.tell_value,
    "thin_out": thin_out,
    "unit_of": words.unit_of,
}


def render_page(facts: Facts) -> bytes:
    """Return the page as UTF-8; the same facts give the same bytes."""
    template = _open_environment().get_template("page.html")
    page = template.render(
        facts=facts,
        sections=list(SectionId),
        titles=TITLES,
        banner=raise_banner(facts.standing),
        answers=answer_questions(facts),
        findings=() if isinstance(facts.verdict, Missing) else facts.verdict.findings,
    )
    return page.encode()


@cache
def _open_environment() -> Environment:
    """Return the templates, read and compiled once a process."""
    environment = Environment(
        loader=PackageLoader("pipelines.promote.dossier"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_show,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(FILTERS)
    environment.globals.update(FUNCTIONS)
    environment.globals.update(
        Result=Result,
        roles=list(Role),
        movements=MOVEMENTS,
        results=words.RESULTS,
        tones=CLASSES,
        sign=show_sign,
        pick=pick_findings,
    )
    return environment


def pick_findings(findings: tuple[Finding, ...], *gates: str) -> tuple[Finding, ...]:
    """Return the findings of some gates."""
    return tuple(finding for finding in findings if finding.gate in gates)


def show_sign(result: Result) -> Markup:
    """Return a result's sign for a line of text; the word stands beside it, so it is not read out."""
    head = Markup('<svg class="sign" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" focusable="false">')
    return head + draw_mark(8, 8, result) + Markup("</svg>")


def _show(value: object) -> object:
    return words.show_controls(value) if isinstance(value, str) and not isinstance(value, Markup) else value
