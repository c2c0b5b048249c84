"""`glassine face`: cloaks faces in pictures, and measures how well look-ups still find them."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ...errors import NotUsable
from ...messages import message
from .. import exits, options, output, speech
from ..choices import OneOf
from ..names import Folder
from ..usage import Group

if TYPE_CHECKING:
    from rich.table import Table

    from ...lookup import Fog, Line, Lookup
    from ...types import Intent
    from .protect import Asked

EPILOG = """\b
Examples:
  glassine face portrait.jpg
  glassine face party.jpg --faces 1,3 --recipe lowkey --strength strong
  glassine face check photos/
  glassine face decoys photos/ --for ann

No cloak makes a face impossible to recognise. The check says by how much this one lowers the odds,
on networks that it was made against and on others, and doubts come first.
"""

WHAT = {
    "clean": message("cli.lookup_clean"),
    "cloaked": message("cli.lookup_cloaked"),
    "blend": message("cli.lookup_blend"),
    "scattered": message("cli.lookup_scattered"),
    "robust": message("cli.lookup_robust"),
}
HEADS = tuple(
    message(code)
    for code in (
        "cli.head_gallery",
        "cli.head_rank1",
        "cli.head_rank5",
        "cli.head_verified",
    )
)


class Faces(Group):
    """A group whose first word, where it names no command, is a picture or an option of `cloak`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0] not in (*self.commands, *ctx.help_option_names):
            args = ["cloak", *args]
        return super().parse_args(ctx, args)


@click.group(
    cls=Faces,
    epilog=EPILOG,
    subcommand_metavar="PICTURE... | cloak PICTURE... | check FOLDER | decoys FOLDER",
)
def command() -> None:
    """Cloak faces in pictures, and measure how well people are still found by them."""


NETWORKS = (
    click.option(
        "--recipe",
        type=OneOf(("fawkes", "lowkey")),
        default="lowkey",
        show_default=True,
        help="fawkes: towards the drawn face that networks find most unlike it. lowkey: away from "
        "itself.",
    ),
    click.option(
        "--faces",
        metavar="NUMBER,...",
        help="Which faces, counted from left to right. Without it: all that are found.",
    ),
    click.option(
        "--networks",
        metavar="NAME,...",
        help="Face networks to optimise against. Without it: every one on this machine that may be "
        "optimised against (see: glassine models list).",
    ),
)
"""Which faces are cloaked, how, and against which networks."""


@command.command("cloak")
@options.of_pictures(*NETWORKS, *options.HOW, *options.FILE)
def cloak(
    pictures: tuple[str, ...],
    out: str | None,
    device: str,
    again: bool,
    as_json: bool,
    **given: Any,  # noqa: ANN401 - as click gives them
) -> int:
    """Cloak the faces in each PICTURE, with a page of evidence beside it.

    Finds faces, and moves what face networks see of each; around them nothing changes. Writes
    NAME.glassine.png beside each picture and leaves the original as it is. It lowers the odds of
    being found by face, on networks like those that it was made against; no more.
    """
    from .protect import Asked, names_folder, protect_all

    sources = [Path(picture) for picture in pictures]
    suffix = Path(out).suffix if out and not names_folder(out, sources) else ""
    asked = Asked(sources, face_intent(given, suffix), device, again, as_json)
    return protect_all(asked, out)


def face_intent(given: dict[str, Any], suffix: str) -> Intent:
    """The intent: recipe, networks and faces, and whatever `protect` takes as well."""
    networks = given.pop("networks") or ""
    recipe, listed = given.pop("recipe"), options.comma_names(given.pop("faces") or "")
    try:
        faces = tuple(int(number) for number in listed)
    except ValueError as error:
        raise speech.misused("cli.faces_no_number", numbers=listed) from error
    asked = options.given_intent({**given, "recipe": "cloak", "surrogates": networks}, suffix)
    return replace(asked, recipe=recipe, faces=faces or None)


@command.command("check")
@click.argument("folder", metavar="FOLDER", type=Folder())
@click.option(
    "--used",
    metavar="NAME,...",
    help="The networks that the copies were made against; all others count as held out. Without "
    "it: every network that may be optimised against.",
)
@click.option(
    "--after",
    metavar="NAME,...",
    default="jpeg75,half,blur",
    show_default=True,
    shell_complete=options.completed("purifiers"),
    help="What is done to the copies before they are looked up, one at a time; or none.",
)
@options.DEVICE
@click.option("--json", "as_json", is_flag=True, help="The same as JSON.")
def check(folder: Path, used: str | None, after: str, device: str, as_json: bool) -> int:
    """Look people up by their faces, on every network at hand.

    \b
    FOLDER/gallery/ANN/   what is online of Ann, protected or not
    FOLDER/probes/ANN/    other photos of her, as they are
    FOLDER/clean/ANN/     the originals of the gallery, in the same order (optional)

    Where the originals are given, they and controls that are as visible as the copies are looked
    up too. Nothing leaves this machine.
    """
    from ...lookup import compared, people_in
    from ...machine.device import choose

    names = options.comma_names(after)
    with output.progress_of(folder.name, silent=as_json) as watch:
        found = compared(
            people_in(folder),
            choose(device),
            None if used is None else options.comma_names(used),
            () if names == ("none",) else names,
            watch,
        )
    if as_json:
        from ...evidence.schema import json_ready

        click.echo(json.dumps(json_ready(found), indent=1, allow_nan=False))
    else:
        tell(found)
    return exits.DONE


AGAIN = click.option(
    "--again",
    is_flag=True,
    help="Also take pictures that are already protected, and replace what lies in FOLDER/decoys "
    "under the names of the copies.",
)


@command.command("decoys")
@click.argument("folder", metavar="FOLDER", type=Folder())
@click.option("--for", "person", metavar="NAME", required=True, help="Who is to be protected.")
@click.option(
    "--they-agreed",
    is_flag=True,
    help="Everybody in the group has agreed; without it you are asked.",
)
@options.with_all(NETWORKS[2], *options.HOW, *options.FILE, AGAIN, options.AS_JSON)
def decoys(
    folder: Path,
    person: str,
    they_agreed: bool,
    device: str,
    again: bool,
    as_json: bool,
    **given: Any,  # noqa: ANN401 - as click gives them
) -> int:
    """Let a group's pictures be returned where one person is looked up.

    \b
    FOLDER/gallery/ANN/   what is online of Ann; folders of others beside hers: passers-by
    FOLDER/probes/ANN/    other photos of her, with which she is looked up
    FOLDER/group/BEN/     pictures of people who agreed to stand in for her

    Writes copies of the group's pictures to FOLDER/decoys/BEN/, moved towards Ann as face networks
    see them, and says what look-ups for her return before and after. Her own pictures stay as they
    are, and the group's come up for her: ask them first.
    """
    from ...embedders.loaded import attackable, present_embedders
    from ...lookup import face_to_reach, fogged, stood_in
    from ...machine.device import choose
    from .protect import Asked, code_of_all

    stood = stood_in(folder, person)
    members = tuple(dict.fromkeys(one.person for one in stood.group))
    ask_consent(person, members, they_agreed)
    wish = face_intent({**given, "recipe": "foggysight", "faces": ""}, "")
    used = wish.surrogates or attackable(present_embedders())
    wish = replace(wish, target=face_to_reach(stood, used, choose(device)))
    sources = [folder / "group" / one.person / one.name for one in stood.group]
    asked = Asked(sources, wish, device, again, as_json)
    rows, codes = copies_of_group(asked, folder / "decoys")
    tell_fog(fogged(stood, folder, used, choose(device)), rows, as_json=as_json)
    return code_of_all(asked, rows, codes)


def copies_of_group(asked: Asked, out: Path) -> tuple[list[dict[str, Any]], list[int]]:
    """Makes each person's copies in a folder of their name; gives what `each_of` gives."""
    from .protect import each_of

    rows, codes = list[dict[str, Any]](), list[int]()
    for name in dict.fromkeys(source.parent.name for source in asked.originals):
        own = [source for source in asked.originals if source.parent.name == name]
        (out / name).mkdir(parents=True, exist_ok=True)
        made, failed = each_of(replace(asked, originals=own), str(out / name))
        rows, codes = [*rows, *made], [*codes, *failed]
    return rows, codes


def ask_consent(person: str, members: tuple[str, ...], agreed: bool) -> None:
    """Asks whether the group agreed; raises NotUsable where nobody is there to answer."""
    if agreed:
        return
    if not sys.stdin.isatty():
        raise NotUsable("face.no_consent", names=members, person=person)
    if not speech.confirmed(message("face.consent", names=members, person=person)):
        raise click.Abort


def tell_fog(found: Fog, rows: list[dict[str, Any]], *, as_json: bool) -> None:
    """Prints doubts, then what look-ups return, then what was left out."""
    if as_json:
        from ...evidence.schema import json_ready

        told = {"pictures": rows, "lookup": json_ready(found)}
        click.echo(json.dumps(told, indent=1, allow_nan=False))
        return
    for doubt in found.doubts:
        click.echo(speech.phrase("cli.doubt", doubt=doubt))
    for line in found.lines:
        role = message("role.held_out" if line.role == "held out" else "role.used")
        network = message("doubt.family", family=line.network, role=role)
        before, after = line.before, line.after
        shares = {"own": before.own, "own_after": after.own}
        few = {"among": before.among, "among_after": after.among}
        click.echo(speech.phrase("cli.fog", network=network, **shares, **few))
    for note in found.notes:
        click.echo(speech.phrase("cli.note", note=note))


def tell(found: Lookup) -> None:
    """Prints doubts, then the table, then what was left out."""
    for doubt in found.doubts:
        click.echo(speech.phrase("cli.doubt", doubt=doubt))
    click.echo(
        speech.phrase(
            "cli.lookup_people", people=found.people, pictures=found.pictures, chance=found.chance
        )
    )
    show(found.lines)
    for note in found.notes:
        click.echo(speech.phrase("cli.note", note=note))


def show(lines: tuple[Line, ...]) -> None:
    from rich.console import Console

    console = Console()
    for network in dict.fromkeys(line.network for line in lines):
        rows = [line for line in lines if line.network == network]
        role = message("role.held_out" if rows[0].role == "held out" else "role.used")
        click.echo("\n" + speech.phrase("doubt.family", family=network, role=role))
        console.print(sheet_of(rows))


def sheet_of(lines: list[Line]) -> Table:
    """One network's rows."""
    from rich.table import Table

    sheet = Table(box=None, header_style="bold", pad_edge=False)
    for head in HEADS:
        sheet.add_column(speech.spoken(head), justify="left" if head is HEADS[0] else "right")
    for line in lines:
        rates = (line.rates.rank1, line.rates.rank5, line.rates.verified)
        shares = (
            speech.phrase("cli.rate", share=one.share, low=one.low, high=one.high) for one in rates
        )
        sheet.add_row(gallery_of(line), *shares)
    return sheet


def gallery_of(line: Line) -> str:
    """In words, what the gallery of that row holds."""
    said = WHAT[line.what]
    if line.after:
        from ...purifiers import PURIFIERS

        said = message("cli.lookup_after", what=said, after=PURIFIERS.words(line.after))
    if line.online:
        said = message("cli.lookup_online", what=said, share=line.online)
    return speech.spoken(said)
