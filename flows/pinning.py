"""Fix what a run is made from: reserve the look, write the pin, and lay the champion's and the anchor's weights beside it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace

from flows.places import Place
from flows.reconciling import lay_model
from flows.renewals import renew_holdout
from flows.starting import choose_start, must_start_cold
from pipelines.domain.events import Kind
from pipelines.domain.identities import Digest, DomainName
from pipelines.domain.models import Champion
from pipelines.domain.pins import Look, ModelPin, Pin
from pipelines.files import write_bytes, write_json
from pipelines.inputs import digest_inputs
from pipelines.judge.params import JudgeParams
from pipelines.judge.plans import describe_plan, plan_digest
from pipelines.ledger.champions import anchor, champion
from pipelines.ledger.generations import current_generation
from pipelines.ledger.looks import LookRequest, reserve_look
from pipelines.workspace import DomainFolder

RECIPE = "recipe.json"
"""Its name among a verdict's evidence, and in the folder where it is laid out."""


def pin_domain(place: Place, domain: DomainName, reason: str, *, with_look: bool) -> Pin:
    """Return the pin of a run made now; asked again under the same circumstances it is the same pin and the same look."""
    corpus = place.corpus(domain).pin()
    pin = Pin(
        corpus=corpus,
        champion=pin_model(place, champion(place.ledger, domain)),
        anchor=pin_model(place, anchor(place.ledger, domain)),
        look=None,
        reason=reason,
        generation=renew_holdout(place, domain) if with_look else current_generation(place.ledger, domain).generation,
        start=choose_start(place, domain, corpus),
        is_cold=must_start_cold(place, domain),
    )
    return replace(pin, look=_reserve(place, domain, pin)) if with_look else pin


def pin_model(place: Place, model: Champion | None) -> ModelPin | None:
    """Return the pin of a model that was promoted, with the digest of its recipe where its verdict left one on record."""
    if model is None:
        return None
    judged = place.ledger.events(model.domain, [Kind.CANDIDATE_JUDGED])
    kept = next((event.payload.get("evidence") for event in reversed(judged) if event.payload["run"] == model.run_id), None)
    recipe = kept.get(RECIPE) if isinstance(kept, Mapping) else None
    return ModelPin(version=model.version, digest=model.digest, recipe=Digest(str(recipe)) if recipe else None)


def lay_out(place: Place, domain: DomainName, pin: Pin, folder: DomainFolder) -> None:
    """Write the pin and what it names into ``folder``: the weights, and the champion's recipe where there is one on record.

    Raises :class:`~pipelines.domain.errors.WorkspaceError` or :class:`~pipelines.domain.errors.LedgerError` where what is kept
    is not what the pin says.
    """
    write_json(folder.pin, pin)
    lay_model(place, domain, pin.champion, folder.champion)
    lay_model(place, domain, pin.anchor, folder.anchor)
    _lay_start(place, domain, pin.start, folder)
    recipe = pin.champion.recipe if pin.champion else None
    folder.reference.mkdir(parents=True, exist_ok=True)
    for left_over in set(folder.reference.iterdir()) - ({folder.reference / RECIPE} if recipe else set()):
        left_over.unlink()
    if recipe:
        write_bytes(folder.reference / RECIPE, place.evidence.get(recipe))


def _lay_start(place: Place, domain: DomainName, start: ModelPin | None, folder: DomainFolder) -> None:
    # what came of a replay is no version of the registry
    if start is not None and place.evidence.holds_folder(start.digest):
        place.evidence.lay_folder(start.digest, folder.start)
    else:
        lay_model(place, domain, start, folder.start)


def share_cache(place: Place) -> None:
    """Let DVC in the user's own workspace find what the runs have made; whatever else is configured there stays."""
    for name, value in (("cache.dir", place.home.dvc_cache), ("core.site_cache_dir", place.home.dvc_cache.parent / "site")):
        command = [sys.executable, "-m", "dvc", "config", "--local", name, str(value)]
        subprocess.run(command, cwd=place.workspace.root, check=True, capture_output=True)


def _reserve(place: Place, domain: DomainName, pin: Pin) -> Look:
    params = place.of(domain)
    plan = _register_plan(place, domain, params.judge)
    request = LookRequest(
        plan=plan,
        inputs=digest_inputs(place.workspace, domain, params, pin),
        alpha=params.judge.alpha,
        period_days=params.judge.period_days,
    )
    return reserve_look(place.ledger, domain, request)


def _register_plan(place: Place, domain: DomainName, judging: JudgeParams) -> Digest:
    """Record the gates with the rows that they need at the coming looks, where they are not the last that were recorded."""
    plan = plan_digest(judging)
    last = place.ledger.last(domain, Kind.PLAN_REGISTERED)
    if last is None or last.payload["plan"] != plan:
        place.ledger.append(domain, Kind.PLAN_REGISTERED, describe_plan(judging))
    return plan
