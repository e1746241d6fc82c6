"""The environment says where things are, has a default for everything, and never shows a key."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipelines.clock import SetClock, SystemClock
from pipelines.domain.errors import ParamsError
from pipelines.domain.identities import DomainName
from pipelines.settings import QUIET, Settings, bind_threads, read_settings

CLINICAL = DomainName("clinical")


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"ADDENDUM_{name.upper()}", raising=False)
    monkeypatch.chdir(tmp_path)


def test_everything_has_a_default_below_the_home(tmp_path: Path) -> None:
    settings = Settings()
    home = tmp_path / ".addendum"
    assert settings.place.root == home
    assert settings.ledger_address == f"sqlite:///{home / 'ledger.sqlite'}"
    assert settings.tracking_address == f"sqlite:///{home / 'mlflow' / 'mlflow.db'}"
    assert settings.artifact_root == (home / "mlflow" / "artifacts").as_uri()
    assert settings.corpus_address(CLINICAL) == str(home / "corpus" / "clinical")
    assert settings.secrets == {}
    assert isinstance(settings.clock, SystemClock)


def test_a_variable_is_read_by_its_prefix_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME_OF_ANOTHER", "x")
    monkeypatch.setenv("ACTOR", "nobody")
    monkeypatch.setenv("ADDENDUM_ACTOR", "R. Okafor")
    assert Settings().actor == "R. Okafor"


@pytest.mark.parametrize("root", ["s3://bucket/corpus", "s3://bucket/corpus/"])
def test_a_corpus_root_holds_a_table_a_domain(monkeypatch: pytest.MonkeyPatch, root: str) -> None:
    monkeypatch.setenv("ADDENDUM_CORPUS_ROOT", root)
    assert Settings().corpus_address(CLINICAL) == "s3://bucket/corpus/clinical"


def test_stores_can_be_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADDENDUM_LEDGER_URL", "postgresql://db/ledger")
    monkeypatch.setenv("ADDENDUM_MLFLOW_URI", "http://mlflow")
    settings = Settings()
    assert (settings.ledger_address, settings.tracking_address) == ("postgresql://db/ledger", "http://mlflow")


def test_a_set_time_stands_still(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADDENDUM_NOW", "2026-03-01T12:00:00Z")
    clock = Settings().clock
    assert isinstance(clock, SetClock)
    assert clock.now() == datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_keys_are_handed_to_sources_and_shown_to_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADDENDUM_OPENFDA_KEY", "very-secret")
    settings = Settings()
    assert settings.secrets == {"openfda": "very-secret"}
    assert "very-secret" not in repr(settings) + str(settings) + settings.model_dump_json()


def test_an_engine_that_is_not_known_is_refused_by_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings().engine == "local"
    monkeypatch.setenv("ADDENDUM_ENGINE", "ray")
    assert read_settings().engine == "ray"
    monkeypatch.setenv("ADDENDUM_ENGINE", "spark")
    with pytest.raises(ParamsError, match="ADDENDUM_ENGINE"):
        read_settings()


def test_source_urls_are_a_mapping(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADDENDUM_SOURCE_URLS", '{"pubmed": "http://127.0.0.1:1"}')
    assert Settings().source_urls == {"pubmed": "http://127.0.0.1:1"}


def test_threads_are_bound_for_every_library_and_wait_passively() -> None:
    bound = bind_threads(3)
    assert {bound[name] for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")} == {"3"}
    assert bound["OMP_WAIT_POLICY"] == "passive"


def test_no_library_calls_home() -> None:
    assert QUIET["MLFLOW_DISABLE_TELEMETRY"] == QUIET["DO_NOT_TRACK"] == "true"
    assert {"DVC_NO_ANALYTICS", "PREFECT_SERVER_ANALYTICS_ENABLED", "GX_ANALYTICS_ENABLED", "HF_HUB_DISABLE_TELEMETRY"} <= set(
        QUIET
    )


def test_a_secret_key_is_found_by_its_variable_then_its_file_then_at_home(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings = Settings()
    assert settings.find_key("SPLIT_KEY") is None
    made = settings.make_key("SPLIT_KEY")
    assert settings.find_key("SPLIT_KEY") == made
    assert (settings.place.secrets / "SPLIT_KEY").stat().st_mode & 0o777 == 0o600
    assert settings.place.keys.stat().st_mode & 0o777 == 0o700
    (tmp_path / "mounted").write_text(" of the file\n", encoding="utf-8")
    monkeypatch.setenv("SPLIT_KEY_FILE", str(tmp_path / "mounted"))
    assert settings.find_key("SPLIT_KEY") == "of the file"
    monkeypatch.setenv("SPLIT_KEY", "of the variable")
    assert settings.find_key("SPLIT_KEY") == "of the variable"


def test_a_file_that_the_environment_names_must_be_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SPLIT_KEY_FILE", str(tmp_path / "absent"))
    with pytest.raises(ParamsError, match="SPLIT_KEY_FILE"):
        Settings().find_key("SPLIT_KEY")


def test_a_relative_path_would_be_another_file_for_a_stage(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "mounted").write_text("a key", encoding="utf-8")
    monkeypatch.setenv("SPLIT_KEY_FILE", "mounted")
    with pytest.raises(ParamsError, match="is not a whole path"):
        Settings().find_key("SPLIT_KEY")


def test_an_empty_variable_hides_no_key_and_an_empty_file_is_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    made = Settings().make_key("SPLIT_KEY")
    monkeypatch.setenv("SPLIT_KEY", "")
    monkeypatch.setenv("SPLIT_KEY_FILE", "")
    assert Settings().find_key("SPLIT_KEY") == made
    (tmp_path / "empty").touch()
    monkeypatch.setenv("SPLIT_KEY_FILE", str(tmp_path / "empty"))
    with pytest.raises(ParamsError, match="holds no key"):
        Settings().find_key("SPLIT_KEY")


def test_a_key_that_is_no_text_is_refused_by_its_file_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe secret")
    monkeypatch.setenv("SPLIT_KEY_FILE", str(tmp_path / "binary"))
    with pytest.raises(ParamsError, match="cannot be read as text") as refused:
        Settings().find_key("SPLIT_KEY")
    assert "secret" not in str(refused.value)


def test_a_secret_key_is_never_made_twice() -> None:
    first = Settings().make_key("SPLIT_KEY")
    with pytest.raises(ParamsError, match="is there already"):
        Settings().make_key("SPLIT_KEY")
    assert Settings().find_key("SPLIT_KEY") == first
    assert len({first, Settings().make_key("ANOTHER")}) == 2
