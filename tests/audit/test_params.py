"""Probes read from YAML as written, refuse a word that is wrong, and load nothing heavy."""

from __future__ import annotations

import subprocess
import sys

import pytest
from pydantic import TypeAdapter, ValidationError

from pipelines.audit.params import AnyProbe, AuditParams
from pipelines.domain.audits import Probe

KINDS = ("robustness", "memorisation", "extraction", "membership", "phi_leak", "latency")


def test_there_is_a_class_for_every_probe_and_they_are_told_apart_by_their_kind() -> None:
    params = AuditParams.model_validate({"probes": [{"kind": kind} for kind in KINDS]})
    assert [probe.probe for probe in params.probes] == list(Probe)
    assert AuditParams.model_validate_json(params.model_dump_json()) == params


def test_nothing_is_probed_by_default() -> None:
    assert AuditParams().probes == ()


def test_a_first_look_is_always_due_and_then_every_so_many() -> None:
    assert [t for t in range(1, 11) if AuditParams(every=4).is_due(t)] == [1, 5, 9]
    assert all(AuditParams().is_due(t) for t in range(1, 11))


@pytest.mark.parametrize(
    "wrong",
    [
        {"every": 0},
        {"probes": [{"kind": "vibes"}]},
        {"probes": [{"kind": "latency"}, {"kind": "latency", "ratio": 2}]},
        {"probes": [{"kind": "robustness", "kinds": ["volume"]}]},
        {"probes": [{"kind": "robustness", "kinds": []}]},
        {"probes": [{"kind": "memorisation", "repetitions": [1, 1]}]},
        {"probes": [{"kind": "memorisation", "repetitions": [0]}]},
        {"probes": [{"kind": "memorisation", "repetitions": []}]},
        {"probes": [{"kind": "extraction", "certainty": 1}]},
        {"probes": [{"kind": "membership", "false_alarms": 0}]},
        {"probes": [{"kind": "phi_leak", "prompts": 0}]},
        {"probes": [{"kind": "latency", "ratio": 0.5}]},
        {"probe": []},
    ],
)
def test_refuses_what_is_no_probe(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        AuditParams.model_validate(wrong)


def test_the_defaults_are_those_of_the_plan() -> None:
    probe = TypeAdapter[AnyProbe](AnyProbe).validate_python({"kind": "memorisation"})
    assert probe.kind == "memorisation"
    assert (probe.canaries, probe.repetitions, probe.references) == (100, (1, 4, 16), 1000)


def test_reading_parameters_loads_neither_torch_nor_numpy() -> None:
    program = (
        "import sys, pipelines.audit.params; sys.exit(bool({'scipy', 'numpy', 'pyarrow', 'torch', 'spacy'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
