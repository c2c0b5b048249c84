"""`glassine sitekit`: robots.txt and its relatives for the artist's own site, and a look at it."""

from __future__ import annotations

import json
from pathlib import Path

import click

from ...messages import with_english
from .. import exits, speech
from ..names import Name
from ..usage import Group

EPILOG = """\b
Examples:
  glassine sitekit -o site/ --policy https://example.org/licence --site https://example.org
  glassine sitekit check public_html/
  glassine sitekit check https://example.org/gallery

States your reservation in machine-readable form. It prevents nothing by itself.
"""


@click.group(cls=Group, epilog=EPILOG, invoke_without_command=True)
@click.option(
    "-o",
    "--out",
    type=Name(path_type=Path),
    default=Path("sitekit"),
    show_default=True,
    help="The folder for the files; none of them is replaced.",
)
@click.option("--policy", metavar="URL", default="", help="The page with your licence.")
@click.option(
    "--site",
    metavar="URL",
    default="",
    help="Your site's address, for links to its license.xml (RSL).",
)
@click.option(
    "--refuse-previews", is_flag=True, help="Also refuse agents that only fetch link previews."
)
@click.pass_context
def command(ctx: click.Context, out: Path, policy: str, site: str, refuse_previews: bool) -> None:
    """Write robots.txt, tdmrep.json, ai.txt, meta tags and headers for your own site."""
    if ctx.invoked_subcommand:
        return
    from ...sitekit import kit, write

    pieces = kit(policy, site=site, previews=not refuse_previews)
    write(out, pieces)
    for piece in pieces:
        click.echo(f"{out / piece.path}\n    {speech.spoken(piece.where)}")
    click.echo(speech.phrase("cli.sitekit_end"))


@command.command("check")
@click.argument("place", metavar="FOLDER|URL")
@click.option("--json", "as_json", is_flag=True, help="The same as JSON.")
def check(place: str, as_json: bool) -> int:
    """Say what your own site really tells AI crawlers, and which statement wins where two disagree.

    A FOLDER is read; a URL is asked, with a few requests to that host and no other. With gaps (!)
    the exit code is 1.
    """
    from ...sitekit import checked

    found = checked(place)
    gaps = sum(one.level == "gap" for one in found)
    if as_json:
        rows = [{"level": one.level, **with_english(one.says)} for one in found]
        click.echo(json.dumps(rows, indent=1))
    else:
        for one in found:
            click.echo(speech.phrase(f"cli.site_{one.level}", says=one.says))
        click.echo(speech.phrase("cli.site_end", count=gaps))
    return exits.FAILED if gaps else exits.DONE
