"""A holdout that has carried ten promotions is renewed when enough has been kept back since the last look, and not before."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.pinning import pin_domain
from flows.places import Place
from flows.renewals import count_holdout, count_needed, find_last_seen, renew_holdout
from flows.retraining import start_retraining
from pipelines.domain.errors import ParamsError
from pipelines.domain.events import Kind
from pipelines.domain.identities import FamilyId
from pipelines.domain.models import Role
from pipelines.domain.pins import FIRST_GENERATION, Generation
from pipelines.domain.revisions import Revision
from pipelines.judge.params import Floor, JudgeParams, NonInferiority
from pipelines.judge.plans import required_rows
from pipelines.keys import KeptKey, seal_key
from pipelines.ledger.retrainings import end_retraining
from pipelines.split.assignments import SplitName, assign_family
from pipelines.split.splitting import split
from tests.builders.curations import lay_curated
from tests.builders.places import DOMAIN, with_section
from tests.builders.revisions import build_entry, build_revision
from tests.builders.splits import PARAMS, find_family

PLANLESS = JudgeParams(gates=(Floor(),))


def kept_back(place: Place) -> Iterator[FamilyId]:
    """Families that the domain's split puts into the holdout."""
    params = place.of(DOMAIN).split
    families = (FamilyId(f"kept back {number}") for number in count())
    return (family for family in families if assign_family(params.key, family, params.shares) is SplitName.HOLDOUT)


@pytest.fixture
def worn(place: Place) -> Place:
    """Twenty rows in the holdout, looked at once, and ten promotions."""
    append(place, "first", 0, 20)
    start = start_retraining(place, DOMAIN, "a look")
    end_retraining(place.ledger, DOMAIN, {"run": start.run_id, "decision": "promote"})
    for version in range(1, 11):
        payload = {"version": version, "digest": "d" * 64, "ingest_seq": 1, "run_id": f"run-{version}", "previous": None}
        place.ledger.append(DOMAIN, Kind.PROMOTED, payload)
    return with_section(place, judge=PLANLESS)


def append(place: Place, drop: str, first: int, rows: int) -> None:
    families = list(zip(range(first + rows), kept_back(place), strict=False))[first:]
    place.corpus(DOMAIN).append(drop, [build_revision(f"doc-{number}", family_id=family) for number, family in families])


def renewals(place: Place) -> list[object]:
    return [dict(event.payload) for event in place.ledger.events(DOMAIN, [Kind.HOLDOUT_RENEWED])]


def test_as_long_as_it_is_not_worn_out_it_stays(place: Place) -> None:
    append(place, "first", 0, 20)
    assert renew_holdout(place, DOMAIN) == FIRST_GENERATION


def test_worn_out_and_too_little_new_it_goes_on_and_the_judge_holds(worn: Place) -> None:
    append(worn, "second", 20, 19)
    assert renew_holdout(worn, DOMAIN) == FIRST_GENERATION
    assert renewals(worn) == []


def test_worn_out_and_enough_new_the_next_generation_is_what_came_since_the_last_look(worn: Place) -> None:
    append(worn, "second", 20, 20)
    assert renew_holdout(worn, DOMAIN) == Generation(number=2, since=1)
    assert renewals(worn) == [{"generation": 2, "since": 1, "rows": 20}]
    assert renew_holdout(worn, DOMAIN) == Generation(number=2, since=1)
    assert len(renewals(worn)) == 1


def test_what_a_worn_out_generation_has_looked_at_does_not_count_though_it_was_amended(worn: Place) -> None:
    family = next(kept_back(worn))
    worn.corpus(DOMAIN).append("second", [build_revision(f"doc-{n}", family_id=family, text=f"amended {n}") for n in range(40)])
    assert renew_holdout(worn, DOMAIN) == FIRST_GENERATION


def test_where_tests_are_planned_they_say_how_much_is_enough(worn: Place) -> None:
    append(worn, "second", 20, 30)
    strict = with_section(worn, judge=JudgeParams(gates=(NonInferiority(margin=0.05),)))
    assert renew_holdout(strict, DOMAIN) == FIRST_GENERATION
    mild = with_section(worn, judge=JudgeParams(gates=(NonInferiority(margin=0.4),)))
    assert renew_holdout(mild, DOMAIN).number == 2


def test_the_need_is_that_of_all_tests_together_at_the_coming_look() -> None:
    judging = JudgeParams(gates=(NonInferiority(margin=0.05), NonInferiority(margin=0.05, against=Role.ANCHOR)))
    first, tenth = (count_needed(judging, t) for t in (1, 10))
    assert (first, tenth) == (required_rows(judging, 10)[0], required_rows(judging, 10)[9])
    assert first is not None
    assert tenth is not None
    assert first < tenth
    assert count_needed(PLANLESS, 1) is None


def test_the_pin_and_its_look_are_of_the_new_generation_and_a_pin_by_hand_renews_nothing(worn: Place) -> None:
    append(worn, "second", 20, 20)
    assert pin_domain(worn, DOMAIN, "by hand", with_look=False).generation == FIRST_GENERATION
    assert renewals(worn) == []
    pin = replace(pin_domain(worn, DOMAIN, "news", with_look=True), champion=None)
    assert pin.generation == Generation(number=2, since=1)
    assert pin.look is not None
    assert (pin.look.generation, pin.look.promotions) == (2, 0)


def test_the_last_arrival_that_was_looked_at_is_that_of_the_runs(worn: Place) -> None:
    append(worn, "second", 20, 3)
    assert find_last_seen(worn, DOMAIN) == 1


ROWS = st.lists(st.tuples(st.integers(0, 20), st.integers(1, 6)), max_size=20)


@given(ROWS, st.integers(0, 6))
def test_rows_are_counted_as_the_split_places_them(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[int, int]], since: int
) -> None:
    entries = [build_entry(f"d{n}", family_id=f"f{family}", ingest_seq=seq) for n, (family, seq) in enumerate(rows)]
    entries.append(build_entry("kept", family_id=find_family("holdout"), ingest_seq=6))
    generation = Generation(number=2, since=since)
    folder = lay_curated(tmp_path_factory.mktemp("split"), entries, generation=generation)
    assert split(folder, PARAMS).parts["holdout"].rows == count_holdout(entries, PARAMS, generation)


def test_revisions_that_are_no_longer_in_force_are_not_rows() -> None:
    family = find_family("holdout")
    entries = [build_entry("d", family_id=family, text=f"text {n}", ingest_seq=n) for n in (1, 2)]
    assert count_holdout(entries, PARAMS, FIRST_GENERATION) == 1
    assert all(isinstance(entry.revision, Revision) for entry in entries)


def test_a_kept_key_is_opened_before_rows_are_counted(worn: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    split = worn.of(DOMAIN).split
    key = KeptKey(env="SPLIT_KEY", seal=seal_key(str(split.key)))
    kept = with_section(worn, split=split.model_copy(update={"key": key}))
    with pytest.raises(ParamsError, match="set the variable SPLIT_KEY"):
        renew_holdout(kept, DOMAIN)
    monkeypatch.setenv("SPLIT_KEY", str(split.key))
    assert renew_holdout(kept, DOMAIN) == renew_holdout(worn, DOMAIN)
