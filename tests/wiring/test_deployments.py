"""``infra/prefect.yaml`` and the flows agree: entry points exist, parameters are the signatures', every domain is watched."""

from __future__ import annotations

import importlib
import inspect
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from prefect import Flow

from flows.living import POOLS
from flows.watch import ADMITTED
from pipelines.params import read_params

REPOSITORY = Path(__file__).resolve().parents[2]
FLOWS = ("watch", "retrain", "fit", "promote", "rollback", "drill", "compact")


@cache
def written() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((REPOSITORY / "infra" / "prefect.yaml").read_text(encoding="utf-8"))
    return content


DEPLOYMENTS: list[dict[str, Any]] = written()["deployments"]
every_deployment = pytest.mark.parametrize("deployment", DEPLOYMENTS, ids=[one["name"] for one in DEPLOYMENTS])


def find_flow(deployment: dict[str, Any]) -> Flow[..., Any]:
    path, name = deployment["entrypoint"].split(":")
    found = getattr(importlib.import_module(path.removesuffix(".py").replace("/", ".")), name)
    assert isinstance(found, Flow)
    return found


@every_deployment
def test_the_entry_point_is_a_flow_of_that_name(deployment: dict[str, Any]) -> None:
    assert find_flow(deployment).name == deployment["entrypoint"].split(":")[1]


@every_deployment
def test_parameters_are_those_of_the_flow(deployment: dict[str, Any]) -> None:
    parameters = inspect.signature(find_flow(deployment).fn).parameters
    assert set(deployment.get("parameters", {})) <= set(parameters)
    for trigger in deployment.get("triggers", []):
        given = set(trigger["parameters"])
        needed = {name for name, one in parameters.items() if one.default is inspect.Parameter.empty}
        assert needed <= given <= set(parameters)


@every_deployment
def test_what_runs_by_itself_needs_to_be_told_nothing(deployment: dict[str, Any]) -> None:
    if "schedules" not in deployment:
        return
    parameters = inspect.signature(find_flow(deployment).fn).parameters
    needed = {name for name, one in parameters.items() if one.default is inspect.Parameter.empty}
    for schedule in deployment["schedules"]:
        assert needed <= {*deployment.get("parameters", {}), *schedule.get("parameters", {})}
    if find_flow(deployment).name == "watch":
        assert deployment["concurrency_limit"] == 1, "a retraining waits for its turn by itself"


@every_deployment
def test_its_pool_is_one_that_the_machine_serves(deployment: dict[str, Any]) -> None:
    assert deployment["work_pool"]["name"] in POOLS
    assert (deployment["work_pool"]["name"] == "gpu") == (deployment["name"] == "fit")


def test_every_flow_is_deployed_and_every_name_is_given_once() -> None:
    assert {one["entrypoint"] for one in DEPLOYMENTS} == {f"flows/{name}.py:{name}" for name in FLOWS}
    names = [one["name"] for one in DEPLOYMENTS]
    assert len(names) == len(set(names))


def test_every_domain_of_the_params_is_watched_and_no_other() -> None:
    domains = set(read_params(REPOSITORY / "params.yaml").domains)
    watched = {one["parameters"]["domain"] for one in DEPLOYMENTS if one["entrypoint"].startswith("flows/watch.py")}
    assert watched == domains
    assert {one["name"] for one in DEPLOYMENTS if one["entrypoint"].startswith("flows/watch.py")} == domains


def test_a_retraining_waits_for_the_event_that_a_watch_emits() -> None:
    (deployment,) = [one for one in DEPLOYMENTS if one["name"] == "retrain"]
    (trigger,) = deployment["triggers"]
    assert trigger["expect"] == [ADMITTED]
    assert trigger["match"]["prefect.resource.id"] == "addendum.domain.*"
    assert trigger["parameters"]["domain"] == "{{ event.payload.domain }}"


@pytest.mark.parametrize("name", ["drill", "compact"])
def test_a_rollback_is_drilled_and_the_corpus_compacted_in_every_domain(name: str) -> None:
    (deployment,) = [one for one in DEPLOYMENTS if one["name"] == name]
    scheduled = {schedule["parameters"]["domain"] for schedule in deployment["schedules"]}
    assert scheduled == set(read_params(REPOSITORY / "params.yaml").domains)


@pytest.mark.parametrize("variable", ["ADDENDUM_FIT_DEPLOYMENT", "ADDENDUM_PROMOTE_DEPLOYMENT"])
def test_the_deployments_that_the_cpu_pool_is_told_of_exist(variable: str) -> None:
    flow, name = written()["definitions"]["cpu"]["job_variables"]["env"][variable].split("/")
    assert any(one["name"] == name and one["entrypoint"] == f"flows/{flow}.py:{flow}" for one in DEPLOYMENTS)


def test_the_version_of_prefect_is_the_tested_one() -> None:
    pinned = (REPOSITORY / "constraints.txt").read_text(encoding="utf-8")
    assert f"\nprefect=={written()['prefect-version']}\n" in pinned
