"""Laws of whose turn it is to retrain a domain."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from threading import Thread

from flows.turns import hold_admission, take_turn
from pipelines.domain.identities import DomainName
from pipelines.workspace import Home

CLINICAL, REGULATORY = DomainName("clinical"), DomainName("regulatory")
HOLDER = """
import sys, time
from pathlib import Path
from flows.turns import take_turn
from pipelines.domain.identities import DomainName
from pipelines.workspace import Home
with take_turn(Home(Path(sys.argv[1])), DomainName("clinical")) as is_ours:
    print(is_ours, flush=True)
    time.sleep(60)
"""


def test_one_at_a_time_and_the_next_when_it_is_given_back(tmp_path: Path) -> None:
    home = Home(tmp_path)
    with take_turn(home, CLINICAL) as first, take_turn(home, CLINICAL) as second:
        assert (first, second) == (True, False)
    with take_turn(home, CLINICAL) as third:
        assert third


def test_domains_do_not_wait_for_each_other(tmp_path: Path) -> None:
    with take_turn(Home(tmp_path), CLINICAL) as one, take_turn(Home(tmp_path), REGULATORY) as other:
        assert (one, other) == (True, True)


def test_a_killed_process_gives_its_turn_back(tmp_path: Path) -> None:
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    assert holder.stdout.readline().strip() == "True"
    with take_turn(Home(tmp_path), CLINICAL) as is_ours:
        assert not is_ours
    holder.kill()
    holder.wait()
    holder.stdout.close()
    with take_turn(Home(tmp_path), CLINICAL) as is_ours:
        assert is_ours


def test_what_is_admitted_while_another_admits_waits_and_domains_do_not_wait_for_each_other(tmp_path: Path) -> None:
    home, order = Home(tmp_path), list[str]()

    def admit(domain: str) -> None:
        with hold_admission(home, DomainName(domain)):
            order.append(domain)

    with hold_admission(home, DomainName("clinical")):
        threads = [Thread(target=admit, args=(domain,)) for domain in ("clinical", "regulatory")]
        for thread in threads:
            thread.start()
        threads[1].join(timeout=30)
        assert order == ["regulatory"]
    threads[0].join(timeout=30)
    assert order == ["regulatory", "clinical"]
