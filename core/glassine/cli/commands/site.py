"""`glassine site`: the engine as a web service on this machine, and the keys to it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

import click

from .. import exits, options, speech
from ..clusters import cluster_named, cluster_options
from ..numbers import Decimal, Whole
from ..usage import Group

if TYPE_CHECKING:
    from ...site.keys import Key
    from ...site.serve import Place

LAST_PORT, MOST_WORKERS = 2**16 - 1, 256
EPILOG = """\b
Examples:
  glassine site                                  (the page at http://127.0.0.1:8642/)
  glassine site key add "our gallery" --days 90
  glassine site --name protect.example.org       (behind nginx; see docs/site.md)
  glassine site --on ray=10.0.0.5:6379           (pictures are done on a cluster)
  curl -H "Authorization: Bearer $KEY" -F picture=@a.png -F strength=subtle \\
       http://127.0.0.1:8642/v1/protect

Every picture is deleted after an hour at the latest, with its copy and all that is known of it.
"""


@click.group(cls=Group, epilog=EPILOG, invoke_without_command=True)
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen at.")
@click.option(
    "--port",
    type=Whole(1, LAST_PORT),
    default=8642,
    show_default=True,
    help="The port to listen at.",
)
@click.option(
    "--name",
    "names",
    multiple=True,
    metavar="HOST",
    help="A host name by which it is reached through nginx; may be given several times.",
)
@click.option(
    "--open/--closed",
    "is_open",
    default=None,
    help="Take pictures without a key, or only with one. Without either: open on 127.0.0.1 while "
    "no --name is given, else closed.",
)
@click.option(
    "--workers",
    type=Whole(1, MOST_WORKERS),
    help="Pictures at the same time. Without it: 1, or with --on as many as the cluster has cores. "
    "Each needs a core and about 1.5 GB.",
)
@cluster_options
@click.option(
    "--keep",
    type=Decimal(1, 60),
    default=60,
    show_default=True,
    metavar="MINUTES",
    help="Minutes after which a picture is deleted.",
)
@click.option(
    "--most-megabytes",
    type=Whole(1, 512),
    default=32,
    show_default=True,
    help="Largest file that is taken.",
)
@click.option(
    "--most-megapixels",
    type=Whole(1, 200),
    default=24,
    show_default=True,
    help="Largest picture that is taken.",
)
@click.option(
    "--hourly",
    type=Whole(1),
    default=60,
    show_default=True,
    help="Pictures that one key, or one address, may send in an hour.",
)
@click.option(
    "--folder", default="", help="Where pictures lie until they are deleted; best a RAM disk."
)
@options.DEVICE
@click.pass_context
def command(
    ctx: click.Context,
    host: str,
    port: int,
    names: tuple[str, ...],
    is_open: bool | None,
    workers: int | None,
    on: str | None,
    card_share: float,
    keep: float,
    most_megabytes: int,
    most_megapixels: int,
    hourly: int,
    folder: str,
    device: str,
) -> int | None:
    """Serve a web page to drop pictures on, and an HTTP interface for programs.

    It listens on this machine only unless told otherwise, and sends nothing anywhere.
    """
    if ctx.invoked_subcommand:
        return None
    try:
        from ...batch.worker import Worker
        from ...site.away import Away
        from ...site.limits import Limits
        from ...site.serve import Place, serve
    except ModuleNotFoundError as error:
        click.echo(speech.phrase("cli.serve_missing", library=error.name or ""), err=True)
        return exits.MISSING
    place = Place(host, port, names, workers or 1, folder, device=device)
    tell_where(place, keep)
    limits = Limits(
        bytes=most_megabytes << 20, pixels=most_megapixels * 10**6, hourly=hourly, keep=keep * 60
    )
    with cluster_named(on, card_share) as cluster:
        if cluster and not workers:
            place = replace(place, workers=min(cluster.cores, MOST_WORKERS))
        serve(place.opened(is_open), limits, partial(Away, cluster) if cluster else Worker)
    return exits.DONE


def tell_where(place: Place, minutes: float) -> None:
    """Prints the address, how long pictures are kept, and whether others can reach it."""
    said = speech.phrase("cli.serve_open", host=place.host, port=place.port, minutes=minutes)
    click.echo(said, err=True)
    if not place.here_only:
        click.echo(speech.phrase("cli.serve_exposed", host=place.host), err=True)


@command.group("key")
def key() -> None:
    """Give out, list and revoke keys for programs. Only hashes of them are kept."""


@key.command("add")
@click.argument("name")
@click.option(
    "--days",
    type=Decimal(0, 3660, min_open=True),
    default=90,
    show_default=True,
    help="How long the key is valid.",
)
def add(name: str, days: float) -> None:
    """Give out a new key; NAME says whose it is."""
    from ...site.keys import issued_key, keys_path

    click.echo(issued_key(keys_path(), name, days))
    click.echo(speech.phrase("cli.serve_key", days=days), err=True)


@key.command("list")
def listed_keys() -> None:
    """List all keys that were given out, by number and name; the keys themselves are not kept."""
    from ...site.keys import keys_path, known_keys

    for one in known_keys(keys_path()):
        click.echo(
            speech.phrase(
                "cli.serve_key_row",
                number=one.number,
                name=one.name,
                ends=one.ends[:10],
                state=speech.phrase(standing_code(one)),
            )
        )


def standing_code(one: Key) -> str:
    if one.revoked:
        return "cli.serve_key_revoked"
    over = datetime.fromisoformat(one.ends) <= datetime.now(UTC)
    return "cli.serve_key_over" if over else "cli.serve_key_valid"


@key.command("revoke")
@click.argument("number")
def revoke(number: str) -> None:
    """Revoke the key of that NUMBER, at once, also for a service that is running."""
    from ...site.keys import keys_path, revoke_key

    ended = revoke_key(keys_path(), number)
    click.echo(speech.phrase("cli.serve_revoked", number=ended.number, name=ended.name))
