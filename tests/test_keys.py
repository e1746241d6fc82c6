"""A kept key does what the same key does spelled out, and neither a file nor a message shows it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from pipelines.curate.deidentifying import Deidentify
from pipelines.curate.params import CurateParams
from pipelines.domain.errors import ParamsError
from pipelines.keys import KeptKey, check_name, list_bare_keys, list_kept_keys, open_keys, read_key, seal_key, seal_keys
from pipelines.params import DomainParams
from pipelines.recipes import flatten
from pipelines.split.params import SplitParams
from pipelines.split.splitting import split
from tests.builders.curations import lay_curated
from tests.builders.installations import build_params
from tests.builders.revisions import build_entry

SECRET = "a secret of the tests"
KEPT = {"env": "SPLIT_KEY", "seal": seal_key(SECRET)}


def describe(**fields: Any) -> Mapping[str, str]:
    """The recipe's parameters of a domain with these sections."""
    return flatten(DomainParams.model_validate(build_params(Path("inbox"), **fields)["clinical"]))


def find(name: str) -> str | None:
    return {"SPLIT_KEY": SECRET, "SHORT": "short", "EMPTY": ""}.get(name)


def test_a_kept_key_splits_as_the_same_key_spelled_out(tmp_path: Path) -> None:
    entries = [build_entry(f"d{n}", family_id=f"f{n}", text=f"a text of its own, number {n}") for n in range(40)]
    spelled = lay_curated(tmp_path / "spelled", entries)
    kept = lay_curated(tmp_path / "kept", entries)
    split(spelled, SplitParams(key=SECRET))
    split(kept, open_keys(SplitParams.model_validate({"key": KEPT}), find))
    files = sorted(path.name for path in spelled.splits.iterdir())
    assert [(kept.splits / name).read_bytes() for name in files] == [(spelled.splits / name).read_bytes() for name in files]


def test_a_key_deep_within_a_list_is_opened_too() -> None:
    params = CurateParams.model_validate({"steps": [{"kind": "repair_unicode"}, {"kind": "deidentify", "key": KEPT}]})
    opened = open_keys(params, find).steps[-1]
    assert isinstance(opened, Deidentify)
    assert opened.key == SECRET
    assert SECRET not in repr(opened)


def test_a_section_without_kept_keys_is_left_as_it_is() -> None:
    params = SplitParams(key=SECRET, currency_from=("dev",))
    assert open_keys(params, lambda _: None) == params


@pytest.mark.parametrize("name", ["NOBODY_HAS_IT", "EMPTY"])
def test_a_key_that_is_not_here_is_named_with_the_ways_to_set_it(name: str) -> None:
    with pytest.raises(ParamsError, match=f"set the variable {name}, or {name}_FILE"):
        open_keys(SplitParams.model_validate({"key": {**KEPT, "env": name}}), find)


def test_another_key_than_the_sealed_one_is_refused_and_not_shown() -> None:
    with pytest.raises(ParamsError, match="not the one that") as refused:
        open_keys(SplitParams.model_validate({"key": {**KEPT, "seal": seal_key("another")}}), find)
    assert SECRET not in str(refused.value)


def test_a_kept_key_that_is_too_short_is_refused_and_not_shown() -> None:
    steps = {"steps": [{"kind": "deidentify", "key": {"env": "SHORT", "seal": seal_key("short")}}]}
    with pytest.raises(ParamsError, match="at least 8 characters") as refused:
        open_keys(CurateParams.model_validate(steps), find)
    assert "'short'" not in str(refused.value)


def test_a_key_that_was_not_opened_hashes_nothing() -> None:
    with pytest.raises(ParamsError, match="before it was opened"):
        read_key(KeptKey.model_validate(KEPT))


@pytest.mark.parametrize("kept", [{"env": "SPLIT_KEY"}, {**KEPT, "seal": "1f"}, {**KEPT, "env": "../key"}, {**KEPT, "more": "x"}])
def test_half_a_kept_key_is_refused_by_the_part_that_is_wrong(kept: dict[str, str]) -> None:
    with pytest.raises(ValidationError) as refused:
        SplitParams.model_validate({"key": kept})
    wrong = {**dict.fromkeys(KEPT.keys() - kept.keys()), **{name: kept[name] for name in kept if kept[name] != KEPT.get(name)}}
    assert {str(error["loc"][-1]) for error in refused.value.errors()} == wrong.keys()


@pytest.mark.parametrize("name", ["", "lower", "../KEY", "1KEY", "A-B", "KEY\n"])
def test_a_name_that_no_variable_can_have_is_refused(name: str) -> None:
    with pytest.raises(ParamsError, match="can name no key"):
        check_name(name)


def test_moving_a_key_out_of_params_changes_no_recipe() -> None:
    assert describe(split={"key": KEPT}) == describe(split={"key": SECRET})
    steps: list[Any] = [{"kind": "deidentify", "key": KEPT}]
    assert "seal" not in str(describe(curate={"steps": steps})["curate.steps"])


JSON: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.none(), st.integers(), st.text(max_size=8)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(["key", "a", "b"]), inner, max_size=3)),
    max_leaves=12,
)


@given(JSON)
def test_what_was_sealed_seals_to_the_same_and_a_kept_key_as_the_spelled_one(value: Any) -> None:
    spelled, kept = ({"key": key, "value": value} for key in (SECRET, KEPT))
    assert seal_keys(spelled) == seal_keys(kept)
    assert SECRET not in str(seal_keys(spelled))


@given(JSON)
def test_bare_keys_are_those_that_are_spelled_out(value: Any) -> None:
    inner, kept = list_bare_keys(value), list_kept_keys(value)
    assert list_bare_keys({"key": KEPT, "x": value}) == [f"x.{name}" for name in inner]
    assert list_kept_keys({"x": value, "key": KEPT}) == ["SPLIT_KEY", *kept]
    assert list_bare_keys({"key": SECRET, "x": value}) == ["key", *(f"x.{name}" for name in inner)]
