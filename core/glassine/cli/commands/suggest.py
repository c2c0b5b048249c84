"""`glassine suggest`: what a local CLIP or BLIP thinks that a picture shows."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from ..names import Name
from ..usage import Command


@click.command(cls=Command)
@click.argument("picture", type=Name(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="The same as JSON.")
def command(picture: Path, as_json: bool) -> None:
    """Ask a local CLIP or BLIP what PICTURE shows.

    Its word is what a scraper's captioner would likely say, so it is a good one for --shows.
    """
    from ...flow.read import read
    from ...targets.captioner import suggest

    found = suggest(read(picture))
    if as_json:
        click.echo(json.dumps([asdict(one) for one in found], indent=1))
        return
    for one in found:
        share = "" if one.share is None else f"{one.share:4.0%}  "
        click.echo(f"{share}{one.says}")
