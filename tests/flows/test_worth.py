"""Duties come first, then news, then age; and the reason says which it was."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.forecasts import Forecast, Score
from flows.gains import Interval, Tally
from flows.worth import DUTY, AskedOf, News, Standing, count_news, weigh
from pipelines.domain.identities import Digest, DocumentId, DomainName, RunId
from pipelines.domain.models import Champion
from pipelines.domain.revisions import RETIRING, Entry, Status
from pipelines.params import RetrainParams
from tests.builders.revisions import RECORDED, build_entry

CHAMPION = Champion(
    domain=DomainName("clinical"), version=3, digest=Digest("d" * 64), ingest_seq=5, run_id=RunId("r"), since_seq=1
)


def build_standing(*entries: Entry, **fields: Any) -> Standing:
    defaults: dict[str, Any] = {
        "entries": entries,
        "champion": CHAMPION,
        "champion_since": RECORDED,
        "has_lost_a_drop": False,
        "now": RECORDED + timedelta(days=10),
    }
    return Standing(**{**defaults, **fields})


def build_old(count: int = 3) -> list[Entry]:
    return [build_entry(f"doc-{number}", ingest_seq=1) for number in range(count)]


def build_late(document: str, **fields: Any) -> Entry:
    return build_entry(document, ingest_seq=6, text=f"A later text of {document}, as it was amended.", **fields)


def test_a_document_unknown_until_then_is_new_and_a_known_one_is_amended() -> None:
    assert count_news([*build_old(), build_late("doc-1"), build_late("other")], 5) == News(new=1, amended=1, retired=0)


@pytest.mark.parametrize("status", sorted(RETIRING))
def test_a_known_document_that_is_retired_is_counted_as_such(status: Status) -> None:
    assert count_news([*build_old(), build_late("doc-1", status=status)], 5) == News(new=0, amended=0, retired=1)


@pytest.mark.parametrize("status", sorted(RETIRING))
def test_the_retirement_of_a_document_that_never_was_here_is_no_news(status: Status) -> None:
    assert count_news([*build_old(), build_late("other", status=status)], 5).total == 0


def test_the_same_document_id_of_another_source_is_another_document() -> None:
    assert count_news([*build_old(), build_late("doc-1", source="elsewhere")], 5) == News(new=1, amended=0, retired=0)


@given(arrivals=st.lists(st.tuples(st.integers(0, 5), st.integers(1, 9)), max_size=12), since=st.integers(0, 9))
def test_news_are_never_more_than_what_arrived_since(arrivals: list[tuple[int, int]], since: int) -> None:
    entries = [
        build_entry(f"doc-{document}", ingest_seq=seq, document_id=DocumentId(f"doc-{document}")) for document, seq in arrivals
    ]
    assert count_news(entries, since).total == sum(seq > since for _, seq in arrivals)


def test_nothing_new_is_a_hold() -> None:
    worth = weigh(build_standing(*build_old()), RetrainParams())
    assert not worth.is_worth_it
    assert worth.reason == "nothing new since version 3"


def test_too_little_news_is_a_hold_that_says_how_much_is_asked_for() -> None:
    worth = weigh(build_standing(*build_old(), build_late("other")), RetrainParams(minimum_news=2))
    assert not worth.is_worth_it
    assert "only 1 new, 0 amended" in worth.reason
    assert "at least 2" in worth.reason


def test_enough_news_is_worth_it() -> None:
    worth = weigh(build_standing(*build_old(), build_late("a"), build_late("b")), RetrainParams(minimum_news=2))
    assert worth.is_worth_it
    assert worth.reason.startswith("2 new")


@pytest.mark.parametrize(("days", "is_worth_it"), [(9, False), (10, True), (11, True)])
def test_a_champion_is_too_old_from_the_day_on(days: int, is_worth_it: bool) -> None:  # noqa: FBT001  # a table's column
    standing = build_standing(*build_old(), now=RECORDED + timedelta(days=days))
    assert weigh(standing, RetrainParams(maximum_age_days=10)).is_worth_it is is_worth_it


def test_news_is_given_as_the_reason_before_age() -> None:
    standing = build_standing(*build_old(), build_late("other"), now=RECORDED + timedelta(days=99))
    assert weigh(standing, RetrainParams(maximum_age_days=10)).reason.startswith("1 new")


def test_a_retired_document_is_a_duty_however_much_news_is_asked_for() -> None:
    worth = weigh(build_standing(*build_old(), build_late("doc-1", status=Status.RETRACTED)), RetrainParams(minimum_news=99))
    assert worth.is_worth_it
    assert worth.reason.startswith(DUTY)


def test_a_lost_drop_is_a_duty_before_all_others() -> None:
    standing = build_standing(*build_old(), build_late("doc-1", status=Status.RETRACTED), has_lost_a_drop=True)
    worth = weigh(standing, RetrainParams())
    assert worth.is_worth_it
    assert worth.reason.startswith(f"{DUTY}a drop")


def build_forecast(low: float, high: float, cost: float = 100.0) -> Forecast:
    gain = Interval(value=0.05, low=0.0, high=0.1)
    score = Score(metric="accuracy", known=Tally(rows=50, right=45), news=Tally(rows=50, right=40), deficit=gain)
    value = Interval(value=(low + high) / 2, low=low, high=high)
    return Forecast(score=score, share=gain, gain=gain, value=value, horizon_days=90, seconds=60.0, cost=cost, currency="EUR")


ASKED = AskedOf(champion=3, until=6, sample=200)


@pytest.mark.parametrize(
    ("low", "high", "minimum", "is_worth_it", "said"),
    [
        (101, 500, 99, True, "it pays"),
        (0, 99, 1, False, "it does not pay"),
        (100, 100, 1, True, "not certain"),
        (50, 150, 1, True, "the amount of news decides"),
        (50, 150, 99, False, "the amount of news decides"),
    ],
)
def test_a_gain_decides_where_its_whole_interval_lies_on_one_side_of_the_cost(
    low: float,
    high: float,
    minimum: int,
    is_worth_it: bool,  # noqa: FBT001  # a table's column
    said: str,
) -> None:
    standing = build_standing(*build_old(), build_late("other"), forecast=build_forecast(low, high), asked=ASKED)
    worth = weigh(standing, RetrainParams(minimum_news=minimum))
    assert worth.is_worth_it is is_worth_it
    assert said in worth.reason
    assert "100.00 EUR" in worth.reason


def test_where_nothing_costs_anything_no_gain_is_certain_and_news_decide() -> None:
    standing = build_standing(*build_old(), build_late("other"), forecast=build_forecast(0, 50, cost=0), asked=ASKED)
    assert not weigh(standing, RetrainParams(minimum_news=2)).is_worth_it


@pytest.mark.parametrize("standing", [{"has_lost_a_drop": True}, {"now": RECORDED + timedelta(days=400)}])
def test_a_duty_and_age_override_what_does_not_pay(standing: dict[str, Any]) -> None:
    asked = build_standing(*build_old(), build_late("other"), forecast=build_forecast(0, 1), asked=ASKED, **standing)
    assert weigh(asked, RetrainParams(minimum_news=99, maximum_age_days=365)).is_worth_it


@pytest.mark.parametrize("minimum", [1, 99])
def test_an_age_that_overrides_what_does_not_pay_is_the_reason_that_is_given(minimum: int) -> None:
    old = build_standing(
        *build_old(), build_late("other"), forecast=build_forecast(0, 1), asked=ASKED, now=RECORDED + timedelta(days=400)
    )
    reason = weigh(old, RetrainParams(minimum_news=minimum, maximum_age_days=365)).reason
    assert reason.startswith("version 3 is 400 days old; 1 new")
    assert reason.endswith("it does not pay")


def test_the_figures_are_plain_json_and_name_who_was_asked() -> None:
    standing = build_standing(*build_old(), build_late("other"), forecast=build_forecast(0, 1), asked=ASKED)
    figures = json.loads(json.dumps(dict(weigh(standing, RetrainParams()).figures)))
    assert figures["news"] == {"new": 1, "amended": 0, "retired": 0}
    assert figures["asked"] == {"champion": 3, "until": 6, "sample": 200}
    assert figures["forecast"]["value"] == {"value": 0.5, "low": 0, "high": 1}


def test_a_champion_that_could_not_be_asked_is_said() -> None:
    standing = build_standing(*build_old(), build_late("other"), unscored="the model broke (status 1)")
    assert "its score was not measured: the model broke" in weigh(standing, RetrainParams()).reason


@pytest.mark.parametrize(("count", "is_worth_it"), [(2, False), (3, True)])
def test_the_first_model_waits_for_the_backlog(count: int, is_worth_it: bool) -> None:  # noqa: FBT001  # a table's column
    worth = weigh(build_standing(*build_old(count), champion=None, champion_since=None), RetrainParams(minimum_backlog=3))
    assert worth.is_worth_it is is_worth_it
    assert str(count) in worth.reason


def test_the_backlog_counts_only_what_is_in_force() -> None:
    entries = [*build_old(3), build_late("doc-1", status=Status.WITHDRAWN)]
    worth = weigh(build_standing(*entries, champion=None, champion_since=None), RetrainParams(minimum_backlog=3))
    assert not worth.is_worth_it
    assert "only 2 of 3" in worth.reason
