"""What could run is refused, and nobody may override it."""

from __future__ import annotations

from pathlib import Path

from pipelines.domain.verdicts import Decision, Finding, Result
from pipelines.files import write_bytes
from pipelines.judge.candidate_files import find_files
from pipelines.judge.envelope_params import EnvelopeParams
from pipelines.judge.judging import decide, judge
from pipelines.judge.model_files import ModelFile, ModelFiles
from pipelines.judge.params import JudgeParams
from pipelines.judge.screen_params import Files, Size
from tests.builders.outcomes import build_evidence, build_pin, write_run


def give(problems: tuple[str, ...] | None, gate: Files | None = None) -> Finding:
    file = ModelFile(name="weights.safetensors", size=9)
    found = None if problems is None else ModelFiles(files=(file,), parameters=1, problems=problems)
    return find_files(gate or Files(), build_evidence([], {"candidate_files": found}))


def test_plain_weights_pass() -> None:
    finding = give(())
    assert (finding.result, finding.is_safety, finding.is_blocking) == (Result.PASSED, True, True)
    assert finding.sentence == "files: all 1 are safetensors and JSON that read as such"


def test_any_problem_refuses_and_is_named() -> None:
    finding = give(("a.bin starts like a pickle", "b.sh is executable"))
    assert decide([finding]) is Decision.REFUSE
    assert finding.sentence == "files: a.bin starts like a pickle; b.sh is executable"
    assert [(detail.name, detail.result) for detail in finding.details] == [
        ("a.bin starts like a pickle", Result.FAILED),
        ("b.sh is executable", Result.FAILED),
    ]


def test_many_problems_are_counted_in_the_sentence_and_listed_in_the_details() -> None:
    finding = give(tuple(f"{number}.sh is executable" for number in range(9)))
    assert finding.sentence.endswith("2.sh is executable and 6 more")
    assert len(finding.details) == 9


def test_a_folder_that_was_not_read_is_never_a_pass() -> None:
    finding = give(None)
    assert (finding.result, decide([finding])) == (Result.NOT_MEASURED, Decision.HOLD)


def test_only_told_where_the_params_say_so() -> None:
    finding = give(("a.bin starts like a pickle",), Files(is_blocking=False))
    assert (finding.result, finding.is_blocking, finding.is_safety) == (Result.FAILED, False, True)


def test_the_stage_reads_the_folders_of_both_models(tmp_path: Path) -> None:
    params = JudgeParams(gates=(Files(), Size()))
    folder = write_run(tmp_path, build_pin(params), [])
    write_bytes(folder.model / "loader.py", b"print()")
    write_bytes(folder.champion / "model.json", b"{ }")
    findings = {finding.gate: finding for finding in judge(folder, params, EnvelopeParams()).findings}
    files, size = findings["files"], findings["size"]
    assert files.result is Result.FAILED
    assert "loader.py is neither safetensors nor JSON" in files.sentence
    assert [(detail.name, detail.estimate, detail.upper) for detail in size.details] == [
        ("bytes: 2 times the champion", 10.0, 6.0)
    ]


def test_a_first_candidates_run_has_no_champion_to_read(tmp_path: Path) -> None:
    params = JudgeParams(gates=(Size(),))
    folder = write_run(tmp_path, build_pin(params, champion=None, anchor=None), [])
    size = next(finding for finding in judge(folder, params, EnvelopeParams()).findings if finding.gate == "size")
    assert (size.result, size.is_blocking) == (Result.NOT_MEASURED, False)
