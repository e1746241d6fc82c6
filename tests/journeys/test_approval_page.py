"""The approval on Prefect's page: a real server and worker, a flow that suspends, and a form filled badly, late and well."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import yaml

from flows.living import deploy, make_pool
from flows.places import Place
from flows.servers import Servers
from pipelines.domain.events import Event, Kind
from pipelines.ledger.champions import champion
from pipelines.settings import Settings
from tests.builders.installations import build_installation
from tests.builders.places import DOMAIN, judge_candidate

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1700)]
PATIENCE_S = 600.0
REVIEWER = "R. Okafor"


@dataclass(frozen=True)
class Page:
    """The server's API, as the page uses it, and the place that the flows work on."""

    api: str
    place: Place

    def ask(self, method: str, path: str, body: object = None) -> httpx.Response:
        """Send it, again while the server says that its database is locked: it has then taken nothing in."""
        answers: list[httpx.Response] = []

        def is_answered() -> bool:
            answers.append(httpx.request(method, f"{self.api}/{path}", json=body, timeout=60))
            return answers[-1].status_code != httpx.codes.SERVICE_UNAVAILABLE

        wait_for(f"an answer to {path}", is_answered)
        return answers[-1].raise_for_status()

    def start(self, **parameters: object) -> str:
        found = self.ask("GET", "deployments/name/promote/promote").json()
        body = {"state": {"type": "SCHEDULED"}, "parameters": {"domain": DOMAIN, **parameters}}
        return str(self.ask("POST", f"deployments/{found['id']}/create_flow_run", body).json()["id"])

    def read(self, run: str) -> dict[str, Any]:
        answer: dict[str, Any] = self.ask("GET", f"flow_runs/{run}").json()
        return answer

    def runs(self) -> list[dict[str, Any]]:
        answer: list[dict[str, Any]] = self.ask("POST", "flow_runs/filter", {}).json()
        return answer

    def await_form(self, run: str, after: str = "") -> str:
        """Wait until the flow run is suspended (on another form than ``after``) and return which form it shows."""

        def is_there() -> bool:
            state = self.read(run)["state"]
            assert state["type"] not in {"FAILED", "CRASHED", "COMPLETED"}, state
            return state["name"] == "Suspended" and state["state_details"]["pause_key"] != after

        wait_for("the form", is_there)
        return str(self.read(run)["state"]["state_details"]["pause_key"])

    def describe(self, run: str, form: str) -> str:
        return self.ask("GET", f"flow_runs/{run}/input/suspended-{form}-description").text

    def fill(self, run: str, **form: str) -> dict[str, Any]:
        answer: dict[str, Any] = self.ask("POST", f"flow_runs/{run}/resume", {"run_input": form}).json()
        return answer

    def await_end(self, run: str) -> str:
        wait_for("the end", lambda: self.read(run)["state"]["type"] in {"COMPLETED", "FAILED", "CRASHED"})
        return str(self.read(run)["state"]["type"])

    def events(self, *kinds: Kind) -> list[Event]:
        return self.place.ledger.events(DOMAIN, kinds)


def let_expire_after(place: Place, hours: float) -> None:
    params = yaml.safe_load(place.workspace.params.read_text(encoding="utf-8"))
    params["clinical"]["promote"] = {"approval": "always", "expires_hours": hours}
    place.workspace.params.write_text(yaml.safe_dump(params, sort_keys=False), encoding="utf-8")


def wait_for(what: str, condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, f"waited {PATIENCE_S:.0f} s in vain: {what}"
        time.sleep(1.0)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    root = tmp_path_factory.mktemp("page")
    with build_installation(root) as installation, Servers(Settings()) as servers:
        place = installation.place()
        api = f"{servers.start_prefect().address}/api"
        for pool in ("cpu", "gpu"):
            make_pool(place, pool, api)
        deploy(place, api)
        servers.start_worker("cpu", api)
        yield Page(api, place)


def test_a_form_is_asked_filled_badly_and_well_and_the_candidate_is_champion(page: Page) -> None:
    judge_candidate(page.place, "page-1")
    started = page.start()
    assert page.await_end(started) == "COMPLETED"
    (run,) = [str(one["id"]) for one in page.runs() if one["parameters"].get("version") == 1]

    first = page.await_form(run)
    assert "version 1 waits for a named approval until" in page.describe(run, first)
    assert len(page.events(Kind.APPROVAL_ASKED)) == 1

    for bad in ({}, {"answer": "perhaps", "name": REVIEWER, "reason": "r"}, {"answer": "granted", "name": "", "reason": "r"}):
        assert page.fill(run, **bad)["status"] == "REJECT", "the form itself refuses it, and stays open"
    assert page.await_form(run) == first

    assert page.fill(run, answer="granted", name="  ", reason="blank")["status"] == "ACCEPT"
    second = page.await_form(run, after=first)
    assert "an answer needs a name and a reason" in page.describe(run, second)
    assert champion(page.place.ledger, DOMAIN) is None

    judge_candidate(page.place, "page-2")
    assert page.fill(run, answer="granted", name=REVIEWER, reason="reviewed on the page")["status"] == "ACCEPT"
    assert page.await_end(run) == "COMPLETED"
    serving = champion(page.place.ledger, DOMAIN)
    assert serving is not None
    assert serving.version == 1, "the one that was asked about, not the latest"
    (granted,) = page.events(Kind.APPROVAL_GRANTED)
    assert (granted.payload["by"], granted.payload["proof"]) == (REVIEWER, "self-declared")
    assert len(page.events(Kind.APPROVAL_ASKED)) == 1


def test_a_form_that_ran_out_can_be_filled_again_and_a_denial_leaves_the_champion_alone(page: Page) -> None:
    before = champion(page.place.ledger, DOMAIN)
    version = judge_candidate(page.place, "page-3", against=before.version if before else None).version
    let_expire_after(page.place, 15 / 3600)
    late = page.start(version=version)
    page.await_form(late)
    time.sleep(16)
    page.fill(late, answer="granted", name=REVIEWER, reason="too late")
    assert page.await_end(late) == "FAILED"
    assert champion(page.place.ledger, DOMAIN) == before

    let_expire_after(page.place, 72)
    again = page.start(version=version)
    page.await_form(again)
    asked = [event for event in page.events(Kind.APPROVAL_ASKED) if event.payload["version"] == version]
    assert len(asked) == 2
    assert [event.payload["event"] for event in page.events(Kind.APPROVAL_EXPIRED)] == [asked[0].seq]
    page.fill(again, answer="denied", name=REVIEWER, reason="the trial site is under inspection")
    assert page.await_end(again) == "COMPLETED"
    assert [event.payload["version"] for event in page.events(Kind.APPROVAL_DENIED)] == [version]
    assert champion(page.place.ledger, DOMAIN) == before
