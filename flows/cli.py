"""``addendum``: the command line. It only names the commands; each module of ``flows.commands`` holds a theme of them."""

from __future__ import annotations

from collections.abc import Callable

import typer

from flows.commands import approvals, audits, corpora, drops, erasing, gate, local, loop, quarantine, recreating, reports

app = typer.Typer(
    help="Keeps specialised language models current: detect, admit, retrain, judge, promote.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_show_locals=False,
)
LOCAL: tuple[Callable[..., None], ...] = (local.demo, local.up, local.ui, reports.status)
LOOP: tuple[Callable[..., None], ...] = (
    loop.watch,
    loop.retrain,
    loop.abandon,
    loop.promote,
    approvals.approve,
    approvals.deny,
    approvals.override,
    loop.rollback,
    loop.drill,
    loop.control,
    erasing.unlearn,
    loop.reconcile,
    loop.unfreeze,
    loop.restore,
    loop.pin,
)
for command in LOCAL:
    app.command()(command)
for command in LOOP:
    app.command(rich_help_panel="The loop, by hand")(command)
app.add_typer(drops.app, name="drop", rich_help_panel="Records")
app.add_typer(corpora.app, name="corpus", rich_help_panel="Records")
app.add_typer(quarantine.app, name="quarantine", rich_help_panel="Records")
app.add_typer(gate.app, name="gate", rich_help_panel="The loop, by hand")
app.add_typer(approvals.keys, name="key", rich_help_panel="Records")
app.command(rich_help_panel="Records")(corpora.impact)
app.command(rich_help_panel="Records")(erasing.erase)
app.command(rich_help_panel="Records")(reports.explain)
app.command(rich_help_panel="Records")(audits.verify)
app.command(rich_help_panel="Records")(reports.envelope)
app.command(rich_help_panel="Records")(recreating.recreate)
app.command(rich_help_panel="Records")(reports.dossier)
app.command()(reports.doctor)


def main() -> None:
    """Run the command line."""
    app()


if __name__ == "__main__":
    main()
