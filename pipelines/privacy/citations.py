"""Where a text cites law: no recogniser may touch it, since a docket is no record number and a section no telephone number."""

from __future__ import annotations

import re

from pipelines.privacy.mentions import Mention, MentionKind

_NUMBER = r"\d+[A-Za-z]?(?:[.:–-]\d+[A-Za-z]?)*(?:\([A-Za-z0-9]{1,5}\))*"
FORMS = (
    re.compile(
        rf"\b\d{{1,3}} (?:C\.?F\.?R\.?|CFR)(?: [Pp]arts?| §+| [Ss]ec(?:tion|\.))? ?{_NUMBER}(?:(?:,| and| or|–"
        rf"|-) ?{_NUMBER})*"
    ),
    re.compile(r"\b\d{1,3} (?:Fed\. ?Reg\.|F\.?R\.?|FR) ?\d[\d,–-]*(?: ?\([A-Z][a-z]{2,8}\.? \d{1,2}, \d{4}\))?"),
    re.compile(rf"\b\d{{1,3}} (?:U\.?S\.?C\.?A?\.?|USC)(?: §+)? ?{_NUMBER}(?: et seq\.?)?"),
    re.compile(r"\b\d{1,4} (?:U\.S\.|S\. ?Ct\.|F\.[23]d|F\.4th|F\. ?Supp\.(?: ?[23]d)?) \d{1,4}(?: \([^)]{2,30}\d{4}\))?"),
    re.compile(
        r"\b(?:Docket|Document|File|Release|Case|Rule|Petition|Amendment)s? (?:ID |Nos?\.? ?"
        r"|#)+[A-Z0-9][\w:–-]*(?:, [A-Z0-9][\w–-]*\d)*"
    ),
    re.compile(
        r"\bRIN:? \d{4}-[A-Z]{2}\d{2}\b|\b(?:FR|FDA|EPA|CMS)-\d{4}-[\w-]+|\b(?:Pub\. ?L\."
        r"|Public Law) (?:No\. )?\d{2,3}[-–]\d+"
    ),
    re.compile(
        rf"§+ ?{_NUMBER}|\b(?:[Ss]ections?|[Pp]arts?|[Ss]ubparts?|[Pp]aragraphs?|[Aa]rticles?|[Tt]itle"
        rf"|[Cc]omment) {_NUMBER}"
    ),
    re.compile(r"\b[A-Z][\w.&'’]*(?: [A-Z][\w.&'’]*){0,4} v\.? [A-Z][\w.&'’]*(?: [A-Z][\w.&'’]*){0,4}(?=,)"),
)


def find_citations(text: str) -> list[Mention]:
    """Return where ``text`` cites a regulation, a statute, a docket or a case, as mentions that nothing may overlap."""
    return [Mention(start=hit.start(), end=hit.end(), kind=MentionKind.CODE) for form in FORMS for hit in form.finditer(text)]
