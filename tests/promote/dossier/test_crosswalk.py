"""A regime is a file: it names its source and its day, every requirement is answered by a section or says why not."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from pipelines.domain.errors import ParamsError
from pipelines.promote.dossier.crosswalk import Regime, read_regimes
from pipelines.promote.dossier.sections import TITLES, SectionId

REGIMES = read_regimes()


def write_regime(folder: Path, name: str = "house-rules.yaml", **fields: object) -> Path:
    content: dict[str, object] = {
        "id": "house-rules",
        "title": "Rules of the house",
        "source": "https://example.org/rules",
        "as_of": "2026-01-01",
        "scope": "Everybody who lives here.",
        "requirements": [{"id": "1", "text": "Say who decided.", "artefact": "approvals"}],
    }
    path = folder / name
    path.write_text(yaml.safe_dump({**content, **fields}), encoding="utf-8")
    return path


def test_the_six_regimes_ship() -> None:
    assert [regime.id for regime in REGIMES] == [
        "cfr-21-11",
        "eu-ai-act",
        "fda-pccp",
        "hipaa-safe-harbor",
        "imdrf-n88",
        "sr-26-2",
    ]


@pytest.mark.parametrize("regime", REGIMES, ids=lambda regime: regime.id)
def test_a_regime_has_answers_and_gaps_and_hides_neither(regime: Regime) -> None:
    assert 0 < regime.answered < len(regime.requirements)
    assert all(requirement.note for requirement in regime.requirements if requirement.artefact is None)


def test_imdrf_has_its_ten_principles_and_safe_harbor_all_its_letters() -> None:
    by_id = {regime.id: regime for regime in REGIMES}
    assert [one.id for one in by_id["imdrf-n88"].requirements] == [f"Principle {number}" for number in range(1, 11)]
    letters = "".join(one.id for one in by_id["hipaa-safe-harbor"].requirements)
    expanded = letters.replace("(H)–(K)", "(H)(I)(J)(K)")
    assert all(f"({letter})" in expanded for letter in "ABCDEFGHIJKLMNOPQR")


def test_the_law_that_superseded_another_says_so() -> None:
    (regime,) = [regime for regime in REGIMES if regime.id == "sr-26-2"]
    assert "supersedes SR 11-7" in regime.title
    assert "Generative" in regime.scope


def test_every_section_has_a_title() -> None:
    assert list(TITLES) == list(SectionId)


def test_another_file_is_another_regime(tmp_path: Path) -> None:
    write_regime(tmp_path)
    (regime,) = read_regimes(tmp_path)
    assert regime.title == "Rules of the house"
    assert regime.requirements[0].artefact is SectionId.APPROVALS


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"requirements": [{"id": "1", "text": "x", "artefact": "cellar"}]}, "requirements.0.artefact"),
        ({"requirements": [{"id": "1", "text": "x", "artefact": None}]}, "says why in `note`"),
        ({"requirements": [{"id": "1", "text": "x", "artefact": "data"}] * 2}, "the same id"),
        ({"requirements": []}, "requirements"),
        ({"source": "javascript:alert(1)"}, "source"),
        ({"as_of": "lately"}, "as_of"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_wrong_regime_is_refused_by_file_and_field(tmp_path: Path, fields: dict[str, object], said: str) -> None:
    write_regime(tmp_path, **fields)
    with pytest.raises(ParamsError, match=r"regime house-rules\.yaml: ") as refused:
        read_regimes(tmp_path)
    assert said in str(refused.value)


def test_what_is_not_yaml_is_refused(tmp_path: Path) -> None:
    (tmp_path / "torn.yaml").write_text("id: [", encoding="utf-8")
    with pytest.raises(ParamsError, match=r"torn\.yaml: it is not YAML"):
        read_regimes(tmp_path)
