"""``params.yaml`` is refused when a word is wrong, by file and field; reading it waits for nothing numeric."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipelines.domain.errors import ParamsError
from pipelines.domain.identities import DomainName
from pipelines.params import read_params
from tests.builders.installations import REPOSITORY, build_params


def write(folder: Path, params: Any) -> Path:
    path = folder / "params.yaml"
    path.write_text(params if isinstance(params, str) else yaml.safe_dump(params, sort_keys=False), encoding="utf-8")
    return path


def test_every_domain_of_the_list_is_read_in_its_order(tmp_path: Path) -> None:
    section = build_params(tmp_path)["clinical"]
    params = read_params(write(tmp_path, {"domains": ["b", "a"], "a": section, "b": {**section, "description": "B"}}))
    assert list(params.domains) == ["b", "a"]
    assert params.of(DomainName("b")).description == "B"


def test_what_is_left_out_has_a_default(tmp_path: Path) -> None:
    domain = read_params(write(tmp_path, build_params(tmp_path))).of(DomainName("clinical"))
    assert (domain.retrain.minimum_news, domain.promote.approval) == (1, "first")


def test_an_unknown_domain_is_refused_with_those_there_are(tmp_path: Path) -> None:
    params = read_params(write(tmp_path, build_params(tmp_path)))
    with pytest.raises(ParamsError, match=r"no domain 'dental' in params.yaml; there are: clinical"):
        params.of(DomainName("dental"))


def test_a_missing_file_says_where_to_run(tmp_path: Path) -> None:
    with pytest.raises(ParamsError, match="is missing: run inside a clone"):
        read_params(tmp_path / "params.yaml")


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("a: [", "is not YAML"),
        ("", "`domains:` must list"),
        ("- a", "`domains:` must list"),
        ("domains: a", "`domains:` must list"),
    ],
)
def test_a_file_that_is_no_such_mapping_is_refused(tmp_path: Path, content: str, problem: str) -> None:
    with pytest.raises(ParamsError, match=problem):
        read_params(write(tmp_path, content))


@pytest.mark.parametrize(
    ("section", "field"),
    [
        ({"lables": []}, "clinical.lables"),
        ({"watch": {"sources": []}}, "clinical.watch.sources"),
        ({"watch": {"sources": [{"kind": "fax"}]}}, "clinical.watch.sources.0"),
        ({"retrain": {"minimum_news": 0}}, "clinical.retrain.minimum_news"),
        ({"promote": {"approval": "never"}}, "clinical.promote.approval"),
        ({"train": {"threads": 1, "learner": {"kind": "linear", "layers": 3}}}, "clinical.train.learner.linear.layers"),
    ],
)
def test_a_wrong_word_is_refused_by_file_and_field(tmp_path: Path, section: dict[str, Any], field: str) -> None:
    with pytest.raises(ParamsError) as refused:
        read_params(write(tmp_path, build_params(tmp_path, **section)))
    assert f"{tmp_path / 'params.yaml'}: {field}" in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("stage", ["labels", "watch", "curate", "split", "train", "evaluate", "judge"])
def test_a_section_that_dvc_hashes_has_no_default(tmp_path: Path, stage: str) -> None:
    params = build_params(tmp_path)
    del params["clinical"][stage]
    with pytest.raises(ParamsError, match=f"clinical.{stage}: Field required"):
        read_params(write(tmp_path, params))


def test_a_listed_domain_without_a_section_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ParamsError, match="clinical"):
        read_params(write(tmp_path, {"domains": ["clinical"]}))


def test_personal_data_wants_a_step_that_reads_every_row_for_all_identifiers(tmp_path: Path) -> None:
    step = {"kind": "deidentify", "key": "a key of the tests", "identifiers": "safe_harbor"}
    named = {"report": "privacy/recall.json", "sha256": "0" * 64, "approved": {"FAX": "R. Meier"}}
    for steps in ([], [{**step, "identifiers": "names"}], [{**step, "sources": ["notes"]}]):
        params = build_params(tmp_path, curate={"steps": steps})
        params["clinical"]["phi"] = named
        with pytest.raises(ParamsError, match="identifiers: safe_harbor"):
            read_params(write(tmp_path, params))
    params = build_params(tmp_path, curate={"steps": [step]})
    params["clinical"]["phi"] = named
    assert read_params(write(tmp_path, params)).of(DomainName("clinical")).phi


def test_what_computing_costs_stands_beside_the_domains(tmp_path: Path) -> None:
    assert read_params(write(tmp_path, build_params(tmp_path))).costs.price_per_hour is None
    params = read_params(write(tmp_path, {**build_params(tmp_path), "costs": {"price_per_hour": 3.5, "currency": "CHF"}}))
    assert (params.costs.price_per_hour, params.costs.currency) == (3.5, "CHF")


def test_a_wrong_price_is_refused_by_file_and_field(tmp_path: Path) -> None:
    with pytest.raises(ParamsError, match=r"params.yaml: costs.price_per_hour: "):
        read_params(write(tmp_path, {**build_params(tmp_path), "costs": {"price_per_hour": -1}}))


def test_no_stage_is_hashed_with_what_computing_costs() -> None:
    declared = yaml.safe_load((REPOSITORY / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
    assert not [param for stage in declared.values() for param in stage["params"] if "costs" in str(param)]


def test_reading_it_imports_nothing_numeric() -> None:
    heavy = "{'numpy', 'pyarrow', 'torch', 'sklearn', 'scipy', 'mlflow', 'prefect', 'deltalake', 'great_expectations', 'spacy'}"
    code = f"import sys, pipelines.params, pipelines.catalog; print(*sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


@pytest.mark.skipif(not (REPOSITORY / "params.yaml").is_file(), reason="no params.yaml in this checkout")
def test_the_params_of_this_repository_are_read() -> None:
    assert list(read_params(REPOSITORY / "params.yaml").domains) == ["clinical", "regulatory"]
