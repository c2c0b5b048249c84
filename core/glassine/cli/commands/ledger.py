"""`glassine ledger`: what was exported, when, and where it was published."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import click

from ...errors import NotUsable
from ...messages import message
from .. import exits, speech
from ..names import Name
from ..usage import Group

_SEAL = "glassine ledger"  # how a seal begins, the line that stands for all entries

EPILOG = """\b
Examples:
  glassine ledger list
  glassine ledger publish 12 --at https://example.org/gallery --on 2026-11-21
  glassine ledger export 12 -o receipt.json
  glassine ledger seal
"""


@click.group(cls=Group, epilog=EPILOG)
def command() -> None:
    """What was exported, when, and where it was published.

    The ledger is a file on this machine. It holds hashes and a small view of the protected
    pictures, never the clean ones.
    """


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="The same as JSON.")
def list_exports(as_json: bool) -> None:
    """List every export, the newest last."""
    from ... import ledger

    rows = ledger.entries()
    if as_json:
        click.echo(json.dumps([row.receipt() for row in rows], indent=1))
        return
    for row in rows:
        mark = "" if row.watermark is None else f"{row.watermark:08x}"
        never = speech.phrase("cli.ledger_never") if row.never else ""
        told = row.published[-1][0] if row.published else never
        click.echo(f"{row.id:>5}  {row.created[:10]}  {row.format:5} {mark:8}  {row.title}  {told}")
    if not rows:
        click.echo(speech.phrase("cli.ledger_nothing"))


@command.command("show")
@click.argument("export")
@click.option("--json", "as_json", is_flag=True, help="The same as JSON.")
def show_export(export: str, as_json: bool) -> None:
    """Show one EXPORT, named by its number or by how its sha256 or watermark begins."""
    from ... import ledger

    entry = ledger.find_export(export)
    if as_json:
        click.echo(json.dumps(entry.receipt(), indent=1))
        return
    for name, value in entry.receipt().items():
        if isinstance(value, dict):
            value = ", ".join(f"{key} {one}" for key, one in value.items() if one not in ("", None))
        click.echo(f"{name:10} {value}")
    if entry.path:
        click.echo(f"{'path':10} {entry.path}")


@command.command("publish")
@click.argument("export")
@click.option("--at", "place", metavar="PLACE", default="", help="Where: an address or a name.")
@click.option("--on", "day", metavar="DATE", help="When, as 2026-11-21. Without it: today.")
@click.option("--never", is_flag=True, help="Note instead that it was never published.")
def publish_export(export: str, place: str, day: str | None, never: bool) -> None:
    """Note where and when EXPORT was published, or that it never was.

    Works that were never published are the control group of any later test of a model.
    """
    from ... import ledger

    entry = ledger.find_export(export)
    if never:
        ledger.never_published(entry.id)
        click.echo(speech.phrase("cli.ledger_noted_never", export=entry.id))
        return
    if not place:
        raise speech.misused("cli.ledger_where")
    try:
        when = date.fromisoformat(day) if day else date.today()
    except ValueError as error:
        raise speech.misused("cli.ledger_no_date", day=str(day)) from error
    ledger.publish(entry.id, place, when.isoformat())
    day = when.isoformat()
    click.echo(speech.phrase("cli.ledger_noted", export=entry.id, day=day, place=place))


@command.command("export")
@click.argument("export")
@click.option("-o", "--out", type=Name(path_type=Path), help="A file. Without it: standard output.")
def exported(export: str, out: Path | None) -> None:
    """Write the receipt of EXPORT as JSON, to keep beside the file or to send to someone."""
    from ... import ledger
    from ...machine import files

    text = json.dumps(ledger.find_export(export).receipt(), indent=1) + "\n"
    if out is None:
        click.echo(text, nl=False)
        return
    if out.exists():
        raise NotUsable("cli.ledger_exists", path=out)
    files.write(out, text.encode())
    click.echo(speech.phrase("cli.written", path=out))


@command.command("seal")
def seal() -> int:
    """Check that no entry was altered, and print one line that stands for all of them.

    Keep that line where a date is certain: in a mail to yourself, in a public post. Whoever has
    it can later check that every entry before it was there and unchanged.
    """
    from ... import ledger

    rows, broken = ledger.entries(), ledger.broken()
    if broken is not None:
        return exits.say(message("cli.ledger_altered", entry=broken), exits.FAILED)
    if not rows:
        click.echo(speech.phrase("cli.ledger_empty"))
        return exits.DONE
    click.echo(f"{_SEAL} {rows[-1].id} {rows[-1].created} {rows[-1].chain}")
    return exits.DONE
