"""What is proposed lasts as many looks as asked, and what is written is what was proposed."""

from __future__ import annotations

from dataclasses import replace
from difflib import unified_diff
from pathlib import Path

import pytest
import yaml

from flows.gating import GatePlan
from flows.places import Place
from flows.planning import Proposal, propose, write_proposal
from pipelines.judge.params import JudgeParams
from pipelines.judge.reach import Noise, Sizes, plan_tests_for, reach_over_looks
from pipelines.params import read_params
from pipelines.workspace import Workspace
from tests.builders.installations import REPOSITORY
from tests.builders.places import DOMAIN

ON_HOLDOUT, ON_ANCHOR = "accuracy on the holdout against the champion", "accuracy on the anchor rows against the anchor"


def build_plan(params: JudgeParams, noise: Noise | None = None, rows: int = 2000) -> GatePlan:
    sizes = Sizes(holdout=rows, families=rows, established=rows, fresh=0, anchor=rows // 2)
    measured = {"accuracy": noise} if noise else {}
    tests = plan_tests_for(params, sizes, measured)  # type: ignore[arg-type]  # a metric's name is a literal
    looks = reach_over_looks(tests, rows, params, range(2, 4), (0.01, 0.005))
    return GatePlan(
        sizes=sizes,
        inflow=None,
        noise=measured,
        tests=tests,
        skipped=(),
        margins=(0.01, 0.005),
        looks=looks,  # type: ignore[arg-type]
    )


@pytest.fixture
def shipped(place: Place, tmp_path: Path) -> Place:
    """The place with a copy of the shipped params as its workspace's."""
    (tmp_path / "workspace").mkdir()
    path = tmp_path / "workspace" / "params.yaml"
    path.write_bytes((REPOSITORY / "params.yaml").read_bytes())
    return replace(place, workspace=Workspace(tmp_path / "workspace"), params=read_params(path))


def test_margins_that_must_last_longer_are_wider(place: Place) -> None:
    params = place.of(DOMAIN).judge
    widest = [max(propose(build_plan(params), params, looks).margins.values()) for looks in (1, 4, 16)]
    assert widest[0] < widest[1] < widest[2]


def test_a_discordance_is_proposed_only_where_one_was_measured_and_rounded_up(place: Place) -> None:
    params = place.of(DOMAIN).judge
    assert propose(build_plan(params), params, 4).discordance is None
    noise = Noise(spread=0.0312, effect=1.0, largest=0.01, rows=500)
    assert propose(build_plan(params, noise), params, 4).discordance == pytest.approx(0.04)
    none_seen = replace(noise, spread=0.0)
    assert propose(build_plan(params, none_seen), params, 4).discordance == pytest.approx(0.01)


def test_what_is_written_is_what_was_proposed_and_every_other_line_stays(shipped: Place) -> None:
    before = shipped.workspace.params.read_text().splitlines()
    said = write_proposal(shipped, DOMAIN, Proposal(margins={ON_HOLDOUT: 0.035, ON_ANCHOR: 0.01}, discordance=0.04))
    assert said == (f"{ON_HOLDOUT}: margin 0.01 becomes 0.035", "power.discordance 0.05 becomes 0.04")
    written = read_params(shipped.workspace.params).of(DOMAIN).judge
    margins = [gate.margin for gate in written.gates if gate.kind == "non_inferiority"]
    assert margins == [0.035, 0.01, 0.01]
    assert written.power.discordance == 0.04
    after = shipped.workspace.params.read_text().splitlines()
    assert [line.strip() for line in unified_diff(before, after, n=0, lineterm="") if line[0] in "+-"][2:] == [
        "-      - {kind: non_inferiority, metric: accuracy, against: champion, margin: 0.01}",
        "+      - {kind: non_inferiority, metric: accuracy, against: champion, margin: 0.035}",
        "+    power:",
        "+      discordance: 0.04",
    ]


def test_writing_twice_changes_nothing_more(shipped: Place) -> None:
    proposal = Proposal(margins={ON_HOLDOUT: 0.035}, discordance=None)
    write_proposal(shipped, DOMAIN, proposal)
    content = shipped.workspace.params.read_bytes()
    again = replace(shipped, params=read_params(shipped.workspace.params))
    assert write_proposal(again, DOMAIN, proposal) == ()
    assert shipped.workspace.params.read_bytes() == content


def test_default_gates_are_spelled_out_so_that_there_is_a_margin_to_change(shipped: Place) -> None:
    tree = yaml.safe_load(shipped.workspace.params.read_text())
    tree["clinical"]["judge"] = {"alpha": 0.05}
    shipped.workspace.params.write_text(yaml.safe_dump(tree, sort_keys=False))
    place = replace(shipped, params=read_params(shipped.workspace.params))
    write_proposal(place, DOMAIN, Proposal(margins={ON_HOLDOUT: 0.05}, discordance=None))
    written = read_params(shipped.workspace.params).of(DOMAIN).judge
    expected = list(JudgeParams().gates)
    expected[2] = expected[2].model_copy(update={"margin": 0.05})
    assert list(written.gates) == expected
