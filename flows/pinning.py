"""Fix what a run is made from: reserve the look, write the pin, and lay the champion's and the anchor's weights beside it."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

from flows.places import Place
from pipelines.domain.events import Kind
from pipelines.domain.identities import Digest, DomainName
from pipelines.domain.models import Champion
from pipelines.domain.pins import Look, ModelPin, Pin
from pipelines.files import write_json
from pipelines.inputs import digest_inputs
from pipelines.judge.plans import plan_digest
from pipelines.ledger.champions import anchor, champion
from pipelines.ledger.generations import current_generation
from pipelines.ledger.looks import LookRequest, reserve_look
from pipelines.workspace import DomainFolder


def pin_domain(place: Place, domain: DomainName, reason: str, *, with_look: bool) -> Pin:
    """Return the pin of a run made now; asked again under the same circumstances it is the same pin and the same look."""
    pin = Pin(
        corpus=place.corpus(domain).pin(),
        champion=_model(champion(place.ledger, domain)),
        anchor=_model(anchor(place.ledger, domain)),
        look=None,
        reason=reason,
        generation=current_generation(place.ledger, domain).generation,
    )
    return replace(pin, look=_reserve(place, domain, pin)) if with_look else pin


def lay_out(place: Place, domain: DomainName, pin: Pin, folder: DomainFolder) -> None:
    """Write the pin and the weights it names into ``folder``."""
    write_json(folder.pin, pin)
    place.registry.materialise(domain, pin.champion, folder.champion)
    place.registry.materialise(domain, pin.anchor, folder.anchor)


def share_cache(place: Place) -> None:
    """Let DVC in the user's own workspace find what the runs have made; whatever else is configured there stays."""
    for name, value in (("cache.dir", place.home.dvc_cache), ("core.site_cache_dir", place.home.dvc_cache.parent / "site")):
        command = [sys.executable, "-m", "dvc", "config", "--local", name, str(value)]
        subprocess.run(command, cwd=place.workspace.root, check=True, capture_output=True)


def _reserve(place: Place, domain: DomainName, pin: Pin) -> Look:
    params = place.of(domain)
    plan = plan_digest(params.judge)
    _register_plan(place, domain, plan)
    request = LookRequest(
        plan=plan,
        inputs=digest_inputs(place.workspace, domain, params, pin),
        alpha=params.judge.alpha,
        period_days=params.judge.period_days,
    )
    return reserve_look(place.ledger, domain, request)


def _register_plan(place: Place, domain: DomainName, plan: Digest) -> None:
    last = place.ledger.last(domain, Kind.PLAN_REGISTERED)
    if last is None or last.payload["plan"] != plan:
        gates = place.of(domain).judge.model_dump(mode="json")
        place.ledger.append(domain, Kind.PLAN_REGISTERED, {"plan": plan, "gates": gates})


def _model(model: Champion | None) -> ModelPin | None:
    return ModelPin(version=model.version, digest=model.digest) if model else None
