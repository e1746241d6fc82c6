"""What is not there is said; what was altered is refused; what a newer or older run wrote is read as far as it is known."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from pipelines.domain.errors import LedgerError
from pipelines.domain.verdicts import Decision
from pipelines.promote.dossier.exhibits import Exhibits, Missing, is_recorded
from pipelines.promote.dossier.reports import Curation, CurvePoint, read_bin, read_point, read_slice
from tests.builders.dossiers import FIRST, Record, judge_version, open_record


@pytest.fixture
def record(tmp_path: Path) -> Record:
    return open_record(tmp_path)


def show(record: Record, **files: bytes | None) -> Exhibits:
    names = {name.replace("_", ".", 1): content for name, content in files.items()}
    return Exhibits.of(judge_version(record, FIRST, Decision.PROMOTE, against=None, files=names), record.shelf)


def test_a_file_is_read_by_the_digest_that_the_event_names(record: Record) -> None:
    report = show(record).read("curation.json", Curation)
    assert isinstance(report, Curation)
    assert report.kept == 8837


def test_a_file_that_no_event_names_is_missing_by_name(record: Record) -> None:
    assert show(record).read("moon.json", Curation) == Missing(why="the record of this verdict names no moon.json")


def test_a_file_that_was_removed_since_is_missing_and_says_so(record: Record) -> None:
    shown = show(record)
    record.shelf.erase(shown.named["curation.json"])
    found = shown.read("curation.json", Curation)
    assert isinstance(found, Missing)
    assert "has been removed since" in found.why


def test_a_file_that_was_altered_is_refused(record: Record) -> None:
    shown = show(record)
    path = record.shelf._path(shown.named["curation.json"])
    path.chmod(0o644)
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(LedgerError, match="altered"):
        shown.read("curation.json", Curation)


def test_a_field_of_a_later_version_is_left_out(record: Record) -> None:
    shown = show(record, curation_json=b'{"received": 3, "kept": 2, "mood": "good"}')
    assert shown.read("curation.json", Curation) == Curation(received=3, kept=2)


@pytest.mark.parametrize("content", [b"{}", b"not json", b'{"received": "many", "kept": 1}'])
def test_what_cannot_be_read_is_missing_and_never_half_read(record: Record, content: bytes) -> None:
    found = show(record, curation_json=content).read("curation.json", Curation)
    assert found == Missing(why="curation.json is in a form that this version does not read")
    assert not is_recorded(found)


def test_an_event_of_before_the_evidence_store_names_nothing(record: Record) -> None:
    from pipelines.domain.events import Kind

    event = record.add(Kind.CANDIDATE_JUDGED, {"run": "a", "version": 1})
    assert Exhibits.of(event, record.shelf).named == {}


def test_a_curve_is_read_with_and_without_a_dev_loss(record: Record) -> None:
    shown = show(record, curve_csv=b"step,loss,rate,tokens,dev_loss\n1,0.5,1e-3,10,\n2,0.25,1e-3,10,0.3\n")
    points = (CurvePoint(step=1, loss=0.5), CurvePoint(step=2, loss=0.25, dev_loss=0.3))
    assert shown.tabulate("curve.csv", read_point) == points


@pytest.mark.parametrize("content", [b"step,loss\nx,1\n", b"steps,loss\n1,1\n", b"step,loss\n1\n", b"\xff\xfe"])
def test_a_table_with_one_bad_row_is_not_read_at_all(record: Record, content: bytes) -> None:
    assert not is_recorded(show(record, curve_csv=content).tabulate("curve.csv", read_point))


def test_the_tables_of_the_evaluation_are_read(record: Record) -> None:
    shown = show(record)
    bins, slices = shown.tabulate("reliability.csv", read_bin), shown.tabulate("slices.csv", read_slice)
    assert not isinstance(bins, Missing)
    assert not isinstance(slices, Missing)
    assert {one.role for one in bins} == {"candidate"}
    assert {one.kind for one in slices} == {"source", "year", "length", "label", "declared"}


def test_a_model_that_was_not_measured_on_a_group_has_no_number() -> None:
    row = {"kind": "year", "name": "2026", "rows": "3", "metric": "accuracy", "candidate": "0.5", "champion": ""}
    assert read_slice(row).champion is None


@dataclass(frozen=True, slots=True)
class _Empty:
    pass


def test_a_missing_fact_is_not_recorded_and_any_other_is() -> None:
    assert is_recorded(_Empty())
    assert is_recorded(())
    assert not is_recorded(Missing(why="gone"))
