"""Any ledger that was ever made opens at the present schema, whoever opens it at the same moment; a later one is refused."""

from __future__ import annotations

import functools
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.exc import SQLAlchemyError

from pipelines.clock import SystemClock
from pipelines.domain.errors import LedgerError
from pipelines.domain.events import Kind
from pipelines.ledger import migrating, migrations
from pipelines.ledger.engines import connect, reading
from pipelines.ledger.ledgers import Ledger
from pipelines.ledger.migrating import PRESENT, VERSION_TABLE, find_version, migrate
from pipelines.ledger.schema import METADATA
from tests.builders.early_ledgers import make_early_ledger
from tests.builders.ledgers import DOMAIN, open_ledger
from tests.builders.tampering import Tamperer


def open_one(url: str) -> Ledger:
    return Ledger.open(url, SystemClock(), "tester")


def version_of(url: str) -> str | None:
    with reading(connect(url)) as connection:
        return find_version(connection)


def open_at_once(url: str, openers: int) -> None:
    failed: list[BaseException] = []

    def deed(name: int) -> None:
        try:
            Ledger.open(url, SystemClock(), f"opener {name}").append(DOMAIN, Kind.DROP_LANDED, {"by": name})
        except LedgerError as error:
            failed.append(error)

    threads = [threading.Thread(target=functools.partial(deed, name)) for name in range(openers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []


def test_what_the_code_reads_and_writes_is_the_last_version_there_is() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    config.set_main_option("path_separator", "os")
    scripts = ScriptDirectory.from_config(config)
    assert scripts.get_heads() == [PRESENT]
    assert [script.revision for script in scripts.walk_revisions()][-1] == "0001"


def test_a_new_ledger_is_what_the_code_thinks_it_is(ledger_url: str) -> None:
    ledger = open_one(ledger_url)
    with reading(ledger.engine) as connection:
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE, "compare_type": True})
        assert compare_metadata(context, METADATA) == []
    assert version_of(ledger_url) == PRESENT
    assert ledger.find_missing_guards() == []


def test_a_ledger_of_the_release_before_is_adopted_with_all_that_it_holds(ledger_url: str) -> None:
    make_early_ledger(ledger_url)
    before = Tamperer(ledger_url).rows()
    ledger = open_one(ledger_url)
    assert version_of(ledger_url) == PRESENT
    assert Tamperer(ledger_url).rows() == before
    assert ledger.append(DOMAIN, Kind.DROP_REFUSED, {}).seq == 2
    assert ledger.verify(DOMAIN) == []
    assert ledger.find_missing_guards() == []
    with pytest.raises(SQLAlchemyError, match="append-only"):
        Tamperer(ledger_url).execute("DELETE FROM events")


def test_an_adopted_ledger_has_the_schema_of_a_new_one(ledger_url: str) -> None:
    make_early_ledger(ledger_url)
    with reading(open_one(ledger_url).engine) as connection:
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE, "compare_type": True})
        assert compare_metadata(context, METADATA) == []


def test_adoption_puts_back_the_guards_that_somebody_dropped(ledger_url: str) -> None:
    make_early_ledger(ledger_url)
    Tamperer(ledger_url).unguard()
    ledger = open_one(ledger_url)
    assert ledger.find_missing_guards() == []


@pytest.mark.parametrize("is_early", [True, False], ids=["early", "new"])
def test_many_who_open_at_once_are_safe(ledger_url: str, is_early: bool) -> None:  # noqa: FBT001  # a parameter of the test
    if is_early:
        make_early_ledger(ledger_url)
    open_at_once(ledger_url, 8)
    ledger = open_one(ledger_url)
    assert len(ledger.events(DOMAIN)) == 8 + is_early
    assert len(Tamperer(ledger_url).fetch(f"SELECT * FROM {VERSION_TABLE}")) == 1  # noqa: S608  # a name of ours
    assert ledger.verify(DOMAIN) == []


def test_a_newer_schema_is_refused_by_name_and_left_alone(ledger_url: str) -> None:
    open_one(ledger_url).append(DOMAIN, Kind.DROP_LANDED, {})
    Tamperer(ledger_url).execute(f"UPDATE {VERSION_TABLE} SET version_num = '9001'")  # noqa: S608  # a name of ours
    with pytest.raises(LedgerError, match=r"schema 9001, .*does not know \(it knows 0001\): update Addendum"):
        open_one(ledger_url)
    assert version_of(ledger_url) == "9001"
    assert len(Tamperer(ledger_url).rows()) == 1


def test_a_table_of_somebody_else_is_refused_and_left_alone(ledger_url: str) -> None:
    tamperer = Tamperer(ledger_url)
    tamperer.execute("CREATE TABLE events (id INTEGER PRIMARY KEY, name TEXT)", "INSERT INTO events VALUES (1, 'x')")
    with pytest.raises(LedgerError, match="is no ledger's: set ADDENDUM_LEDGER_URL"):
        open_one(ledger_url)
    assert tamperer.fetch("SELECT * FROM events") == [{"id": 1, "name": "x"}]
    assert version_of(ledger_url) is None


def test_a_migration_that_breaks_leaves_nothing_behind(ledger_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def break_down(_: object) -> None:
        raise LedgerError("the power went")

    with monkeypatch.context() as patch:
        patch.setattr(migrating, "install_guards", break_down)
        with pytest.raises(LedgerError, match="power"):
            migrate(connect(ledger_url))
    assert version_of(ledger_url) is None
    with pytest.raises(SQLAlchemyError):
        Tamperer(ledger_url).rows()
    assert open_one(ledger_url).append(DOMAIN, Kind.DROP_LANDED, {}).seq == 1


def test_other_programs_in_the_same_database_keep_their_own_version(ledger_url: str) -> None:
    tamperer = Tamperer(ledger_url)
    tamperer.execute("CREATE TABLE alembic_version (version_num VARCHAR(32))", "INSERT INTO alembic_version VALUES ('of mlflow')")
    open_one(ledger_url)
    assert tamperer.fetch("SELECT * FROM alembic_version") == [{"version_num": "of mlflow"}]


def test_opening_what_stands_takes_less_than_fifty_milliseconds_of_cpu(tmp_path: Path) -> None:
    open_ledger(tmp_path)
    took = []
    for _ in range(5):
        began = time.process_time()
        open_ledger(tmp_path)
        took.append(time.process_time() - began)
    assert min(took) < 0.05


def test_opening_what_stands_imports_no_alembic(tmp_path: Path) -> None:
    open_ledger(tmp_path)
    program = (
        "import sys; from pathlib import Path; from tests.builders.ledgers import open_ledger; "
        "open_ledger(Path(sys.argv[1])); sys.exit('alembic' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=True, timeout=240)
