"""The page of the loop's cost: where the seconds of a retraining went, how long a cycle without news takes, and the memory."""

from __future__ import annotations

from functools import partial
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.measures import Goal, Measure
from benchmarks.overhead_accounts import Account, Measured
from benchmarks.pages import Page, Section, tabulate

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_OVERHEAD = Goal(bound=0.05)
LONGEST_CYCLE = Goal(bound=10)
MIB = 2**20
PARTS = (
    ("stage functions", "work", "what the stages themselves did: nearly all of it training and scoring"),
    ("libraries of stages", "imports", "importing torch, transformers, pyarrow: once a stage, as any script of its own would"),
    ("start of stages", "starting", "seven interpreters, and reading and checking the parameters"),
    ("MLflow in stages", "mlflow", "the curve, sent in batches"),
    ("DVC", "dvc", "seven `dvc repro --single-item`, its own imports and hashing included"),
    ("steps around the stages", "steps", "pin, ledger, git, registry, dossier, promotion: Prefect's other tasks"),
    ("command and Prefect", "command", "the command's start with its imports, flow runs, states, the rest"),
)
MEANING = """
The retraining is `addendum retrain` as a person or a timer runs it: one command, which talks to the Prefect server and runs each
stage as a process of its own through DVC. A stopwatch in every one of these processes (Python loads it by its name,
`benchmarks/stopwatch/`) tells a stage's own function from the import of its libraries; Prefect's records of its tasks give the
time around them. Nothing is counted twice, and what is left over is counted as overhead.

**Overhead** is everything that is not the stages' own functions and not the import of the stages' libraries. DVC's and Prefect's
own imports are overhead; torch's is not, since a script that trains needs it too. Where it is counted as well, the second line
says what the share is then.

**A cycle without news** is what a timer runs most of the time: `addendum watch` finds nothing at the source, `addendum retrain`
weighs and holds. Both are new processes, so most of it is importing: the third line says how much. A worker that is asked to
run them as deployments pays the same.
"""
CAVEATS = """
- One retraining is accounted for, not several: with other load on the machine every part grows, and the parts outside training
  grow most, because they wait for processes to start.
- The share falls as the training grows longer: the seconds beside it hardly depend on it. They do depend on how much the corpus
  holds, since snapshot, curation and split read all of it; that is counted as work.
- Ledger and MLflow are the embedded ones (SQLite). A server for either adds a round trip to each call.
- The records are invented; a source on the network adds its own answering time to a cycle without news.
"""


def build_page(measured: Measured) -> Page:
    """Return the page."""
    minutes = measured.account.wall / 60
    return Page(
        name="overhead",
        title="What does the loop cost beside the training?",
        lead=f"The retraining that is accounted for took {minutes:.1f} minutes.",
        command="python benchmarks/overhead.py",
        measures=list_measures(measured),
        sections=(
            Section(heading="Where the seconds went", text=_tabulate_parts(measured.account)),
            Section(heading="Greatest memory of each process", text=_tabulate_memory(measured)),
            Section(heading="What it means", text=MEANING),
            Section(heading="What this does not show", text=CAVEATS),
        ),
        caption="Seconds of a retraining by what they went into, and of a cycle without news",
        draw=partial(draw, measured=measured),
    )


def list_measures(measured: Measured) -> tuple[Measure, ...]:
    """Return every figure, those without a goal included."""
    spent, cycles = measured.account, measured.cycles
    flow = max((one.peak_bytes for one in measured.notes if one.command), default=0)
    stage = max((one.peak_bytes for one in measured.notes if one.stage is not None), default=0)
    name = f"of a retraining of {spent.wall / 60:.1f} minutes"
    return (
        Measure(measure=f"overhead {name}", value=spent.overhead, unit="of wall time", n=1, goal=MOST_OVERHEAD),
        Measure(measure=f"overhead {name}, the stages' imports too", value=spent.overhead_with_imports, unit="of wall time", n=1),
        Measure(measure="libraries imported by its stages", value=spent.imports, unit="s", n=1),
        Measure(
            measure="a cycle without news (median)",
            value=median(one.seconds for one in cycles),
            unit="s",
            n=len(cycles),
            goal=LONGEST_CYCLE,
        ),
        Measure(
            measure="of which importing libraries (median)", value=median(one.imports for one in cycles), unit="s", n=len(cycles)
        ),
        Measure(measure="greatest memory of the flow's process", value=flow / MIB, unit="MiB", n=1),
        Measure(measure="greatest memory of a stage's process", value=stage / MIB, unit="MiB", n=1),
        Measure(measure="memory of the Prefect server", value=measured.server / MIB, unit="MiB", n=1),
    )


def draw(figure: Figure, measured: Measured) -> None:
    """Draw the parts of a retraining but for the work itself, and the cycles without news."""
    left, right = figure.subplots(1, 2)
    names = [name for name, field, _ in PARTS if field != "work"]
    seconds = [getattr(measured.account, field) for _, field, _ in PARTS if field != "work"]
    left.barh(names[::-1], seconds[::-1], color="tab:blue")
    left.set(xlabel="seconds", title=f"beside {measured.account.work:,.0f} s of work in a retraining")
    turns = list(range(1, len(measured.cycles) + 1))
    imports = [one.imports for one in measured.cycles]
    rest = [one.seconds - one.imports for one in measured.cycles]
    right.bar(turns, imports, label="importing libraries", color="tab:blue")
    right.bar(turns, rest, bottom=imports, label="the rest", color="tab:orange")
    right.axhline(LONGEST_CYCLE.bound, color="grey", linewidth=0.8, linestyle=":")
    right.set(xticks=turns, xlabel="cycle without news", ylabel="seconds", title="watch and retrain, nothing new")
    right.legend(frameon=False, fontsize=8)


def _tabulate_parts(spent: Account) -> str:
    rows = [
        (name, f"{getattr(spent, field):.1f}", f"{getattr(spent, field) / spent.wall:.1%}", what) for name, field, what in PARTS
    ]
    return tabulate(
        ("part", "s", "share", "what it is"), [*rows, ("all", f"{spent.wall:.1f}", "100%", "the command's wall time")]
    )


def _tabulate_memory(measured: Measured) -> str:
    rows = [(f"stage {one.stage}", f"{one.peak_bytes / MIB:,.0f}") for one in measured.notes if one.stage is not None]
    dvc = [one.peak_bytes for one in measured.notes if one.is_dvc]
    rows += [(f"`addendum {one.command}`, the flow", f"{one.peak_bytes / MIB:,.0f}") for one in measured.notes if one.command]
    return tabulate(("process", "MiB"), [*rows, ("DVC, beside a stage", f"{max(dvc, default=0) / MIB:,.0f}")])
