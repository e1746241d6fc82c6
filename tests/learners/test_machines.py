"""A machine is the same when asked twice, is kept as one line, and anything else on that line is no machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.learners.machines import Machine, _find_cpu, describe_machine, read_machine, write_machine


@pytest.mark.parametrize("kind", ["linear", "classifier"])
def test_the_same_machine_is_described_alike(kind: str) -> None:
    machine = describe_machine(kind)
    assert machine == describe_machine(kind)
    assert all((machine.cpu, machine.device, machine.python, machine.system))


def test_what_is_written_is_read_back() -> None:
    machine = Machine(cpu="A CPU @ 2 GHz", device="cuda: a card", python="3.11.7", system="Linux")
    assert read_machine(write_machine(machine)) == machine
    assert "\n" not in write_machine(machine)


def test_processes_that_trained_together_are_counted_and_one_that_was_noted_before_they_were_is_alone() -> None:
    assert [describe_machine(kind, 2).processes for kind in ("linear", "classifier")] == ["1", "2"]
    noted = read_machine('{"cpu": "x", "device": "cpu", "python": "3.11", "system": "Linux"}')
    assert noted == Machine(cpu="x", device="cpu", python="3.11", system="Linux", processes="1")


@pytest.mark.parametrize("text", ["", "not JSON", "[]", "7", '{"cpu": "x"}', '{"cpu": "x", "other": "y"}'])
def test_anything_else_is_no_machine(text: str) -> None:
    assert read_machine(text) is None


def test_the_processor_is_read_from_the_systems_list_where_there_is_one(tmp_path: Path) -> None:
    listing = tmp_path / "cpuinfo"
    listing.write_text("processor\t: 0\nmodel name\t: A CPU: fast @ 2.0GHz\nmodel name\t: another\n")
    assert _find_cpu(listing) == "A CPU: fast @ 2.0GHz"
    assert _find_cpu(tmp_path / "missing") != ""
