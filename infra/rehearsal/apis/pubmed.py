"""PubMed's E-utilities: ``esearch.fcgi`` with the history server and ``efetch.fcgi`` as XML.

See https://www.ncbi.nlm.nih.gov/books/NBK25499/. A search that is kept (``usehistory=y``) is spelled out in its WebEnv, so that
no state is needed to answer the fetch.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Sequence
from datetime import date
from http import HTTPStatus

from infra.rehearsal.apis.exchanges import XML_TYPE, Reply, Request, cut_page, not_found, reply_json
from infra.rehearsal.apis.pubmed_articles import render_article
from infra.rehearsal.papers import Paper
from infra.rehearsal.worlds import Published

_MOST_ROWS = 10_000
_ENVIRONMENT = "MCID_"
_DATED = re.compile(r"\"?(\d{4}(?:/\d\d){0,2})\"?\[(\w+)\]\s*:\s*\"?(\d{4}(?:/\d\d){0,2})\"?\[\w+\]")
_ATOM = re.compile(r"\"?([^\"\[\]]+?)\"?\s*(?:\[([^\]]+)\])?")
_KEPT = ("term", "datetype", "mindate", "maxdate", "reldate", "sort")


def answer(request: Request, published: Published) -> Reply:
    """Return what the API answers."""
    if request.path == "/esearch.fcgi":
        return _search(request, published)
    return _fetch(request, published) if request.path == "/efetch.fcgi" else not_found()


def _search(request: Request, published: Published) -> Reply:
    if request.text("db") != "pubmed":
        return reply_json({"error": "Invalid db name specified"}, HTTPStatus.BAD_REQUEST)
    found = _find(request, published)
    start, most = request.number("retstart", 0), min(_MOST_ROWS, request.number("retmax", 20))
    shown = [paper.pmid for paper in cut_page(found, start, most, request)]
    is_kept = request.text("usehistory") == "y"
    if request.text("retmode") == "json":
        return _write_json(request, shown, len(found), is_kept=is_kept)
    return _write_xml(request, shown, len(found), is_kept=is_kept)


def _write_json(request: Request, shown: Sequence[str], count: int, *, is_kept: bool) -> Reply:
    history = {"querykey": "1", "webenv": _keep(request)} if is_kept else {}
    counts = {"count": str(count), "retmax": str(len(shown)), "retstart": str(request.number("retstart", 0))}
    rest = {"idlist": list(shown), "translationset": [], "querytranslation": request.text("term")}
    return reply_json({"header": {"type": "esearch", "version": "0.3"}, "esearchresult": {**counts, **history, **rest}})


def _write_xml(request: Request, shown: Sequence[str], count: int, *, is_kept: bool) -> Reply:
    history = f"<QueryKey>1</QueryKey><WebEnv>{_keep(request)}</WebEnv>" if is_kept else ""
    ids = "".join(f"<Id>{pmid}</Id>" for pmid in shown)
    body = (
        '<?xml version="1.0" encoding="UTF-8" ?>\n'
        '<!DOCTYPE eSearchResult PUBLIC "-//NLM//DTD esearch 20060628//EN" '
        '"https://eutils.ncbi.nlm.nih.gov/eutils/dtd/20060628/esearch.dtd">\n'
        f"<eSearchResult><Count>{count}</Count><RetMax>{len(shown)}</RetMax>"
        f"<RetStart>{request.number('retstart', 0)}</RetStart>{history}<IdList>{ids}</IdList>"
        "<TranslationSet/></eSearchResult>\n"
    )
    return Reply(body=body.encode(), media_type=XML_TYPE)


def _fetch(request: Request, published: Published) -> Reply:
    if request.texts("id"):
        wanted = [pmid for value in request.texts("id") for pmid in value.split(",")]
        found = [published.papers[pmid] for pmid in wanted if pmid in published.papers]
    else:
        kept = _recall(request.text("WebEnv"))
        if kept is None:
            body = b'<?xml version="1.0" ?><eFetchResult><ERROR>Unable to obtain query #1</ERROR></eFetchResult>'
            return Reply(body=body, status=HTTPStatus.BAD_REQUEST, media_type=XML_TYPE)
        found = _find(kept, published)
    start, most = request.number("retstart", 0), min(_MOST_ROWS, request.number("retmax", 20 if not request.texts("id") else 200))
    articles = "".join(render_article(paper) for paper in cut_page(found, start, most, request))
    body_text = (
        '<?xml version="1.0" ?>\n'
        '<!DOCTYPE PubmedArticleSet PUBLIC "-//NLM//DTD PubMedArticle, 1st January 2025//EN" '
        '"https://dtd.nlm.nih.gov/ncbi/pubmed/out/pubmed_250101.dtd">\n'
        f"<PubmedArticleSet>{articles}</PubmedArticleSet>\n"
    )
    return Reply(body=body_text.encode(), media_type=XML_TYPE)


def _keep(request: Request) -> str:
    query = {name: request.text(name) for name in _KEPT if request.text(name)}
    return _ENVIRONMENT + base64.urlsafe_b64encode(json.dumps(query, sort_keys=True).encode()).decode()


def _recall(environment: str) -> Request | None:
    try:
        query = json.loads(base64.urlsafe_b64decode(environment.removeprefix(_ENVIRONMENT)))
    except ValueError:
        return None
    return Request(path="/esearch.fcgi", query={name: (value,) for name, value in query.items()})


def _find(request: Request, published: Published) -> list[Paper]:
    """Return the papers found, newest entry first, as PubMed lists them."""
    low, high = _read_day(request.text("mindate", "1800")), _read_day(request.text("maxdate", "3000"), is_last=True)
    kind = request.text("datetype", "pdat")
    found = [
        paper
        for paper in published.papers.values()
        if low <= _day(paper, kind) <= high and _speaks_of(paper, request.text("term"))
    ]
    return sorted(found, key=lambda paper: (paper.entered, paper.pmid), reverse=True)


def _day(paper: Paper, kind: str) -> date:
    days = {"edat": paper.entered, "crdt": paper.entered, "mhda": paper.entered, "mdat": paper.revised, "lr": paper.revised}
    return days.get(kind.lower(), paper.published)


def _read_day(written: str, *, is_last: bool = False) -> date:
    """Return a day from year, year/month or year/month/day; a part that is left out is the first or the last one."""
    year, month, day = (int(part) for part in [*written.split("/"), *(("12", "28") if is_last else ("1", "1"))][:3])
    return date(year, month, day)


def _speaks_of(paper: Paper, term: str) -> bool:
    """Return whether any OR-branch of ``term`` has all its AND-parts; brackets other than tags are taken as read."""
    for low, kind, high in _DATED.findall(term):
        if not _read_day(low) <= _day(paper, kind) <= _read_day(high, is_last=True):
            return False
    rest = _DATED.sub("", term).replace("(", " ").replace(")", " ")
    branches = [[part.strip() for part in branch.split(" AND ") if part.strip()] for branch in rest.split(" OR ")]
    asked = [branch for branch in branches if branch]
    return not asked or any(all(_has(paper, part) for part in branch) for branch in asked)


def _has(paper: Paper, part: str) -> bool:
    found = _ATOM.fullmatch(part.removeprefix("NOT ").removeprefix("AND ").strip())
    if found is None:
        return True
    word, tag = found[1].strip().lower(), (found[2] or "").lower()
    if tag in {"pt", "publication type", "ptyp"}:
        return word in (kind.lower() for kind in paper.types)
    if tag in {"uid", "pmid"}:
        return word == paper.pmid
    if tag == "sb":
        return True
    words = f"{paper.title} {paper.text} {paper.condition} {paper.top_heading}".lower()
    return word in words
