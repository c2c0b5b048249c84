"""`glassine sitekit`: robots.txt and its relatives for the artist's own site."""

from __future__ import annotations

from pathlib import Path

import click

from .. import speech
from ..names import Name

EPILOG = """\b
Example:
  glassine sitekit -o site/ --policy https://example.org/licence

States your reservation in machine-readable form. It prevents nothing by itself.
"""


@click.command(epilog=EPILOG)
@click.option(
    "-o",
    "--out",
    type=Name(path_type=Path),
    default=Path("sitekit"),
    show_default=True,
    help="An empty folder.",
)
@click.option("--policy", metavar="URL", default="", help="The page with your licence.")
@click.option("--site", metavar="URL", default="", help="Your site, to name license.xml by (RSL).")
@click.option(
    "--refuse-previews", is_flag=True, help="Also refuse agents that only fetch link previews."
)
def command(out: Path, policy: str, site: str, refuse_previews: bool) -> None:
    """Write robots.txt, tdmrep.json, ai.txt, meta tags and headers for your own site."""
    from ...sitekit import kit, write

    pieces = kit(policy, site=site, previews=not refuse_previews)
    write(out, pieces)
    for piece in pieces:
        click.echo(f"{out / piece.path}\n    {speech.spoken(piece.where)}")
    click.echo(speech.phrase("cli.sitekit_end"))
