"""Puts together what a retraining is weighed by: the corpus, the champion's age and duties, and its score on the news.

The champion is asked only where ``params.yaml`` wants its score, there are news, and it was not asked about the same before.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from flows.asking import Questions, ask_apart
from flows.dropping import is_tainted
from flows.forecasts import Forecast, Score, forecast, read_score, score_champion
from flows.pinning import pin_model
from flows.places import Place
from flows.prequential import Inquiry, Scope, choose_rows
from flows.reconciling import lay_model
from flows.starting import must_start_cold
from flows.worth import AskedOf, Standing, Worth, count_news, weigh
from pipelines.domain.errors import StageError
from pipelines.domain.events import Kind
from pipelines.domain.identities import DomainName
from pipelines.domain.models import Champion
from pipelines.keys import open_keys
from pipelines.ledger.champions import champion
from pipelines.ledger.generations import current_generation
from pipelines.params import DomainParams, WorthParams


def weigh_domain(place: Place, domain: DomainName) -> Worth:
    """Weigh a retraining of ``domain`` as it stands; a champion that cannot be asked is weighed by the news alone."""
    standing, params = _stand(place, domain), place.of(domain).retrain
    serving = standing.champion
    if params.worth is None or serving is None or not count_news(standing.entries, serving.ingest_seq).total:
        return weigh(standing, params)
    asked = AskedOf(
        champion=serving.version, until=max(entry.ingest_seq for entry in standing.entries), sample=params.worth.sample
    )
    try:
        found = _forecast(place, standing, serving, asked, params.worth)
    except StageError as error:
        return weigh(replace(standing, unscored=str(error)), params)
    return weigh(replace(standing, forecast=found, asked=asked), params)


def _stand(place: Place, domain: DomainName) -> Standing:
    serving = champion(place.ledger, domain)
    since = None
    lost = False
    if serving is not None:
        event = place.ledger.events(domain, since=serving.since_seq - 1)[0]
        since = event.recorded_at
        lost = is_tainted(place, domain, serving.run_id, serving.ingest_seq)
    entries = place.corpus(domain).read()
    return Standing(entries=entries, champion=serving, champion_since=since, has_lost_a_drop=lost, now=place.clock.now())


def _forecast(place: Place, standing: Standing, serving: Champion, asked: AskedOf, worth: WorthParams) -> Forecast | None:
    domain, params = serving.domain, place.of(serving.domain)
    scope = Scope(
        params=params.model_copy(update={"split": open_keys(params.split, place.settings.find_key)}),
        since=serving.ingest_seq,
        generation=current_generation(place.ledger, domain).generation,
        sample=worth.sample,
    )
    inquiry = choose_rows(standing.entries, scope)
    score = _recall(place, domain, asked) or _ask(place, serving, inquiry)
    return forecast(score, inquiry, place.ledger.events(domain), foresee_params(place, domain), place.params.costs)


def foresee_params(place: Place, domain: DomainName) -> DomainParams:
    """Return the parameters as the next retraining follows them: one that must start from scratch is taught everything."""
    params = place.of(domain)
    if not must_start_cold(place, domain):
        return params
    return params.model_copy(update={"train": params.train.model_copy(update={"is_warm": False})})


def _ask(place: Place, serving: Champion, inquiry: Inquiry) -> Score:
    with TemporaryDirectory(prefix="addendum-") as folder:
        lay_model(place, serving.domain, pin_model(place, serving), Path(folder) / "champion")
        questions = Questions(
            folder=str(Path(folder) / "champion"),
            threads=place.of(serving.domain).train.threads,
            documents=(*inquiry.known, *inquiry.news),
            pairs=(*inquiry.known_pairs, *inquiry.news_pairs),
        )
        return score_champion(inquiry, ask_apart(questions))


def _recall(place: Place, domain: DomainName, asked: AskedOf) -> Score | None:
    """Return the score on record where the same champion was asked about the same corpus when it was last held."""
    last = place.ledger.last(domain, Kind.RETRAIN_HELD)
    return read_score(last) if last is not None and asked.is_of(last) else None
