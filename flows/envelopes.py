"""What would differ from the champion if the domain were retrained now: asked before anything is trained, and free of charge."""

from __future__ import annotations

from pydantic import TypeAdapter, ValidationError

from flows.pinning import pin_model
from flows.places import Place
from pipelines.domain.errors import LedgerError
from pipelines.domain.identities import Digest, DomainName, shorten
from pipelines.domain.recipes import Recipe
from pipelines.domain.verdicts import Result
from pipelines.judge.envelopes import Ruling, rule_on_recipes, rule_without_champion, rule_without_reference
from pipelines.ledger.champions import champion
from pipelines.recipes import build_recipe


def rule_on_present(place: Place, domain: DomainName) -> Ruling:
    """Return the ruling on a run made from the present params, code and corpus, as the judge would make it.

    Raises :class:`ParamsError` for a domain that is not in the params, and :class:`LedgerError` where the champion's recipe is on
    record and cannot be read.
    """
    params = place.of(domain)
    serving = pin_model(place, champion(place.ledger, domain))
    if serving is None:
        return rule_without_champion()
    if serving.recipe is None:
        return rule_without_reference(serving.version)
    corpus = place.corpus(domain)
    sources = [entry.revision.source for entry in corpus.read()]
    present = build_recipe(place.workspace, params, corpus.pin(), sources)
    return rule_on_recipes(_read_recipe(place, serving.recipe), present, params.envelope)


def find_stop(place: Place, domain: DomainName) -> str | None:
    """Return why a run made now would be stopped by its envelope, or ``None`` where it would not be."""
    finding = rule_on_present(place, domain).finding
    if finding.result is not Result.FAILED:
        return None
    return f"{finding.sentence}: take it back, or see `addendum envelope {domain}`"


def describe_need(ruling: Ruling) -> str:
    """Return what a candidate made now would need to be promoted, its verdict aside."""
    if ruling.finding.result is Result.FAILED:
        return "it would not be trained"
    return "it would need a named approver" if ruling.needs_approval else "it would be promoted by itself if its verdict says so"


def _read_recipe(place: Place, digest: Digest) -> Recipe:
    try:
        return TypeAdapter(Recipe).validate_json(place.evidence.get(digest))
    except ValidationError as error:
        raise LedgerError(f"the evidence {shorten(digest)} is no recipe that this version can read") from error
