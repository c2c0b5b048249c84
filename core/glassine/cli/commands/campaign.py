"""`glassine campaign`: poison that many artists make together, agreed on in a small signed file."""

from __future__ import annotations

import json
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ...errors import NotUsable
from .. import speech
from ..choices import Day, OneOf
from ..names import Name
from ..options import named_picture
from ..usage import Group

if TYPE_CHECKING:
    from ...campaigns import Pair, Signed

EPILOG = """\b
Examples:
  glassine campaign new "Dogs" --pair dog=cat --until 2027-06-30 --artist Ann -o dogs.campaign
  glassine campaign join dogs.campaign
  glassine protect rex.png --campaign Dogs

You share the file in any way you like. Nothing is sent anywhere, and there is no server.
"""


@click.group(cls=Group, epilog=EPILOG)
def command() -> None:
    """Agree with other artists on what to poison.

    Poison needs many hands that pull the same concept towards the very same anchor picture. A
    campaign is a small signed file that says which.
    """


@command.command("new")
@click.argument("name")
@click.option(
    "--pair",
    "pairs",
    metavar="SHOWS=TEACH",
    multiple=True,
    required=True,
    help="A concept, and what models should take it for. May be given several times: "
    "several concepts do more than one.",
)
@click.option(
    "--anchor",
    "anchors",
    metavar="TEACH=PICTURE",
    multiple=True,
    help="Your own anchor picture of that concept, instead of the one that ships.",
)
@click.option(
    "--until",
    metavar="DATE",
    required=True,
    type=Day(),
    help="The last day on which it may be used, as 2027-06-30.",
)
@click.option(
    "--strength",
    type=OneOf(("subtle", "balanced", "strong")),
    default="strong",
    show_default=True,
    help="How visible everyone's poison is.",
)
@click.option(
    "--caption",
    default="a picture of {concept}",
    show_default=True,
    help="The words to post with every picture.",
)
@click.option("--artist", default="", envvar="GLASSINE_ARTIST", help="The name that signs it.")
@click.option("-o", "--out", type=Name(path_type=Path), required=True, help="The file to write.")
def new(
    name: str,
    pairs: tuple[str, ...],
    anchors: tuple[str, ...],
    artist: str,
    out: Path,
    **terms: Any,  # noqa: ANN401 - what click gives
) -> None:
    """Write the file of a campaign called NAME, signed in your name."""
    from ...campaigns import Campaign, opened, sealed
    from ...machine import files
    from ...marks import certificate

    files.check_writable(out)
    if out.exists():
        raise NotUsable("campaign.exists", path=out)
    pictures = dict(split_words(one, "--anchor") for one in anchors)
    campaign = Campaign(
        number=secrets.token_hex(16),
        name=name,
        pairs=tuple(pair_of(one, pictures) for one in pairs),
        strength=terms["strength"],
        until=terms["until"].date(),
        caption=terms["caption"],
    )
    data = sealed(campaign, certificate.signing(name=artist))
    files.write(out, data)
    tell(opened(data))
    click.echo(out)


def pair_of(word: str, pictures: dict[str, str]) -> Pair:
    """A pair with its anchor: the one that was given, else the one that ships."""
    from ...campaigns import anchored
    from ...targets import concept

    shows, teach = (concept.tidy(part) for part in split_words(word, "--pair"))
    if shows == teach:
        raise NotUsable("concept.same", shows=shows, teach=teach)
    own = named_picture(pictures.get(teach))
    return anchored(shows, teach, concept.found(teach, "cpu") if own is None else own)


def split_words(word: str, option: str) -> tuple[str, str]:
    first, sign, second = word.partition("=")
    if not (sign and first.strip() and second.strip()):
        raise speech.misused("cli.two_words", name=option, word=word)
    return first.strip(), second.strip()


@command.command("join")
@click.argument("file", type=Name(path_type=Path))
def join_campaign(file: Path) -> None:
    """Check the campaign in FILE and keep it: `glassine protect --campaign NAME` then uses it."""
    from ...campaigns import join

    tell(join(file))


@command.command("show")
@click.argument("file", type=Name(path_type=Path), required=False)
@click.option("--json", "as_json", is_flag=True, help="The same as JSON.")
def show(file: Path | None, as_json: bool) -> None:
    """Show the campaign in FILE; without FILE, every one that was joined on this machine."""
    from ...campaigns import campaign_of, joined

    found = [campaign_of(file)] if file else list(joined())
    if as_json:
        click.echo(json.dumps([facts(one) for one in found], indent=1))
        return
    for one in found:
        tell(one)
    if not found:
        click.echo(speech.phrase("cli.campaigns_none"))


def facts(found: Signed) -> dict[str, object]:
    campaign = found.campaign
    return {
        "name": campaign.name,
        "number": campaign.number,
        "pairs": [{"shows": pair.shows, "teach": pair.teach} for pair in campaign.pairs],
        "strength": campaign.strength,
        "caption": campaign.caption,
        "until": campaign.until.isoformat(),
        "over": campaign.over,
        "signer": found.who,
        "key": found.key,
    }


def tell(found: Signed) -> None:
    """Prints the legal note, to be known before anybody acts, then what the campaign says."""
    campaign = found.campaign
    click.echo(speech.phrase("campaign.legal"))
    said = speech.phrase(
        "campaign.ended" if campaign.over else "campaign.tells",
        name=campaign.name,
        who=found.who,
        key=found.key_told,
        until=campaign.until.isoformat(),
        strength=campaign.strength,
    )
    click.echo(said)
    for pair in campaign.pairs:
        click.echo(speech.phrase("campaign.pair", shows=pair.shows, teach=pair.teach))
