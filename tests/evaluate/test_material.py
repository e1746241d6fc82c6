"""What a run may see, by its pin and by the kind of its candidate."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pipelines.domain.identities import Digest
from pipelines.domain.models import Lineage
from pipelines.domain.scorecards import Slice
from pipelines.evaluate.material import Material, gather_material, read_general
from pipelines.evaluate.params import EvaluateParams
from pipelines.tables import write_table
from pipelines.workspace import DomainFolder
from tests.builders.domains import LOOK, build_pin, build_row, lay_domain, tabulate_pairs, write_split
from tests.builders.lessons import LABELS


def build_lineage(learner: str = "linear") -> Lineage:
    return Lineage(
        learner=learner,
        base="",
        corpus_id="corpus",
        corpus_version=1,
        ingest_seq=9,
        manifest_digest=Digest("c" * 64),
        parent=None,
        labels=LABELS,
    )


def gather(folder: DomainFolder, learner: str = "linear", *, has_look: bool = True, **params: Any) -> Material:
    pin = build_pin(look=LOOK if has_look else None)
    return gather_material(folder, pin, build_lineage(learner), EvaluateParams(**params))


def test_a_classifier_is_not_asked_about_rows_without_a_declared_label(tmp_path: Path) -> None:
    folder = lay_domain(tmp_path)
    write_split(folder, "dev", [build_row("dev", 1), build_row("dev", 2, label=""), build_row("dev", 3, label="other")])
    assert len(gather(folder).rows[Slice.DEV]) == 1
    assert len(gather(folder, "causal_lm").rows[Slice.DEV]) == 3


def test_a_language_model_is_not_asked_about_a_change_of_labels_alone(tmp_path: Path) -> None:
    folder = lay_domain(tmp_path)
    rows = [build_row("train", number) for number in range(2)]
    write_table(folder.splits / "currency.parquet", tabulate_pairs(rows, [("Same.", "Same."), ("Old.", "New.")]))
    assert len(gather(folder).contrasts) == 2
    assert [contrast.document.row_id for contrast in gather(folder, "causal_lm").contrasts] == [rows[1].digest]


def test_general_english_is_for_language_models_and_needs_no_look(tmp_path: Path) -> None:
    folder = lay_domain(tmp_path)
    assert set(gather(folder, has_look=False).rows) == {Slice.DEV}
    assert set(gather(folder, "causal_lm", has_look=False).rows) == {Slice.DEV, Slice.GENERAL}
    assert Slice.GENERAL not in gather(folder, "causal_lm", has_general=False).rows


def test_an_empty_split_is_no_slice(tmp_path: Path) -> None:
    folder = lay_domain(tmp_path)
    write_split(folder, "anchor", [])
    assert set(gather(folder).rows) == {Slice.DEV, Slice.HOLDOUT}


def test_every_document_is_listed_once(tmp_path: Path) -> None:
    material = gather(lay_domain(tmp_path))
    ids = [document.row_id for document in material.documents]
    assert ids == sorted(set(ids))
    assert len(ids) == 10 + 10 + 12


def test_the_general_sentences_are_forty_different_ones() -> None:
    rows = read_general()
    assert len({row.document.row_id for row in rows}) == 40
    assert all(row.document.text.endswith(".") for row in rows)
